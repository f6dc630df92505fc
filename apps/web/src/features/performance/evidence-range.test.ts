/** The time of the charts of a finding. */
import { expect, test } from 'vitest'
import { evidenceRange } from './evidence-range.ts'

const at = (time: string): string => `2026-11-21T${time}:00.000Z`
const nowMs = Date.parse('2026-11-22T00:00:00.000Z')
const text = (ms: number): string => new Date(ms).toISOString().slice(11, 16)

test.each([
  [{ changeAt: at('12:00'), firstSeenAt: at('12:00'), lastSeenAt: at('15:00') }, '09:00', '15:00'],
  [{ changeAt: at('12:00'), firstSeenAt: at('12:00'), lastSeenAt: at('12:05') }, '11:00', '12:35'],
  [{ changeAt: null, firstSeenAt: at('12:00'), lastSeenAt: at('12:05') }, '11:05', '12:11'],
  [{ changeAt: null, firstSeenAt: '2026-01-01T00:00:00.000Z', lastSeenAt: at('12:00') }, '02:24', '12:30'],
])('%o', (seen, from, to) => {
  const { fromMs, toMs } = evidenceRange(seen, nowMs)
  expect([text(fromMs), text(toMs)]).toEqual([from, to])
})

test('nothing is drawn of the time to come', () => {
  const seen = { changeAt: at('12:00'), firstSeenAt: at('12:00'), lastSeenAt: at('12:05') }
  expect(text(evidenceRange(seen, Date.parse(at('12:06'))).toMs)).toBe('12:06')
  expect(text(evidenceRange({ ...seen, changeAt: null }, Date.parse(at('12:06'))).toMs)).toBe('12:06')
})
