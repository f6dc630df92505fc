/**
 * Range evaluation (all steps at once, columns, pointers that only move forward) against two slower ways to the same answer:
 * the engine asked for one step at a time, and a naive evaluator that knows only the definitions.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { STALE } from '../../metrics/index.ts'
import { createPromqlEngine } from '../engine.ts'
import type { QueryLimits, QueryValue, SampleSource } from '../ports.ts'
import { createMemoryStorage } from '../test-language/memory-storage.ts'
import type { TestSeries } from '../test-language/ports.ts'
import { naiveEvaluate } from '../testing/naive-evaluator.ts'

const limits: QueryLimits = { samplesMax: 1e7, seriesMax: 1e5, timeoutMs: 60_000, stepsMax: 11_000, lookbackMs: 300_000 }
const engine = createPromqlEngine({ clock: systemClock })
const never = new AbortController().signal

/** Values whose sums are exact, so that order and compensation cannot matter. */
const sampleValue = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -50, max: 100 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
  { weight: 2, arbitrary: fc.constant(STALE) },
)
const samples = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 900 }), sampleValue), {
  minLength: 20,
  maxLength: 60,
  selector: (pair) => pair[0],
})

function seriesOf(name: string, job: string, instance: string, pairs: readonly (readonly [number, number])[]): TestSeries {
  const sorted = [...pairs].sort((a, b) => a[0] - b[0])
  return {
    labels: [
      ['__name__', name],
      ['instance', instance],
      ['job', job],
    ],
    timesMs: sorted.map((pair) => pair[0] * 1000),
    values: sorted.map((pair) => pair[1]),
    histograms: null,
  }
}

const world = fc
  .tuple(samples, samples, samples, samples, samples)
  .map(([a, b, c, d, e]) => [
    seriesOf('m_total', 'api', '1', a),
    seriesOf('m_total', 'api', '2', b),
    seriesOf('m_total', 'web', '1', c),
    seriesOf('n_total', 'api', '1', d),
    seriesOf('n_total', 'web', '2', e),
  ])
const grid = fc.record({
  startSec: fc.integer({ min: -50, max: 600 }),
  stepSec: fc.integer({ min: 1, max: 97 }),
  steps: fc.integer({ min: 1, max: 9 }),
})

async function sourceOf(series: readonly TestSeries[]): Promise<SampleSource> {
  const storage = createMemoryStorage()
  await storage.load(series.filter((one) => one.timesMs.length > 0))
  return storage.source
}

/** `time series value` lines, sorted; or the error. */
function rowsOf(value: QueryValue): string[] {
  const line = (timeMs: number, labels: unknown, number: number): string => `${timeMs} ${JSON.stringify(labels)} ${round(number)}`
  if (value.type === 'scalar') return [line(value.timeMs, [], value.value)]
  if (value.type === 'vector') return value.series.map((one) => line(one.timeMs, one.labels, one.value)).sort()
  if (value.type === 'matrix')
    return value.series.flatMap((one) => Array.from(one.timesMs, (t, i) => line(t, one.labels, one.values[i] ?? NaN))).sort()
  return [value.value]
}

/** Ten digits: means and slopes may differ in the last ones. */
function round(value: number): string {
  return Number.isFinite(value) ? (value === 0 ? '0' : value.toPrecision(10)) : String(value)
}

async function attempt(work: () => Promise<string[]>): Promise<string[] | 'error'> {
  try {
    return await work()
  } catch {
    return 'error'
  }
}

const stepwiseQueries = [
  'm_total',
  'm_total offset 1m',
  '-m_total',
  'm_total @ 300',
  'rate(m_total[2m])',
  'irate(m_total{job="api"}[3m] offset 20s)',
  'idelta(m_total[3m])',
  'delta(m_total[5m] @ 400)',
  'deriv(m_total[4m])',
  'predict_linear(m_total[4m], 100)',
  'double_exponential_smoothing(m_total[5m], 0.3, 0.6)',
  'quantile_over_time(0.3, m_total[3m])',
  'mad_over_time(m_total[3m])',
  'stddev_over_time(m_total[3m])',
  'ts_of_max_over_time(m_total[3m])',
  'last_over_time(m_total[1m])',
  'absent_over_time(m_total{job="web"}[1m])',
  'absent(m_total{job="web"})',
  'timestamp(m_total)',
  'timestamp(m_total + 1)',
  'sum by (job) (m_total)',
  'avg without (instance) (m_total)',
  'stdvar(m_total)',
  'topk(2, m_total)',
  'topk(100, m_total)',
  'bottomk by (job) (1, m_total)',
  'quantile(0.7, m_total)',
  'count_values("v", m_total)',
  'limitk(2, m_total)',
  'm_total + ignoring(job) group_left m_total{job="web"}',
  'm_total / on(job, instance) n_total',
  'm_total > on(job, instance) n_total',
  'm_total >= bool on(job, instance) n_total',
  'm_total and on(job) n_total',
  'm_total or n_total',
  'm_total unless on(instance) n_total',
  'm_total * on(job) group_left sum by (job) (n_total)',
  'sum_over_time(rate(m_total[1m])[5m:30s])',
  'max_over_time(m_total[3m:7s] offset 11s)',
  'clamp(m_total, -5, 5) % 3',
  'scalar(m_total{instance="2"}) + time()',
  'label_replace(m_total, "x", "$1", "job", "(.).*")',
  'day_of_month(m_total * 100000)',
  'round(m_total, 7)',
]

describe('range evaluation gives what one step at a time gives', () => {
  for (const query of stepwiseQueries) {
    test(`${query}`, async () => {
      let rowsSeen = 0
      await fc.assert(
        fc.asyncProperty(world, grid, async (series, { startSec, stepSec, steps }) => {
          const source = await sourceOf(series)
          const startMs = startSec * 1000
          const stepMs = stepSec * 1000
          const endMs = startMs + (steps - 1) * stepMs
          const whole = await attempt(async () =>
            rowsOf((await engine.range({ query, startMs, endMs, stepMs }, source, limits, never)).value),
          )
          const single = await attempt(async () => {
            const rows: string[] = []
            for (let i = 0; i < steps; i++)
              rows.push(...rowsOf((await engine.instant(query, startMs + i * stepMs, source, limits, never)).value))
            return rows.sort()
          })
          expect(whole).toEqual(single)
          if (whole !== 'error') rowsSeen += whole.length
        }),
        { numRuns: 20 },
      )
      expect(rowsSeen).toBeGreaterThan(0)
    })
  }
})

const naiveQueries = [
  'm_total',
  '{job="api"} offset 30s',
  'rate(m_total[2m])',
  'increase(m_total[3m])',
  'delta(m_total[100s] offset 20s)',
  'sum_over_time(m_total[2m])',
  'avg_over_time(m_total[2m])',
  'max_over_time(m_total[2m])',
  'count_over_time(m_total[2m])',
  'changes(m_total[4m])',
  'resets(m_total[4m])',
  'sum by (job) (m_total)',
  'sum(rate(m_total[2m])) by (instance)',
  'max without (instance) (n_total)',
  'count(m_total)',
  'm_total + on(job, instance) n_total',
  'm_total - ignoring(instance) sum by (job) (n_total)',
  '2 * m_total > 10',
  'sum by (job) (rate(m_total[3m])) / on(job) sum by (job) (increase(n_total[3m]))',
]

describe('range evaluation gives what the definitions give', () => {
  for (const query of naiveQueries) {
    test(`${query}`, async () => {
      let rowsSeen = 0
      await fc.assert(
        fc.asyncProperty(world, grid, async (series, { startSec, stepSec, steps }) => {
          const source = await sourceOf(series)
          const startMs = startSec * 1000
          const stepMs = stepSec * 1000
          const endMs = startMs + (steps - 1) * stepMs
          const whole = await attempt(async () =>
            rowsOf((await engine.range({ query, startMs, endMs, stepMs }, source, limits, never)).value),
          )
          const naive = await attempt(async () =>
            naiveEvaluate(query, series, startMs, stepMs, steps, limits.lookbackMs)
              .map(([t, labels, v]) => `${t} ${JSON.stringify(labels)} ${round(v)}`)
              .sort(),
          )
          expect(whole).toEqual(naive)
          if (whole !== 'error') rowsSeen += whole.length
        }),
        { numRuns: 40 },
      )
      expect(rowsSeen).toBeGreaterThan(0)
    })
  }
})
