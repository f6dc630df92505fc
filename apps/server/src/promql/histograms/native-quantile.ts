/** Quantiles, fractions and moments of native histograms. Exponential buckets interpolate on a logarithmic scale, others linearly. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { KahanSum } from '../functions/kahan.ts'
import { bucketsOf, type Bucket } from './print.ts'
import { usesCustomBuckets } from './sparse.ts'

/** 'nan': observations of NaN make the result NaN; 'skewed': they shift it up. */
export type NanEffect = 'none' | 'nan' | 'skewed'

/** The bounds to interpolate between: the zero bucket counts only the side on which there are observations. */
function bounded(bucket: Bucket, histogram: NativeHistogram): { lower: number; upper: number; isZero: boolean } {
  const { lower, upper } = bucket
  if (usesCustomBuckets(histogram) || lower > 0 || upper < 0) return { lower, upper, isZero: false }
  const negative = histogram.negativeCounts.length > 0
  const positive = histogram.positiveCounts.length > 0
  if (positive && !negative) return { lower: 0, upper, isZero: true }
  if (negative && !positive) return { lower, upper: 0, isZero: true }
  return { lower, upper, isZero: true }
}

export function nativeQuantile(q: number, histogram: NativeHistogram): { value: number; nan: NanEffect } {
  if (q < 0) return { value: -Infinity, nan: 'none' }
  if (q > 1) return { value: Infinity, nan: 'none' }
  if (histogram.count === 0 || Number.isNaN(q)) return { value: NaN, nan: 'none' }
  // NaN observations are in the count and in no bucket; they sort last, so only counting from below finds the rank.
  const hasNan = Number.isNaN(histogram.sum)
  const forward = hasNan || q < 0.5
  const buckets = bucketsOf(histogram)
  if (!forward) buckets.reverse()
  const rank = (forward ? q : 1 - q) * histogram.count
  let count = 0
  let found: Bucket | null = null
  for (const bucket of buckets) {
    if (bucket.count === 0) continue
    found = bucket
    count += bucket.count
    if (count >= rank) break
  }
  if (found === null) return { value: NaN, nan: hasNan ? 'nan' : 'none' }
  const custom = usesCustomBuckets(histogram)
  const reached = Math.min(count, histogram.count)
  if (reached < rank && hasNan) return { value: NaN, nan: 'nan' }
  const nan: NanEffect = hasNan ? 'skewed' : 'none'
  const { lower: bound, upper, isZero } = bounded(found, histogram)
  let lower = bound
  if (custom) {
    if (lower === -Infinity) {
      if (upper <= 0) return { value: upper, nan }
      lower = 0
    } else if (upper === Infinity) return { value: lower, nan }
  }
  if (reached < rank) return { value: upper, nan }
  const within = forward ? rank - (reached - found.count) : reached - rank
  return { value: interpolated(lower, upper, within / found.count, custom || isZero), nan }
}

function interpolated(lower: number, upper: number, fraction: number, linear: boolean): number {
  if (linear) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** Share of the observations in `(lower, upper]`; NaN observations are in none. */
export function nativeFraction(lower: number, upper: number, histogram: NativeHistogram): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const buckets = bucketsOf(histogram)
  const total = Number.isNaN(histogram.sum) ? buckets.reduce((sum, bucket) => sum + bucket.count, 0) : histogram.count
  const rankOf = (value: number): number => Math.min(total, rankWithin(value, buckets, histogram) ?? total)
  return (rankOf(upper) - rankOf(lower)) / histogram.count
}

/** Observations at or below `value`, null when it lies above all buckets. */
function rankWithin(value: number, buckets: readonly Bucket[], histogram: NativeHistogram): number | null {
  const custom = usesCustomBuckets(histogram)
  let rank = 0
  for (const bucket of buckets) {
    const { lower: bound, upper, isZero } = bounded(bucket, histogram)
    const lower = custom && bound === -Infinity && upper > 0 ? 0 : bound
    if (lower >= value) return rank
    if (upper > value) {
      if (custom || isZero) {
        if (lower === -Infinity) return rank + bucket.count
        return upper === Infinity ? rank : rank + (bucket.count * (value - lower)) / (upper - lower)
      }
      const logLower = Math.log2(Math.abs(lower))
      const logUpper = Math.log2(Math.abs(upper))
      const logValue = Math.log2(Math.abs(value))
      if (value > 0) return rank + (bucket.count * (logValue - logLower)) / (logUpper - logLower)
      return rank + bucket.count - (bucket.count * (logValue - logUpper)) / (logLower - logUpper)
    }
    rank += bucket.count
  }
  return null
}

/** Estimated from the buckets: their middle (arithmetic for custom, geometric for exponential, 0 for the zero bucket). */
export function nativeVariance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count
  const custom = usesCustomBuckets(histogram)
  const sum = new KahanSum()
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    if (count === 0) continue
    let middle: number
    if (custom) middle = (upper + lower) / 2
    else if (lower <= 0 && upper >= 0) middle = 0
    else middle = Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1)
    const delta = middle - mean
    sum.add(count * delta * delta)
  }
  return (sum.sum + sum.compensation) / histogram.count
}
