/** Values and times from the wire as the store wants them. */
import { STALE, staleNanHigh, staleNanLow } from '../../metrics/index.ts'

/** The neighbour of `STALE`, stored in place of a measured value that happens to be exactly that number. */
const besideStale = -Number.MAX_VALUE

/** A double from the wire: the stale marker's bit pattern becomes `STALE`. `at` is where its 8 bytes are. */
export function sampleValue(value: number, view: DataView, at: number): number {
  if (!Number.isNaN(value)) return value === STALE ? besideStale : value
  return view.getUint32(at, true) === staleNanLow && view.getUint32(at + 4, true) === staleNanHigh ? STALE : NaN
}

/** A value that is already a number (from an integer). */
export function measuredValue(value: number): number {
  return value === STALE ? besideStale : value
}

/**
 * Nanoseconds since 1970 as two words to whole ms, exact. 2^32 = 4294 * 10^6 + 967296, so no step exceeds 2^53.
 */
export function nanosToMs(high: number, low: number): number {
  return high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000)
}
