/**
 * The trim operators `</` and `>/`: the observations at or below (above) a value, estimated from the buckets. A cut bucket is divided as
 * quantiles would divide it; the sum is made anew from the middles of what is left. A bucket without a bound on the side of the cut
 * cannot be divided and goes or stays as a whole.
 */
import type { NativeHistogram } from '../../metrics/index.ts'
import { fromSparse, lowerBound, toSparse, upperBound, usesCustomBuckets, type Buckets, type SparseHistogram } from './sparse.ts'

/** What is left of a bucket: how many observations, and the value each counts for. */
interface Rest {
  readonly count: number
  readonly value: number
}

interface Cut {
  readonly at: number
  /** Keep what is below. */
  readonly below: boolean
}

const nothing: Rest = { count: 0, value: 0 }

/** `middle` and `share` give a bucket's scale: linear, or exponential away from zero. */
function cutBucket(lower: number, upper: number, count: number, cut: Cut, linear: boolean): Rest {
  const middle = (from: number, to: number): number => {
    if (linear) return (from + to) / 2
    return Math.sqrt(from * to) * (to < 0 || from < 0 ? -1 : 1)
  }
  if (cut.below ? upper <= cut.at : lower >= cut.at) return { count, value: middle(lower, upper) }
  if (cut.below ? lower >= cut.at : upper <= cut.at) return nothing
  const share = shareBelow(lower, upper, cut.at, linear)
  if (cut.below) return { count: count * share, value: middle(lower, cut.at) }
  return { count: count * (1 - share), value: middle(cut.at, upper) }
}

function shareBelow(lower: number, upper: number, at: number, linear: boolean): number {
  if (linear) return (at - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  return (Math.log2(Math.abs(at)) - logLower) / (Math.log2(Math.abs(upper)) - logLower)
}

/** Custom buckets: the first and the last have no outer bound. */
function cutCustom(lower: number, upper: number, count: number, cut: Cut): Rest {
  if (lower === -Infinity && upper === Infinity) return Number.isFinite(cut.at) ? nothing : wholeAtInfinity(count, cut)
  if (lower === -Infinity) {
    if (upper <= 0) {
      if (!cut.below) return cut.at === -Infinity ? { count, value: upper } : nothing
      if (cut.at === -Infinity) return nothing
      return { count, value: Math.min(upper, cut.at) }
    }
    // Positive observations start at zero; a cut below that cannot be placed.
    if (cut.at < 0) return !cut.below && cut.at === -Infinity ? { count, value: upper / 2 } : nothing
    return cutBucket(0, upper, count, cut, true)
  }
  if (upper === Infinity) {
    if (cut.below) return cut.at === Infinity ? { count, value: lower } : nothing
    return cut.at === Infinity ? nothing : { count, value: Math.max(lower, cut.at) }
  }
  return cutBucket(lower, upper, count, cut, true)
}

function wholeAtInfinity(count: number, cut: Cut): Rest {
  return cut.below === cut.at > 0 ? { count, value: 0 } : nothing
}

interface Side {
  readonly buckets: Buckets
  readonly sum: number
  readonly isChanged: boolean
}

function cutSide(histogram: SparseHistogram, side: 'positive' | 'negative', cut: Cut): Side {
  const { schema, customValues } = histogram
  const { indexes, counts } = histogram[side]
  let sum = 0
  let isChanged = false
  const left = indexes.map((index, i) => {
    const near = lowerBound(index, schema, customValues)
    const far = upperBound(index, schema, customValues)
    const count = counts[i]!
    const [lower, upper] = side === 'positive' ? [near, far] : [-far, -near]
    const rest = usesCustomBuckets(histogram) ? cutCustom(lower, upper, count, cut) : cutBucket(lower, upper, count, cut, false)
    if (rest.count !== count) isChanged = true
    if (rest.count !== 0) sum += rest.count * rest.value
    return rest.count
  })
  return { buckets: { indexes, counts: left }, sum, isChanged }
}

function cutZero(histogram: SparseHistogram, cut: Cut): Rest {
  const { zeroThreshold, zeroCount, positive, negative } = histogram
  if (zeroCount === 0) return nothing
  const hasPositive = positive.counts.length > 0
  const hasNegative = negative.counts.length > 0
  const lower = hasPositive && !hasNegative ? 0 : -zeroThreshold
  const upper = hasNegative && !hasPositive ? 0 : zeroThreshold
  return cutBucket(lower, upper, zeroCount, cut, true)
}

/** `below`: what `histogram </ at` keeps; else what `histogram >/ at` keeps. Nothing cut: the histogram itself. */
export function trimmed(histogram: NativeHistogram, at: number, below: boolean): NativeHistogram {
  const sparse = toSparse(histogram)
  const cut: Cut = { at, below }
  const positive = cutSide(sparse, 'positive', cut)
  const negative = cutSide(sparse, 'negative', cut)
  const zero = cutZero(sparse, cut)
  if (!positive.isChanged && !negative.isChanged && zero.count === sparse.zeroCount) return histogram
  const all = [...positive.buckets.counts, ...negative.buckets.counts, zero.count]
  return fromSparse({
    ...sparse,
    zeroCount: zero.count,
    count: all.reduce((total, count) => total + count, 0),
    sum: positive.sum + negative.sum + zero.count * zero.value,
    positive: positive.buckets,
    negative: negative.buckets,
  })
}
