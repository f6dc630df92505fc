/**
 * Nanoseconds since 1970 as two 32-bit halves, exact, without BigInt. Doubles cannot hold them (they end at 2^53), so seconds and the rest
 * are kept apart. Good from 1970 to 2554.
 */

/** Halves of the last `splitTime`. */
export const timeHalves = { low: 0, high: 0 }

/** `seconds` since 1970 (an integer below 2^32) and `nanos` below 10^9; the result is in `timeHalves`. */
export function splitTime(seconds: number, nanos: number): void {
  const upper = Math.floor(seconds / 65_536) * 1e9
  const lower = (seconds % 65_536) * 1e9
  // The product without its lowest 16 bits fits a double.
  const shifted = upper + Math.floor(lower / 65_536)
  let high = Math.floor(shifted / 65_536)
  let low = (Math.imul(seconds >>> 0, 1_000_000_000) >>> 0) + nanos
  if (low >= 0x1_0000_0000) {
    low -= 0x1_0000_0000
    high++
  }
  timeHalves.low = low
  timeHalves.high = high
}

/** Whole milliseconds since 1970. */
export function splitMs(ms: number): void {
  const seconds = Math.floor(ms / 1000)
  splitTime(seconds, Math.round((ms - seconds * 1000) * 1e6))
}

/** Whole seconds of a time in halves. */
export function secondsOf(low: number, high: number): number {
  const rounded = high * 0x1_0000_0000 + low
  let seconds = Math.floor(rounded / 1e9)
  const part = rounded - seconds * 1e9
  // The double is off by 128 at most, its multiple of 10^9 by as much; only near a whole second that decides.
  if (part > 1024 && part < 999_998_976) return seconds
  splitTime(seconds, 0)
  const rest = (high - timeHalves.high) * 0x1_0000_0000 + (low - timeHalves.low)
  if (rest < 0) seconds--
  else if (rest >= 1e9) seconds++
  return seconds
}

/** What of a time in halves is beyond whole seconds, ns. */
export function nanosOf(low: number, high: number): number {
  splitTime(secondsOf(low, high), 0)
  return (high - timeHalves.high) * 0x1_0000_0000 + (low - timeHalves.low)
}

/** Milliseconds since 1970, with a fraction. */
export function msOf(low: number, high: number): number {
  const seconds = secondsOf(low, high)
  splitTime(seconds, 0)
  const rest = (high - timeHalves.high) * 0x1_0000_0000 + (low - timeHalves.low)
  return seconds * 1000 + rest / 1e6
}
