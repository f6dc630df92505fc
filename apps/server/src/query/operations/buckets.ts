/** Histograms of an answer: native ones and counts by `le` as buckets of one width over what all points of the answer cover. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { bucketsOf } from '../../promql/index.ts'
import type { CountedBucket } from './ports.ts'

/** Buckets of a native histogram with something in them. */
export function nativeBuckets(histogram: NativeHistogram): CountedBucket[] {
  return bucketsOf(histogram)
    .filter(({ count }) => count > 0)
    .map(({ lower, upper, count }) => ({ lower, upper, count }))
}

/** Buckets of cumulative counts by upper bound; the first begins at 0 unless its bound is not positive. */
export function classicBuckets(counts: readonly (readonly [upper: number, count: number])[]): CountedBucket[] {
  const sorted = [...counts].sort(([a], [b]) => a - b)
  const buckets: CountedBucket[] = []
  let lower = (sorted[0]?.[0] ?? 0) > 0 ? 0 : -Infinity
  let below = 0
  for (const [upper, count] of sorted) {
    if (count > below) buckets.push({ lower, upper, count: count - below })
    below = Math.max(below, count)
    lower = upper
  }
  return buckets
}

/** What buckets cover, infinite ends taken to the nearest finite ones. Null when there is nothing. */
export interface Extent {
  readonly lower: number
  readonly upper: number
}

export function extentOf(all: Iterable<readonly CountedBucket[]>): Extent | null {
  let lower = Infinity
  let upper = -Infinity
  for (const buckets of all) {
    for (const bucket of buckets) {
      const low = Number.isFinite(bucket.lower) ? bucket.lower : bucket.upper
      const high = Number.isFinite(bucket.upper) ? bucket.upper : bucket.lower
      if (Number.isFinite(low)) lower = Math.min(lower, low)
      if (Number.isFinite(high)) upper = Math.max(upper, high)
    }
  }
  return lower <= upper ? { lower, upper } : null
}

/**
 * The same observations in `count` buckets of one width over the extent. An old bucket is shared out as if its observations lay evenly in
 * it; one with an infinite end lies at its finite one. The sum of the counts stays.
 */
export function rebucketed(buckets: readonly CountedBucket[], extent: Extent, count: number): CountedBucket[] {
  const width = (extent.upper - extent.lower) / count
  const edges = Array.from({ length: count + 1 }, (_, i) => (i === count ? extent.upper : extent.lower + i * width))
  const counts = new Float64Array(count)
  const add = (at: number, observations: number): void => void (counts[at] = (counts[at] ?? 0) + observations)
  for (const { lower, upper, count: observations } of buckets) {
    const low = Number.isFinite(lower) ? lower : upper
    const high = Number.isFinite(upper) ? upper : lower
    if (!(high > low) || width === 0) {
      const at = width === 0 ? 0 : Math.ceil((high - extent.lower) / width) - 1
      add(Math.min(Math.max(at, 0), count - 1), observations)
      continue
    }
    for (let i = 0; i < count; i++) {
      const overlap = Math.min(high, edges[i + 1] ?? high) - Math.max(low, edges[i] ?? low)
      if (overlap > 0) add(i, (observations * overlap) / (high - low))
    }
  }
  return Array.from(counts, (observations, i) => ({ lower: edges[i] ?? 0, upper: edges[i + 1] ?? 0, count: observations }))
}
