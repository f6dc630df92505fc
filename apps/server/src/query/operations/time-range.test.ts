import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultIntervalMs, pointsMax, pointsOf, timeOrNull, timeRangeOf } from './time-range.ts'

const nowMs = Date.parse('2026-03-01T12:34:56.789Z')
const minute = 60_000
const hour = 60 * minute

describe('times', () => {
  const rows: [string, number | null][] = [
    ['now', nowMs],
    ['now-1h', nowMs - hour],
    ['now+90s', nowMs + 90_000],
    ['now-1h30m', nowMs - 1.5 * hour],
    ['2026-03-01T00:00:00Z', Date.parse('2026-03-01T00:00:00Z')],
    ['2026-03-01T00:00:00.5+02:00', Date.parse('2026-02-28T22:00:00.5Z')],
    ['2026-03-01T00:00Z', Date.parse('2026-03-01T00:00:00Z')],
    ['2026-03-01', Date.parse('2026-03-01T00:00:00Z')],
    ['2026-13-01', null],
    // Without a zone nobody knows which midnight it is.
    ['2026-03-01T00:00:00', null],
    ['now-', null],
    ['now - 1h', null],
    ['-1h', null],
    ['1772366096', null],
    ['', null],
  ]
  test.each(rows)('%j', (text, want) => expect(timeOrNull(text, nowMs)).toBe(want))
})

describe('intervals', () => {
  const rows: [number, number][] = [
    [5 * minute, 10_000],
    [hour, 15_000],
    [6 * hour, 120_000],
    [24 * hour, 300_000],
    [7 * 24 * hour, hour],
    [30 * 24 * hour, 6 * hour],
    [365 * 24 * hour, 7 * 24 * hour],
    [100 * 365 * 24 * hour, 28 * 24 * hour],
  ]
  test.each(rows)('%d ms are read in steps of %d ms', (rangeMs, want) => {
    expect(defaultIntervalMs(rangeMs)).toBe(want)
  })

  test('the range is made of whole intervals around what was asked', () => {
    const rows: [string, string, string | null, string, string, number][] = [
      ['2026-03-01T00:00:00Z', '2026-03-01T01:00:00Z', '10m', '2026-03-01T00:00:00Z', '2026-03-01T01:00:00Z', 6],
      ['2026-03-01T00:07:00Z', '2026-03-01T00:51:00Z', '10m', '2026-03-01T00:00:00Z', '2026-03-01T01:00:00Z', 6],
      ['2026-03-01T00:07:00Z', '2026-03-01T00:08:00Z', '1d', '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', 1],
      ['now-1h', 'now', '1h', '2026-03-01T11:00:00Z', '2026-03-01T13:00:00Z', 2],
    ]
    for (const [from, to, interval, wantFrom, wantTo, points] of rows) {
      const range = timeRangeOf({ from, to, interval }, nowMs)
      expect([range.fromMs, range.toMs, pointsOf(range)]).toEqual([Date.parse(wantFrom), Date.parse(wantTo), points])
    }
  })

  test('holds what was asked in whole intervals, whatever was asked', () => {
    const time = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(
        time,
        fc.integer({ min: 1, max: 1e11 }),
        fc.constantFrom(null, '1s', '7s', '1m', '90m', '1d', '1w'),
        (fromMs, lengthMs, interval) => {
          const asked = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + lengthMs).toISOString(), interval }
          let range
          try {
            range = timeRangeOf(asked, nowMs)
          } catch (error) {
            expect(error).toMatchObject({ code: 'query.bad_operation_query' })
            return
          }
          expect(range.fromMs).toBeLessThanOrEqual(fromMs)
          expect(range.toMs).toBeGreaterThanOrEqual(fromMs + lengthMs)
          expect(range.fromMs % range.intervalMs).toBe(0)
          expect((range.toMs - range.fromMs) % range.intervalMs).toBe(0)
          expect(pointsOf(range)).toBeLessThanOrEqual(pointsMax)
        },
      ),
    )
  })

  const wrong: [string, string, string | null, RegExp][] = [
    ['now', 'now', null, /empty/],
    ['now', 'now-1h', null, /empty/],
    ['then', 'now', null, /from: 'then'/],
    ['now-1h', 'later', null, /to: 'later'/],
    ['now-1h', 'now', '0s', /interval/],
    ['now-1h', 'now', '999ms', /interval/],
    ['now-1h', 'now', 'often', /interval/],
    ['now-10001s', 'now', '1s', /10001 points|10002 points/],
  ]
  test.each(wrong)('%s to %s by %s', (from, to, interval, why) => {
    expect(() => timeRangeOf({ from, to, interval }, nowMs)).toThrow(
      expect.objectContaining({ code: 'query.bad_operation_query', publicText: expect.stringMatching(why) }),
    )
  })
})
