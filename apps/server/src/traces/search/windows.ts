/** Where to look first for the newest spans: the end of the range, then further back. Windows are cut at buckets, whose rows lie together. */
import { bucketSec } from '../../signals/index.ts'
import type { TimeRange } from '../ports.ts'

const bucketMs = bucketSec * 1000
const growth = 2
/** After so many buckets without anything, what is looked for is rare. */
const rareAfterBuckets = 8
const rareGrowth = 4

/** Together they are the range. `next` takes what was found in the window before it; first ten minutes, then twice as much, and so on. */
export function* windowsOf({ fromMs, toMs }: TimeRange): Generator<TimeRange, void, number> {
  let end = toMs
  let buckets = 1
  while (end > fromMs) {
    const start = Math.max(fromMs, (Math.ceil(end / bucketMs) - buckets) * bucketMs)
    const found = yield { fromMs: start, toMs: end }
    end = start
    buckets *= found === 0 && buckets >= rareAfterBuckets ? rareGrowth : growth
  }
}
