import type { LogsHistogram } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { histogramData, histogramSummary, severityTotals, wholeIntervals } from './histogram-model.ts'
import { severityNames, type SeverityName } from './severity.ts'

// Each severity is drawn in its own name here.
const colors = Object.fromEntries(severityNames.map((name) => [name, name])) as Record<SeverityName, string>

function histogram(series: Record<string, number[]>): LogsHistogram {
  const all = Object.entries(series).map(([value, values]) => ({
    value,
    isRest: false,
    total: values.reduce((a, b) => a + b, 0),
    values,
  }))
  return {
    from: '2026-11-21T09:00:30Z',
    to: '2026-11-21T09:02:30Z',
    stepSec: 60,
    start: '2026-11-21T09:00:00Z',
    intervals: 3,
    series: all,
    total: all.reduce((sum, each) => sum + each.total, 0),
    isByMinute: false,
  }
}

test('the worst is first, whatever comes first', () => {
  const data = histogramData(histogram({ info: [1, 2, 3], fatal: [0, 0, 1], error: [4, 0, 0] }), colors)
  expect(data.series.map(({ name, values }) => [name, ...values])).toEqual([
    ['fatal', 0, 0, 1],
    ['error', 4, 0, 0],
    ['info', 1, 2, 3],
  ])
  expect([...data.timesMs].map((ms) => new Date(ms).toISOString().slice(14, 19))).toEqual(['00:00', '01:00', '02:00'])
})

test('names that mean the same are one', () => {
  expect(severityTotals(histogram({ '17': [1, 0, 0], error: [1, 0, 1], '': [0, 0, 2] }))).toEqual([
    { name: 'error', total: 3 },
    { name: 'unknown', total: 2 },
  ])
})

test.each([
  [{}, 'No rows'],
  [{ info: [1, 0, 0] }, '1 row, no errors'],
  [{ info: [90, 0, 0], error: [9, 0, 0], fatal: [1, 0, 0] }, '100 rows, 10 errors (10 %)'],
  [{ error: [1, 0, 0], info: [999, 0, 0] }, '1,000 rows, 1 error (0.1 %)'],
])('%j', (series, text) => expect(histogramSummary(histogram(series))).toBe(text))

test('a drag takes whole intervals', () => {
  expect(wholeIntervals(61_000, 119_000, 60_000)).toEqual([60_000, 120_000])
  expect(wholeIntervals(60_000, 120_000, 60_000)).toEqual([60_000, 120_000])
})
