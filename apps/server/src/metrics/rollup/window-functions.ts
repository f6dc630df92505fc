/**
 * PromQL's functions over windows of whole buckets. Each gives what it gives over the samples: ends, extremes and counts exactly, sums and
 * what is computed from them up to the rounding of their order. The rules are those of `promql/functions`, stated there with their reasons.
 */
import { STALE } from '../model.ts'
import { bucketSql, staleSql } from './bucket-values.ts'
import type { BucketColumn, DenseBuckets } from './dense-buckets.ts'
import { staleFlag } from './row-columns.ts'

/** Buckets `[from, to)` of a window, by cell. The window ends where bucket `to - 1` ends. */
export interface BucketWindow {
  from: number
  to: number
  readonly bucketMs: number
}

/** Gives `STALE` where there is no value. */
type WindowFunction = (buckets: DenseBuckets, window: BucketWindow) => number

export interface RollupFunction {
  readonly columns: readonly BucketColumn[]
  readonly compute: WindowFunction
  /** The same of a window of one bucket with samples, as SQL, where the engine computes it with the same operations. */
  readonly single: (windowMs: number) => string
  /** Needs what buckets that fall often do not keep. */
  readonly readsResets?: true
}

/** increase, rate and delta, extrapolated to the ends of the window. */
function extrapolated(isCounter: boolean, isRate: boolean): WindowFunction {
  return (buckets, { from, to, bucketMs }) => {
    let count = 0
    let first = 0
    let firstMs = 0
    let last = 0
    let lastMs = 0
    let resetSum = 0
    for (let cell = from; cell < to; cell++) {
      const inBucket = buckets.count[cell]!
      if (inBucket === 0) continue
      const startMs = (cell - from) * bucketMs
      if (count === 0) {
        first = buckets.first[cell]!
        firstMs = startMs + buckets.firstAt[cell]!
      } else if (isCounter && buckets.first[cell]! < last) resetSum += last
      if (isCounter) resetSum += buckets.resetSum[cell]!
      count += inBucket
      last = buckets.last[cell]!
      lastMs = startMs + buckets.lastAt[cell]!
    }
    if (count < 2) return STALE
    const windowMs = (to - from) * bucketMs
    const result = last - first + resetSum
    let toStart = firstMs / 1000
    let toEnd = (windowMs - lastMs) / 1000
    const sampled = (lastMs - firstMs) / 1000
    const average = sampled / (count - 1)
    const threshold = average * 1.1
    if (toStart >= threshold) toStart = average / 2
    if (isCounter && result > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / result))
    if (toEnd >= threshold) toEnd = average / 2
    const factor = (sampled + toStart + toEnd) / sampled
    return result * (isRate ? factor / (windowMs / 1000) : factor)
  }
}

const lastOverTime: WindowFunction = (buckets, { from, to }) => {
  for (let cell = to - 1; cell >= from; cell--) if (buckets.count[cell]! > 0) return buckets.last[cell]!
  return STALE
}

/** The instant selector: ended by a stale marker. */
const newest: WindowFunction = (buckets, { from, to }) => {
  for (let cell = to - 1; cell >= from; cell--) {
    if (buckets.isStale[cell]! !== 0) return STALE
    if (buckets.count[cell]! > 0) return buckets.last[cell]!
  }
  return STALE
}

function countOf(buckets: DenseBuckets, { from, to }: BucketWindow): number {
  let count = 0
  for (let cell = from; cell < to; cell++) count += buckets.count[cell]!
  return count
}

/** Neumaier's sum of the buckets' sums. */
function sumOf(buckets: DenseBuckets, { from, to }: BucketWindow): number {
  let sum = 0
  let compensation = 0
  for (let cell = from; cell < to; cell++) {
    if (buckets.count[cell]! === 0) continue
    const value = buckets.sum[cell]!
    const total = sum + value
    compensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    sum = total
  }
  return Number.isFinite(sum) ? sum + compensation : sum
}

/** NaN gives way to every number. */
function extreme(name: 'min' | 'max', sign: 1 | -1): WindowFunction {
  return (buckets, { from, to }) => {
    const values = buckets[name]
    let best = STALE
    for (let cell = from; cell < to; cell++) {
      if (buckets.count[cell]! === 0) continue
      const value = values[cell]!
      if (best === STALE || value * sign > best * sign || Number.isNaN(best)) best = value
    }
    return best
  }
}

/** Changes or resets in the buckets and from each to the next. */
function pairs(name: 'changes' | 'resets', isPair: (older: number, newer: number) => boolean): WindowFunction {
  return (buckets, { from, to }) => {
    const inside = buckets[name]
    let total = 0
    let last = STALE
    for (let cell = from; cell < to; cell++) {
      if (buckets.count[cell]! === 0) continue
      if (last !== STALE && isPair(last, buckets.first[cell]!)) total++
      total += inside[cell]!
      last = buckets.last[cell]!
    }
    return last === STALE ? STALE : total
  }
}

const withSamples = (compute: WindowFunction): WindowFunction => {
  return (buckets, window) => (countOf(buckets, window) === 0 ? STALE : compute(buckets, window))
}

const ends = ['first', 'last', 'firstAt', 'lastAt'] as const

const column = (sql: string) => (): string => sql

/** The steps of `extrapolated`, for one bucket. */
function extrapolatedSql(isCounter: boolean, isRate: boolean): (windowMs: number) => string {
  return (windowMs) => {
    const toZero = isCounter ? 'if(result > 0 AND first_v >= 0, least(to_start, sampled * (first_v / result)), to_start)' : 'to_start'
    return `if(count < 2, ${staleSql}, (
      ${bucketSql.first} AS first_v,
      ${bucketSql.last} - first_v${isCounter ? ` + ${bucketSql.resetSum}` : ''} AS result,
      (last_at - first_at) / 1000 AS sampled,
      sampled / (count - 1) AS average,
      if(first_at / 1000 >= average * 1.1, average / 2, first_at / 1000) AS to_start,
      if((${windowMs} - last_at) / 1000 >= average * 1.1, average / 2, (${windowMs} - last_at) / 1000) AS to_end,
      (sampled + ${toZero} + to_end) / sampled AS factor,
      result * ${isRate ? `(factor / ${windowMs / 1000})` : 'factor'}
    ).8)`
  }
}

/** By the name that PromQL gives them; `last` is the instant selector. */
export const rollupFunctions: ReadonlyMap<string, RollupFunction> = new Map<string, RollupFunction>([
  ['last', { columns: ['last'], compute: newest, single: () => `if(bitAnd(flags, ${staleFlag}) != 0, ${staleSql}, ${bucketSql.last})` }],
  ['rate', { columns: [...ends, 'resetSum'], compute: extrapolated(true, true), single: extrapolatedSql(true, true), readsResets: true }],
  [
    'increase',
    { columns: [...ends, 'resetSum'], compute: extrapolated(true, false), single: extrapolatedSql(true, false), readsResets: true },
  ],
  ['delta', { columns: ends, compute: extrapolated(false, false), single: extrapolatedSql(false, false) }],
  ['last_over_time', { columns: ['last'], compute: lastOverTime, single: column(bucketSql.last) }],
  ['first_over_time', { columns: ['first'], compute: firstOf, single: column(bucketSql.first) }],
  ['count_over_time', { columns: [], compute: withSamples(countOf), single: column('toFloat64(count)') }],
  ['present_over_time', { columns: [], compute: withSamples(() => 1), single: column('toFloat64(1)') }],
  ['sum_over_time', { columns: ['sum'], compute: withSamples(sumOf), single: column(bucketSql.sum) }],
  [
    'avg_over_time',
    {
      columns: ['sum'],
      compute: withSamples((buckets, window) => sumOf(buckets, window) / countOf(buckets, window)),
      single: column(`${bucketSql.sum} / count`),
    },
  ],
  ['min_over_time', { columns: ['min'], compute: extreme('min', -1), single: column(bucketSql.min) }],
  ['max_over_time', { columns: ['max'], compute: extreme('max', 1), single: column(bucketSql.max) }],
  [
    'changes',
    {
      columns: ['first', 'last', 'changes'],
      compute: pairs('changes', hasChanged),
      single: column('toFloat64(changes)'),
      readsResets: true,
    },
  ],
  [
    'resets',
    {
      columns: ['first', 'last', 'resets'],
      compute: pairs('resets', (older, newer) => newer < older),
      single: column('toFloat64(resets)'),
      readsResets: true,
    },
  ],
])

function firstOf(buckets: DenseBuckets, { from, to }: BucketWindow): number {
  for (let cell = from; cell < to; cell++) if (buckets.count[cell]! > 0) return buckets.first[cell]!
  return STALE
}

function hasChanged(older: number, newer: number): boolean {
  return older !== newer && !(Number.isNaN(older) && Number.isNaN(newer))
}
