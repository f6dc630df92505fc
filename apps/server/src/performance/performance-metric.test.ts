/** Figures of additive rows, against durations whose percentiles are known. */
import { expect, test } from 'vitest'
import { PerformanceMetric } from './index.ts'
import type { OperationStep } from './ports.ts'

type Row = Pick<OperationStep, 'count' | 'errors' | 'totalMs' | 'lowersMs' | 'uppersMs' | 'counts'>

/** Eight buckets an octave. */
function rowOf(durationsMs: readonly number[], errors = 0): Row {
  const buckets = new Map<number, number>()
  for (const ms of durationsMs) {
    const index = Math.ceil(Math.log2(ms) * 8)
    buckets.set(index, (buckets.get(index) ?? 0) + 1)
  }
  const indexes = [...buckets.keys()]
  return {
    count: durationsMs.length,
    errors,
    totalMs: durationsMs.reduce((sum, ms) => sum + ms, 0),
    lowersMs: indexes.map((index) => 2 ** ((index - 1) / 8)),
    uppersMs: indexes.map((index) => 2 ** (index / 8)),
    counts: indexes.map((index) => buckets.get(index) ?? 0),
  }
}

function metricOf(...rows: readonly Row[]): PerformanceMetric {
  const metric = new PerformanceMetric()
  for (const row of rows) metric.add(row)
  return metric
}

const thousand = Array.from({ length: 1000 }, (_, i) => i + 1)

test.each([
  [0.5, 500],
  [0.9, 900],
  [0.95, 950],
  [0.99, 990],
])('percentile %f of 1 to 1,000 ms is within a bucket of %i', (q, wanted) => {
  const got = metricOf(rowOf(thousand)).percentileMs(q) ?? 0
  expect(Math.abs(got - wanted) / wanted).toBeLessThan(2 ** (1 / 8) - 1)
})

test('rows added in parts are the figures of the whole', () => {
  const halves = metricOf(rowOf(thousand.slice(0, 300), 3), rowOf(thousand.slice(300), 7))
  const merged = new PerformanceMetric()
  merged.merge(halves)
  const whole = metricOf(rowOf(thousand, 10)).figures(600_000, 400)
  expect(merged.figures(600_000, 400)).toEqual(halves.figures(600_000, 400))
  for (const [name, value] of Object.entries(whole))
    expect(Object.entries(merged.figures(600_000, 400))).toContainEqual([name, expect.closeTo(Number(value), 6)])
  expect(whole).toMatchObject({ count: 1000, perMinute: 100, errorRate: 0.01, averageMs: 500.5, totalMs: 500_500 })
})

test('Apdex counts what satisfies, half of what is tolerated, and nothing that failed', () => {
  const sixHundred = metricOf({ count: 10, errors: 0, totalMs: 0, lowersMs: [0, 100, 400], uppersMs: [100, 400, 800], counts: [6, 3, 1] })
  expect(sixHundred.apdex(100)).toBeCloseTo(0.6 + 0.15, 6)
  const failing = metricOf({ count: 10, errors: 5, totalMs: 0, lowersMs: [0], uppersMs: [100], counts: [10] })
  expect(failing.apdex(100)).toBeCloseTo(0.5, 6)
})

test('weighted counts count', () => {
  const sampled = metricOf({ count: 100, errors: 10, totalMs: 5_000, lowersMs: [40], uppersMs: [60], counts: [100] })
  expect(sampled.figures(60_000, 500)).toMatchObject({ count: 100, perMinute: 100, errorRate: 0.1, averageMs: 50 })
})

test('nothing measured is null, not zero', () => {
  expect(new PerformanceMetric().figures(60_000, 500)).toEqual({
    count: 0,
    perMinute: 0,
    errorRate: null,
    averageMs: null,
    p50Ms: null,
    p90Ms: null,
    p95Ms: null,
    p99Ms: null,
    apdex: null,
    totalMs: 0,
  })
})

test('a histogram without end stays bounded and loses no call', () => {
  const metric = new PerformanceMetric()
  for (let i = 1; i <= 5_000; i++) metric.add({ count: 1, errors: 0, totalMs: i, lowersMs: [i - 1], uppersMs: [i], counts: [1] })
  expect(metric.count).toBe(5_000)
  expect(metric.percentileMs(1)).toBeCloseTo(2_000, 6)
})
