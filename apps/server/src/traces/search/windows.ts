/** Where to look first for the newest spans: the end of the range, then further back. Windows are cut at buckets, whose rows lie together. */
import { bucketSec } from '../../signals/index.ts'
import type { TimeRange } from '../ports.ts'

const bucketMs = bucketSec * 1000
const growth = 2
/** After so many buckets without anything, what is looked for is rare. */
const rareAfterBuckets = 8
const rareGrowth = 4
/** Each look costs the engine about as much as a bucket does: where some were found, the next should find the rest. */
const leapMax = 16
/** More than what was found says, because it is little to go by. */
const leapMargin = 1.25

/**
 * Together they are the range. `next` takes what was found in the window before it; first ten minutes, then twice as much, and so on, or as
 * much further as the rest of `wanted` should be.
 */
export function* windowsOf({ fromMs, toMs }: TimeRange, wanted: number): Generator<TimeRange, void, number> {
  let end = toMs
  let buckets = 1
  let left = wanted
  while (end > fromMs) {
    const start = Math.max(fromMs, (Math.ceil(end / bucketMs) - buckets) * bucketMs)
    const found = yield { fromMs: start, toMs: end }
    const lookedAt = (end - start) / bucketMs
    left -= found
    end = start
    if (found === 0) buckets *= buckets >= rareAfterBuckets ? rareGrowth : growth
    else buckets = Math.min(buckets * leapMax, Math.max(buckets * growth, Math.ceil((left / found) * lookedAt * leapMargin)))
  }
}
