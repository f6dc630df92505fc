/** Text of a native histogram as Prometheus prints it: `{count:4, sum:5, (0.5,1]:1, (1,2]:2}`. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { formatNumber } from '../syntax/literals.ts'
import { lowerBound, toSparse, upperBound, usesCustomBuckets } from './sparse.ts'

export function printHistogram(histogram: NativeHistogram): string {
  const parts = [`count:${formatNumber(histogram.count)}`, `sum:${formatNumber(histogram.sum)}`]
  for (const bucket of bucketsOf(histogram)) {
    if (bucket.count === 0) continue
    const open = bucket.lowerClosed ? '[' : '('
    const close = bucket.upperClosed ? ']' : ')'
    parts.push(`${open}${formatNumber(bucket.lower)},${formatNumber(bucket.upper)}${close}:${formatNumber(bucket.count)}`)
  }
  return `{${parts.join(', ')}}`
}

/** Bounds, whether they belong to the bucket, and the number of observations. */
export interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly lowerClosed: boolean
  readonly upperClosed: boolean
  readonly count: number
}

/**
 * All buckets from the lowest to the highest bound, the zero bucket among them; also what the HTTP API lists. Buckets that reach into
 * the zero bucket are cut at its end.
 */
export function bucketsOf(histogram: NativeHistogram): Bucket[] {
  const { schema, positive, negative, customValues, zeroThreshold, zeroCount } = toSparse(histogram)
  const custom = usesCustomBuckets(histogram)
  const buckets: Bucket[] = []
  for (let i = negative.indexes.length - 1; i >= 0; i--) {
    const index = negative.indexes[i]!
    const lower = -upperBound(index, schema, customValues)
    const upper = Math.min(-lowerBound(index, schema, customValues), -zeroThreshold)
    buckets.push({ lower, upper, lowerClosed: true, upperClosed: false, count: negative.counts[i]! })
  }
  if (zeroCount !== 0 && !custom) {
    buckets.push({ lower: -zeroThreshold, upper: zeroThreshold, lowerClosed: true, upperClosed: true, count: zeroCount })
  }
  for (let i = 0; i < positive.indexes.length; i++) {
    const index = positive.indexes[i]!
    const bound = lowerBound(index, schema, customValues)
    const lower = custom ? bound : Math.max(bound, zeroThreshold)
    const upper = upperBound(index, schema, customValues)
    buckets.push({ lower, upper, lowerClosed: custom && index === 0, upperClosed: true, count: positive.counts[i]! })
  }
  return buckets
}
