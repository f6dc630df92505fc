/**
 * Regressions of one operation: its rows as series of latency, errors and throughput, each searched for the change that is still there.
 * Three paces: `slow` sees a fifth more latency within hours, against three weeks; `fast` sees half more within twenty minutes, against
 * three days; `deploy` compares the minutes around a deploy, where the moment is known.
 */
import { PerformanceMetric } from '../performance-metric.ts'
import type { OperationStep } from '../ports.ts'
import { latestChange, type Change, type ChangeSettings } from './change-point.ts'
import { medianOf } from './ranks.ts'
import { withoutSeason } from './season.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs

export type Pace = 'slow' | 'fast' | 'deploy'
export type RegressionKind = 'latency_regression' | 'error_regression' | 'throughput_drop'

export interface PaceSettings {
  readonly stepMs: number
  /** How far back. */
  readonly windowMs: number
  /** Calls that a point rests on at least; steps with fewer are joined with those after them. */
  readonly callsMin: number
  /** The same for shares of failed calls, which say little of a few. */
  readonly callsForErrorsMin: number
  readonly latency: ChangeSettings
  readonly errors: ChangeSettings
  /** Null: not looked at. A day has too few traffic to tell a drop from a night. */
  readonly throughput: ChangeSettings | null
}

const probabilityMax = 0.001

export const paces: Readonly<Record<Pace, PaceSettings>> = {
  slow: {
    stepMs: hourMs,
    windowMs: 21 * dayMs,
    callsMin: 20,
    callsForErrorsMin: 20,
    latency: { beforeMin: 24, afterMin: 6, shiftMin: Math.log(1.2), noiseFactorMin: 1.2, probabilityMax },
    errors: { beforeMin: 24, afterMin: 6, shiftMin: 0.04, noiseFactorMin: 1.2, probabilityMax },
    throughput: { beforeMin: 14 * 24, afterMin: 12, shiftMin: Math.log(2), noiseFactorMin: 2, probabilityMax },
  },
  fast: {
    stepMs: 5 * minuteMs,
    windowMs: 3 * dayMs,
    callsMin: 20,
    callsForErrorsMin: 20,
    latency: { beforeMin: 24, afterMin: 4, shiftMin: Math.log(1.5), noiseFactorMin: 2, probabilityMax },
    errors: { beforeMin: 24, afterMin: 4, shiftMin: 0.1, noiseFactorMin: 2, probabilityMax },
    throughput: null,
  },
  deploy: {
    stepMs: minuteMs,
    windowMs: 2 * hourMs,
    callsMin: 5,
    callsForErrorsMin: 20,
    latency: { beforeMin: 8, afterMin: 4, shiftMin: Math.log(1.5), noiseFactorMin: 1.5, probabilityMax: 0.005 },
    errors: { beforeMin: 8, afterMin: 4, shiftMin: 0.12, noiseFactorMin: 1.5, probabilityMax: 0.005 },
    throughput: null,
  },
}

/** Latency that changes by less is of no use to anyone. */
const latencyShiftMinMs = 2
/** Failed calls after a change of the error rate at least. */
const errorsMin = 10
/** The error rate becomes this much larger at least, as a factor and in itself. */
const errorFactorMin = 1.5
const errorShiftMin = 0.01

export interface Regression {
  readonly kind: RegressionKind
  /** What changed: `p50`, `p95`, `errorRate`, `perMinute`. */
  readonly measure: 'p50' | 'p95' | 'errorRate' | 'perMinute'
  readonly changeMs: number
  /** Milliseconds, shares, or calls a minute; season left in. */
  readonly before: number
  readonly after: number
  readonly probability: number
  /** Of the change's size, to choose between measures. */
  readonly factor: number
}

/** One operation's rows, a point for each step or for several with few calls. */
export interface OperationSeries {
  readonly timesMs: Float64Array
  readonly lengthsMs: Float64Array
  readonly counts: Float64Array
  readonly errors: Float64Array
  readonly p50: Float64Array
  readonly p95: Float64Array
}

type Row = Pick<OperationStep, 'timeMs' | 'count' | 'errors' | 'totalMs' | 'lowersMs' | 'uppersMs' | 'counts'>

/** `rows` of one operation in any order. */
export function seriesOf(rows: readonly Row[], { stepMs, callsMin }: Pick<PaceSettings, 'stepMs' | 'callsMin'>): OperationSeries {
  const sorted = [...rows].sort((a, b) => a.timeMs - b.timeMs)
  const points: { timeMs: number; lengthMs: number; metric: PerformanceMetric }[] = []
  let open: PerformanceMetric | null = null
  let openMs = 0
  for (const row of sorted) {
    // What waits for company does not wait over a gap longer than what it stands for.
    if (open !== null && row.timeMs - openMs > 12 * stepMs) open = null
    if (open === null) {
      open = new PerformanceMetric()
      openMs = row.timeMs
    }
    open.add(row)
    if (open.count < callsMin) continue
    points.push({ timeMs: openMs, lengthMs: row.timeMs + stepMs - openMs, metric: open })
    open = null
  }
  return {
    timesMs: Float64Array.from(points, ({ timeMs }) => timeMs),
    lengthsMs: Float64Array.from(points, ({ lengthMs }) => lengthMs),
    counts: Float64Array.from(points, ({ metric }) => metric.count),
    errors: Float64Array.from(points, ({ metric }) => metric.errors),
    p50: Float64Array.from(points, ({ metric }) => metric.percentileMs(0.5) ?? 0),
    p95: Float64Array.from(points, ({ metric }) => metric.percentileMs(0.95) ?? 0),
  }
}

/** Changes for the worse that the series' end still shows; at most one of each kind. */
export function findRegressions(series: OperationSeries, settings: PaceSettings): Regression[] {
  const latency = [latencyChange(series, 'p50', settings), latencyChange(series, 'p95', settings)].filter((found) => found !== null)
  latency.sort((a, b) => b.factor - a.factor)
  return [latency[0] ?? null, errorChange(series, settings), throughputChange(series, settings)].filter((found) => found !== null)
}

/** Of the regressions named in a run, at most this share may be noise, before the guards that no probability knows of. */
export const wrongShareMax = 0.1
/** Older changes are left to the slower pace. */
export const fastAgeMaxMs = dayMs

/**
 * Was it so a week ago? `lastWeek` is the series of the same hours. Mondays are no regression of Sundays; a fast look does not reach back so
 * far by itself.
 */
export function wasSoLastWeek({ measure, before, after }: Regression, lastWeek: OperationSeries): boolean {
  const { counts, errors, lengthsMs } = lastWeek
  if (counts.length < 3) return false
  const values =
    measure === 'errorRate'
      ? counts.map((count, i) => errors[i]! / Math.max(1, count))
      : measure === 'perMinute'
        ? counts.map((count, i) => (count * minuteMs) / lengthsMs[i]!)
        : lastWeek[measure]
  return (medianOf(values) - (before + (after - before) * 0.5)) * Math.sign(after - before) > 0
}

/** Tests that `findRegressions` makes of one operation. */
export function testsOf({ throughput }: Pick<PaceSettings, 'throughput'>): number {
  return throughput === null ? 3 : 4
}

function latencyChange(series: OperationSeries, measure: 'p50' | 'p95', settings: PaceSettings): Regression | null {
  const values = series[measure]
  const change = changeOf(values.map(logOf), series.timesMs, settings.latency)
  if (change === null || change.after < change.before) return null
  const before = medianOf(values, change.beforeFrom, change.index)
  // The season is out of the change; its factor on what was usual before is what people see.
  const factor = Math.exp(change.after - change.before)
  const after = before * factor
  if (after - before < latencyShiftMinMs) return null
  const { probability } = change
  return { kind: 'latency_regression', measure, changeMs: timeAt(series, change), before, after, probability, factor }
}

/** As it is, which is fast where much fails; and in larger steps, which is surer where less does. */
function errorChange(series: OperationSeries, settings: PaceSettings): Regression | null {
  const found = errorChangeOf(series, settings)
  if (found !== null || settings.callsForErrorsMin <= settings.callsMin) return found
  return errorChangeOf(coarser(series, settings.callsForErrorsMin), settings)
}

function errorChangeOf(series: OperationSeries, settings: PaceSettings): Regression | null {
  const { counts, errors } = series
  // Anscombe's transformation of shares: their noise is the same everywhere, and zero errors are a number.
  const values = counts.map((count, i) => Math.asin(Math.sqrt(Math.min(1, (errors[i]! + 0.375) / (count + 0.75)))))
  const floor = counts.map((count) => Math.asin(Math.sqrt(0.375 / (count + 0.75))))
  // What few calls without an error look like is no rate: shares are compared with that of no errors at all.
  const change = changeOf(
    values.map((value, i) => value - floor[i]!),
    series.timesMs,
    settings.errors,
  )
  if (change === null || change.after < change.before) return null
  const before = shareOf(errors, counts, change.beforeFrom, change.index)
  const after = shareOf(errors, counts, change.index, counts.length)
  const failed = sumOf(errors, change.index, errors.length)
  if (failed < errorsMin || after - before < errorShiftMin || after < before * errorFactorMin) return null
  const { probability } = change
  const factor = after / Math.max(before, 1e-4)
  return { kind: 'error_regression', measure: 'errorRate', changeMs: timeAt(series, change), before, after, probability, factor }
}

/** Neighbouring points joined until each rests on so many calls; for counts only. */
function coarser(series: OperationSeries, callsMin: number): OperationSeries {
  const starts: number[] = []
  let calls = callsMin
  series.counts.forEach((count, i) => {
    if (calls >= callsMin) {
      starts.push(i)
      calls = 0
    }
    calls += count
  })
  // The last point may still be filling up.
  if (calls < callsMin) starts.pop()
  if (starts.length === series.counts.length) return series
  const end = calls < callsMin ? (starts.length === 0 ? 0 : endOf(series, starts, callsMin)) : series.counts.length
  const joined = (values: Float64Array): Float64Array => Float64Array.from(starts, (from, i) => sumOf(values, from, starts[i + 1] ?? end))
  const first = (values: Float64Array): Float64Array => Float64Array.from(starts, (from) => values[from]!)
  const { timesMs, lengthsMs, counts, errors, p50, p95 } = series
  return {
    timesMs: first(timesMs),
    lengthsMs: joined(lengthsMs),
    counts: joined(counts),
    errors: joined(errors),
    p50: first(p50),
    p95: first(p95),
  }
}

/** Where the last whole point ends. */
function endOf({ counts }: OperationSeries, starts: readonly number[], callsMin: number): number {
  let at = starts[starts.length - 1] ?? 0
  for (let calls = 0; at < counts.length && calls < callsMin; at++) calls += counts[at]!
  return at
}

function throughputChange(series: OperationSeries, settings: PaceSettings): Regression | null {
  if (settings.throughput === null) return null
  const rates = series.counts.map((count, i) => (count * minuteMs) / series.lengthsMs[i]!)
  const change = changeOf(rates.map(logOf), series.timesMs, settings.throughput)
  if (change === null || change.after > change.before) return null
  const before = medianOf(rates, change.beforeFrom, change.index)
  const factor = Math.exp(change.after - change.before)
  const { probability } = change
  const changeMs = timeAt(series, change)
  return { kind: 'throughput_drop', measure: 'perMinute', changeMs, before, after: before * factor, probability, factor: 1 / factor }
}

function changeOf(values: Float64Array, timesMs: Float64Array, settings: ChangeSettings): Change | null {
  if (values.length < settings.beforeMin + settings.afterMin || isAsYesterday(values, timesMs, settings)) return null
  const level = withoutSeason(values, timesMs)
  return isAsUsual(level, settings) ? null : latestChange(level, settings)
}

/** Fast path: the newest points are where most of the others are. A change that holds for most of the window has been named before. */
function isAsUsual(values: Float64Array, { afterMin, beforeMin, shiftMin }: ChangeSettings): boolean {
  const n = values.length
  const newest = medianOf(values, n - afterMin)
  // A short window may be mostly after the change.
  const usual = n > 10 * beforeMin ? medianOf(values) : medianOf(values, 0, beforeMin)
  return Math.abs(newest - usual) < shiftMin / 2
}

/** Fast path: the newest points are as they were a day and two days ago at this time, so nothing can have changed for good since. */
function isAsYesterday(values: Float64Array, timesMs: Float64Array, { afterMin, shiftMin }: ChangeSettings): boolean {
  const n = values.length
  const newest = medianOf(values, n - afterMin)
  const nowMs = timesMs[n - 1]!
  if (nowMs - timesMs[0]! < 2.1 * dayMs || nowMs - timesMs[0]! > 4 * dayMs) return false
  for (const days of [1, 2]) {
    const [from, to] = [indexAt(timesMs, nowMs - days * dayMs - hourMs), indexAt(timesMs, nowMs - days * dayMs + hourMs)]
    if (to - from < afterMin || Math.abs(medianOf(values, from, to) - newest) > shiftMin / 2) return false
  }
  return true
}

function indexAt(timesMs: Float64Array, timeMs: number): number {
  let low = 0
  let high = timesMs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timesMs[middle]! < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

function timeAt({ timesMs }: OperationSeries, { index }: Change): number {
  return timesMs[index]!
}

/** Of a duration or rate; what is nothing is as small as can be told. */
function logOf(value: number): number {
  return Math.log(Math.max(value, 1e-3))
}

function shareOf(errors: Float64Array, counts: Float64Array, from: number, to: number): number {
  const count = sumOf(counts, from, to)
  return count === 0 ? 0 : sumOf(errors, from, to) / count
}

function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]!
  return sum
}
