/** Whole seconds since 1970 of each row of a record: read once, for partitions, buckets and all rows that are derived by time. */
import { secondsOf } from '../time.ts'
import type { FixedView, SignalRecord } from './decode.ts'

/** As long as the record is there. */
const known = new WeakMap<FixedView, Float64Array>()

/** Shared: for reading alone. */
export function rowSeconds(record: SignalRecord): Float64Array {
  const ts = record.fixed('ts')
  let seconds = known.get(ts)
  if (seconds === undefined) {
    seconds = new Float64Array(record.rows)
    // A copy, because the record may begin anywhere.
    secondsKernel(new Uint32Array(ts.bytes.slice(0, record.rows * 8).buffer), seconds)
    known.set(ts, seconds)
  }
  return seconds
}

function secondsKernel(halves: Uint32Array, seconds: Float64Array): void {
  for (let row = 0; row < seconds.length; row++) seconds[row] = secondsOf(halves[row * 2]!, halves[row * 2 + 1]!)
}
