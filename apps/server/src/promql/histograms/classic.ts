/** Quantiles and fractions of classic histograms, given as cumulative buckets. */

export interface ClassicBucket {
  readonly upper: number
  /** Observations at or below `upper`. */
  count: number
}

/** Differences this small (relative) are taken for rounding. */
const smallDelta = 1e-12

/** Sorted by bound, equal bounds added up; null without a `+Inf` bucket. */
function prepared(buckets: readonly ClassicBucket[]): ClassicBucket[] | null {
  const sorted = [...buckets].sort((a, b) => a.upper - b.upper)
  if (sorted.at(-1)?.upper !== Infinity) return null
  const merged: ClassicBucket[] = []
  for (const bucket of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && last.upper === bucket.upper) last.count += bucket.count
    else merged.push({ ...bucket })
  }
  return merged
}

function nearlyEqual(a: number, b: number): boolean {
  if (a === b) return true
  return Math.abs(a - b) / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < smallDelta
}

/** Raises counts that fall, in place; true when one fell by more than rounding. */
function forceMonotonic(buckets: readonly ClassicBucket[]): boolean {
  let forced = false
  let previous = buckets[0]?.count ?? 0
  for (const bucket of buckets.slice(1)) {
    if (nearlyEqual(previous, bucket.count)) bucket.count = previous
    else if (bucket.count < previous) {
      bucket.count = previous
      forced = true
    } else previous = bucket.count
  }
  return forced
}

/** Linear interpolation within the bucket of the rank. `forced`: counts were not monotonic and have been fixed. */
export function classicQuantile(q: number, given: readonly ClassicBucket[]): { value: number; forced: boolean } {
  if (Number.isNaN(q)) return { value: NaN, forced: false }
  if (q < 0) return { value: -Infinity, forced: false }
  if (q > 1) return { value: Infinity, forced: false }
  const buckets = prepared(given)
  if (buckets === null) return { value: NaN, forced: false }
  const forced = forceMonotonic(buckets)
  return { value: quantileWithin(q, buckets), forced }
}

function quantileWithin(q: number, buckets: readonly ClassicBucket[]): number {
  const last = buckets.length - 1
  const total = buckets[last]?.count ?? 0
  if (buckets.length < 2 || total === 0) return NaN
  const rank = q * total
  const found = buckets.findIndex((bucket) => bucket.count >= rank)
  if (found === -1 || found === last) return buckets[last - 1]!.upper
  const bucket = buckets[found]!
  if (found === 0) return bucket.upper <= 0 ? bucket.upper : bucket.upper * (rank / bucket.count)
  const below = buckets[found - 1]!
  return below.upper + (bucket.upper - below.upper) * ((rank - below.count) / (bucket.count - below.count))
}

/** Share of the observations in `(lower, upper]`. */
export function classicFraction(lower: number, upper: number, given: readonly ClassicBucket[]): number {
  const buckets = prepared(given)
  const total = buckets?.at(-1)?.count ?? 0
  if (buckets === null || total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const rankOf = (value: number): number => {
    let rank = 0
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i]!
      const start = i > 0 ? buckets[i - 1]!.upper : bucket.upper > 0 ? 0 : -Infinity
      if (start >= value) return rank
      if (bucket.upper > value) {
        // A bucket without a lower bound counts as a whole; the one without an upper bound not at all.
        return start === -Infinity ? bucket.count : rank + ((bucket.count - rank) * (value - start)) / (bucket.upper - start)
      }
      rank = bucket.count
    }
    return total
  }
  return (Math.min(total, rankOf(upper)) - Math.min(total, rankOf(lower))) / total
}
