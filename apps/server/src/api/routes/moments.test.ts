import { expect, test } from 'vitest'
import { rangeOf } from './moments.ts'

const nowMs = Date.UTC(2026, 0, 31, 12)

test('a range is of moments between 1970 and 2200', () => {
  expect(rangeOf({ from: 'now-1h', to: '2026-01-31T13:00:00Z' }, nowMs)).toEqual({ fromMs: nowMs - 3_600_000, toMs: nowMs + 3_600_000 })
  expect(rangeOf({ from: '1970-01-01', to: '2200-01-01' }, nowMs)).toEqual({ fromMs: 0, toMs: Date.UTC(2200, 0, 1) })
})

test.each([
  ['now-1h', 'now+999999999w'],
  ['now-999999999w', 'now'],
  ['1969-12-31', 'now'],
  ['now', '2200-01-02'],
  ['now', 'now+1e300w'],
])('%s to %s is refused as nobody can have rows there', (from, to) => {
  expect(() => rangeOf({ from, to }, nowMs)).toThrow(expect.objectContaining({ code: 'api.bad_request' }) as Error)
})
