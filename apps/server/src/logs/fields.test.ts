/** A search is checked by the whole catalogue; what the counts by minute lack must not make a good search a wrong one there. */
import { expect, test } from 'vitest'
import { compileSearch } from '../search/index.ts'
import { countedFields, notCounted } from './fields.ts'

test('what is not counted is left to the rows, whatever its type', () => {
  const sql = (query: string): string => compileSearch(query, countedFields, { nowMs: Date.UTC(2026, 10, 22) }).sql()
  for (const query of [
    'time:>=2026-11-22',
    'time:2026-11-22',
    'weight:>1',
    'trace_id:4bf92f3577b34da6a3ce929d0e0e4736',
    'host:web-1',
    'body:slow',
    '@n:>1',
  ]) {
    expect(sql(query), query).toContain(notCounted)
  }
  expect(sql('severity:>=warn service:web env:production')).not.toContain(notCounted)
})
