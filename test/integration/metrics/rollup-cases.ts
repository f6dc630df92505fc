/** Series with everything that a rollup could get wrong, and the comparison of its answers with the evaluator's over the samples. */
import { expect } from 'vitest'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { STALE, type GridHint } from '../../../apps/server/src/metrics/index.ts'
import { createPromqlEngine, type RangeSeries } from '../../../apps/server/src/promql/index.ts'
import { budget, live, scope, type Stack, type TestSample } from './metrics-stack.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs

/** Repeatable numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Even ones are counters, named `c`; the others gauges, `g`. Resets, gaps, jitter, samples on the edges of buckets, stale markers, NaN and infinities, whole and broken values, repetitions. */
export function seriesOf(index: number, fromMs: number, toMs: number): TestSample[] {
  const next = random(index + 1)
  const isCounter = index % 2 === 0
  const stepMs = [15_000, 30_000, 61_000, 290_000][index % 4]!
  const isWhole = index % 3 !== 0
  const out: TestSample[] = []
  let value = isCounter ? 0 : next() * 100
  let resetMs = fromMs
  for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) {
    // Counters that are reset twice in one bucket are left to the samples.
    const mayFall = !isCounter || atMs - resetMs > 6 * minuteMs
    if (mayFall && next() < 0.02) {
      value = isWhole ? 3 : 0.25
      resetMs = atMs
    } else value += (isCounter ? next() : next() - 0.5) * 10.5
    const seen = isWhole ? Math.round(value) : value
    if (next() < 0.05) atMs += Math.floor(next() * 20) * minuteMs
    const timeMs = index % 5 === 0 ? atMs : atMs + Math.floor(next() * 4_000)
    const isOdd = index % 7 === 3 && next() < 0.03
    const odd = isCounter ? NaN : [NaN, Infinity, -Infinity][Math.floor(next() * 3)]!
    const sample = { labels: { __name__: isCounter ? 'c' : 'g', s: `${index}` }, timeMs, value: next() < 0.02 ? STALE : isOdd ? odd : seen }
    out.push(sample)
    if (next() < 0.02) out.push(sample)
  }
  return out
}

export const functions = [
  'last',
  'rate',
  'increase',
  'delta',
  'last_over_time',
  'first_over_time',
  'count_over_time',
  'present_over_time',
  'sum_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'changes',
  'resets',
] as const

/** Those that take series for counters, or count what noisy gauges do all the time: such series are left to the samples. */
const forCounters: ReadonlySet<string> = new Set(['rate', 'increase', 'changes', 'resets'])

export function nameOf(func: string): string {
  return forCounters.has(func) ? 'c' : '{__name__=~"c|g"}'
}

/** By series (label `s`), a value a step, from samples by the evaluator without push-down. */
export async function evaluated(stack: Stack, hint: GridHint): Promise<Map<string, number[]>> {
  const steps = Math.floor((hint.endMs - hint.startMs) / hint.stepMs) + 1
  const query = hint.func === 'last' ? nameOf(hint.func) : `${hint.func}(${nameOf(hint.func)}[${hint.windowMs}ms])`
  const select: Stack['store']['select'] = (_, request) => stack.store.select(scope, request, { ...budget, signal: live })
  const outcome = await createPromqlEngine({ clock: systemClock }).range(
    { query, startMs: hint.startMs, endMs: hint.endMs, stepMs: hint.stepMs },
    { select: (request) => select(scope, request, { ...budget, signal: live }) },
    { samplesMax: 1e8, seriesMax: 1e6, timeoutMs: 60_000, stepsMax: 1e6, lookbackMs: hint.windowMs },
    live,
  )
  const out = new Map<string, number[]>()
  const series: readonly RangeSeries[] = outcome.value.type === 'matrix' ? outcome.value.series : []
  for (const one of series) {
    const row = Array.from({ length: steps }, () => STALE)
    one.timesMs.forEach((time, i) => (row[(time - hint.startMs) / hint.stepMs] = one.values[i]!))
    out.set(new Map(one.labels).get('s') ?? '', row)
  }
  return out
}

export function refsOf(stack: Stack, func: string): Uint32Array {
  const tenant = stack.registry.tenantsOf(scope)[0]
  const value = forCounters.has(func) ? 'c' : 'c|g'
  return tenant === undefined ? new Uint32Array() : stack.registry.select(tenant, [{ name: '__name__', op: '=~', value }])
}

/** Compares every covered step; gives how many there were. */
export async function expectSame(stack: Stack, hint: GridHint): Promise<number> {
  const refs = refsOf(stack, hint.func)
  const got = await stack.rollups.store.read(refs, hint, live)
  if (got === null) return 0
  const { steps, values } = got
  const want = await evaluated(stack, hint)
  refs.forEach((ref, s) => {
    const name = new Map(stack.registry.labels(ref)).get('s') ?? ''
    for (let i = 0; i < steps; i++) {
      const expected = want.get(name)?.[i] ?? STALE
      const value = values[s * steps + i]!
      const where = `${hint.func} series ${name} at ${new Date(hint.startMs + i * hint.stepMs).toISOString()}: ${value} for ${expected}`
      if (expected === STALE || value === STALE || !Number.isFinite(expected)) expect(value, where).toBe(expected)
      else expect(Math.abs(value - expected), where).toBeLessThanOrEqual(1e-12 * Math.max(Math.abs(expected), 1))
    }
  })
  return steps
}

/** Start, end, step and window of grids over the hours from `fromMs` on. */
export function someGrids(fromMs: number, hours: number): Omit<GridHint, 'func'>[] {
  const toMs = fromMs + hours * hourMs
  const five = 5 * minuteMs
  return [
    { startMs: fromMs + five, endMs: toMs, stepMs: five, windowMs: five },
    { startMs: fromMs + 3 * five, endMs: toMs - five, stepMs: 2 * five, windowMs: 3 * five },
    { startMs: fromMs + hourMs, endMs: toMs, stepMs: hourMs, windowMs: hourMs },
    { startMs: fromMs + 2 * hourMs, endMs: toMs, stepMs: hourMs, windowMs: 2 * hourMs },
    { startMs: fromMs + hourMs, endMs: toMs, stepMs: five, windowMs: hourMs },
    { startMs: fromMs + 3 * hourMs, endMs: fromMs + 3 * hourMs, stepMs: hourMs, windowMs: 3 * hourMs },
  ]
}
