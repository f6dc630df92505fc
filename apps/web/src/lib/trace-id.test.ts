import { expect, it } from 'vitest'
import { readTraceId } from './trace-id.ts'

const id = '4bf92f3577b34da6a3ce929d0e0e4736'

function f(text: string, want: string | null): void {
  expect(readTraceId(text)).toBe(want)
}

it('knows ids, UUIDs and traceparents, and nothing else', () => {
  f(id, id)
  f(`  ${id.toUpperCase()}\n`, id)
  f('4bf92f35-77b3-4da6-a3ce-929d0e0e4736', id)
  f(`00-${id}-00f067aa0ba902b7-01`, id)
  f('0'.repeat(32), null)
  f(id.slice(1), null)
  f(`trace_id:${id}`, null)
  f('', null)
})
