/**
 * Buckets of durations: exponential, eight to a doubling, so that a value read from them is within 4.5 % of the exact one. Bucket `i` ends at
 * `2^(i/8)` microseconds (it holds durations above the end of the one before it); bucket 0 holds everything up to a microsecond.
 */

const perDoubling = 8
/** The last one: about an hour and a quarter. Longer durations are counted in it. */
const bucketMax = 256

/** `microseconds` not negative. */
export function bucketOf(microseconds: number): number {
  if (microseconds <= 1) return 0
  const bucket = Math.ceil(Math.log2(microseconds) * perDoubling)
  return bucket > bucketMax ? bucketMax : bucket
}

export function bucketUpperMs(bucket: number): number {
  return 2 ** (bucket / perDoubling) / 1000
}

export function bucketLowerMs(bucket: number): number {
  return bucket === 0 ? 0 : bucketUpperMs(bucket - 1)
}

/**
 * The duration, ms, that a share `q` (0 to 1) of the calls does not exceed, even within its bucket on the logarithmic scale. `counts` by
 * bucket. Null: no calls.
 */
export function quantileMs(counts: ReadonlyMap<number, number>, q: number): number | null {
  let total = 0
  for (const count of counts.values()) total += count
  if (total <= 0) return null
  const rank = q * total
  let below = 0
  const buckets = [...counts.keys()].sort((a, b) => a - b)
  for (const bucket of buckets) {
    const count = counts.get(bucket) ?? 0
    if (count > 0 && below + count >= rank) {
      const share = (rank - below) / count
      return bucket === 0 ? bucketUpperMs(0) * share : bucketLowerMs(bucket) * (bucketUpperMs(bucket) / bucketLowerMs(bucket)) ** share
    }
    below += count
  }
  return bucketUpperMs(buckets[buckets.length - 1] ?? 0)
}

/** Share of the calls (0 to 1) that did not take longer, even within a bucket. Null: no calls. */
export function quantileShare(counts: ReadonlyMap<number, number>, durationMs: number): number | null {
  const own = bucketOf(durationMs * 1000)
  let [total, below] = [0, 0]
  for (const [bucket, count] of counts) {
    total += count
    if (bucket < own) below += count
    else if (bucket === own) below += count / 2
  }
  return total <= 0 ? null : below / total
}
