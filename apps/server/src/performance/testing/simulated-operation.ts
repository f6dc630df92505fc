/**
 * Operations made up call by call, with what makes real ones hard to judge: days and weekends, noise that wanders, heavy tails, single
 * slow minutes, a nightly job, slow growth; and, where asked, one change. The same seed gives the same operation.
 */
import type { OperationSeries } from '../changes/regressions.ts'
import type { OperationStep } from '../ports.ts'

export type Row = Pick<OperationStep, 'timeMs' | 'count' | 'errors' | 'totalMs' | 'lowersMs' | 'uppersMs' | 'counts'>

export interface Shape {
  readonly seed: number
  readonly medianMs: number
  /** Calls in a minute, on average. */
  readonly perMinute: number
  /** Spread of one call, standard deviation of its logarithm. */
  readonly spread: number
  /** Share of calls that take `tailMs` to a power law on top. */
  readonly tailShare: number
  /** How much longer calls take at the busiest hour than at the quietest, as a factor. */
  readonly dailyFactor: number
  /** How far traffic swings over a day around `perMinute`, as a share of it; 0: it is the same at every hour. */
  readonly trafficSwing: number
  /** Traffic of a weekend as a share of a working day's. */
  readonly weekendShare: number
  /** Spread and memory (0 to 1 a minute) of the noise that wanders. */
  readonly wander: number
  readonly memory: number
  /** Single slow spells: chance a minute, their factor, their length in minutes at most. */
  readonly spikeChance: number
  readonly spikeFactor: number
  readonly spikeMinutes: number
  /** Factor of latency from 02:00 to 02:30. */
  readonly nightly: number
  /** Growth of latency over 30 days, as a factor. */
  readonly growth: number
  readonly errorRate: number
}

export interface MadeChange {
  readonly atMs: number
  readonly latencyFactor: number
  readonly errorRate: number | null
  readonly trafficFactor: number
}

const minuteMs = 60_000
const dayMs = 86_400_000
const perOctave = 8
/** From 1/16 ms on. */
const bucketsCount = 29 * perOctave
const firstBucket = -4 * perOctave

const lowers = Float64Array.from({ length: bucketsCount }, (_, i) => 2 ** ((firstBucket + i - 1) / perOctave))
const uppers = Float64Array.from({ length: bucketsCount }, (_, i) => 2 ** ((firstBucket + i) / perOctave))

export const quietShape: Shape = {
  seed: 1,
  medianMs: 40,
  perMinute: 12,
  spread: 0.6,
  tailShare: 0.01,
  dailyFactor: 1.5,
  trafficSwing: 0.6,
  weekendShare: 0.5,
  wander: 0.08,
  memory: 0.9,
  spikeChance: 0.0005,
  spikeFactor: 4,
  spikeMinutes: 4,
  nightly: 1,
  growth: 1,
  errorRate: 0.005,
}

/** Minutes of the operation from `fromMs` (a whole minute) on. */
export class SimulatedOperation {
  readonly #minutes: MadeMinute[] = []
  readonly #fromMs: number

  constructor(shape: Shape, fromMs: number, minutes: number, change: MadeChange | null = null) {
    this.#fromMs = fromMs
    const random = randomOf(shape.seed)
    let wander = 0
    let spikeLeft = 0
    for (let minute = 0; minute < minutes; minute++) {
      const timeMs = fromMs + minute * minuteMs
      const isChanged = change !== null && timeMs >= change.atMs
      const day = (timeMs % dayMs) / dayMs
      const course = 0.5 - 0.5 * Math.cos(2 * Math.PI * (day - 0.15))
      const weekend = [2, 3].includes(Math.floor(timeMs / dayMs) % 7) ? shape.weekendShare : 1
      wander = shape.memory * wander + Math.sqrt(1 - shape.memory ** 2) * shape.wander * normal(random)
      if (spikeLeft > 0) spikeLeft--
      else if (random() < shape.spikeChance) spikeLeft = Math.ceil(random() * shape.spikeMinutes)
      const isNight = timeMs % dayMs >= dayMs / 12 && timeMs % dayMs < dayMs / 12 + 30 * minuteMs
      const level =
        Math.log(shape.medianMs) +
        Math.log(shape.dailyFactor) * course * (0.5 + 0.5 * weekend) +
        wander +
        (spikeLeft > 0 ? Math.log(shape.spikeFactor) : 0) +
        (isNight ? Math.log(shape.nightly) : 0) +
        (Math.log(shape.growth) * minute) / (30 * 1440) +
        (isChanged ? Math.log(change.latencyFactor) : 0)
      const rate = shape.perMinute * (1 + shape.trafficSwing * (2 * course - 1)) * weekend * (isChanged ? change.trafficFactor : 1)
      const errorRate = isChanged && change.errorRate !== null ? change.errorRate : shape.errorRate
      this.#minutes.push(minuteOf({ calls: poisson(rate, random), level, errorRate }, shape, random))
    }
  }

  /** Rows of `[fromMs, toMs)` joined to steps. */
  steps(fromMs: number, toMs: number, stepMs: number): Row[] {
    const out: Row[] = []
    for (let timeMs = fromMs; timeMs < toMs; timeMs += stepMs) {
      const first = Math.round((timeMs - this.#fromMs) / minuteMs)
      const joined = this.#join(timeMs, Math.max(0, first), first + Math.round(Math.min(stepMs, toMs - timeMs) / minuteMs))
      if (joined.count > 0) out.push(joined)
    }
    return out
  }

  #join(timeMs: number, first: number, end: number): Row {
    const buckets = new Map<number, number>()
    let [count, errors, totalMs] = [0, 0, 0]
    for (const minute of this.#minutes.slice(first, end)) {
      count += minute.count
      errors += minute.errors
      totalMs += minute.totalMs
      for (const bucket of minute.calls) buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
    }
    const found = [...buckets.keys()].sort((a, b) => a - b)
    return {
      timeMs,
      count,
      errors,
      totalMs,
      lowersMs: found.map((bucket) => lowers[bucket] ?? 0),
      uppersMs: found.map((bucket) => uppers[bucket] ?? 0),
      counts: found.map((bucket) => buckets.get(bucket) ?? 0),
    }
  }
}

/** What is kept of a minute: the bucket of each call. */
interface MadeMinute {
  readonly count: number
  readonly errors: number
  readonly totalMs: number
  readonly calls: Uint8Array
}

interface Minute {
  readonly calls: number
  readonly level: number
  readonly errorRate: number
}

function minuteOf({ calls, level, errorRate }: Minute, shape: Shape, random: () => number): MadeMinute {
  const made = new Uint8Array(calls)
  let [errors, totalMs] = [0, 0]
  for (let call = 0; call < calls; call++) {
    let ms = Math.exp(level + shape.spread * normal(random))
    // A Pareto tail of exponent 1.5: no variance.
    if (random() < shape.tailShare) ms *= (1 - random()) ** (-1 / 1.5) * 3
    totalMs += ms
    if (random() < errorRate) errors++
    made[call] = Math.min(bucketsCount - 1, Math.max(0, Math.ceil(Math.log2(ms) * perOctave) - firstBucket))
  }
  return { count: calls, errors, totalMs, calls: made }
}
/** Mulberry32, by its published recurrence; 0 to 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function poisson(mean: number, random: () => number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  const limit = Math.exp(-mean)
  let [count, product] = [0, random()]
  while (product > limit) {
    count++
    product *= random()
  }
  return count
}

/** The part of a series between two times. */
export function partOf(series: OperationSeries, fromMs: number, toMs: number): OperationSeries {
  let [from, to] = [0, 0]
  for (const timeMs of series.timesMs) {
    if (timeMs < fromMs) from++
    if (timeMs < toMs) to++
  }
  const part = (values: Float64Array): Float64Array => values.subarray(from, to)
  return {
    timesMs: part(series.timesMs),
    lengthsMs: part(series.lengthsMs),
    counts: part(series.counts),
    errors: part(series.errors),
    p50: part(series.p50),
    p95: part(series.p95),
  }
}
