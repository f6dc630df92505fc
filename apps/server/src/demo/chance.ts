/** Randomness that depends on nothing but its arguments, so that two runs of the demo tell the same story. */

/** Of the seed and up to two numbers, something in [0, 1) that looks random (an integer hash; no quality claims beyond that). */
export function chance(seed: number, a: number, b = 0): number {
  let h = (seed ^ 0x9e3779b9) >>> 0
  h = Math.imul(h ^ (a >>> 0), 0x85ebca6b) >>> 0
  h = Math.imul(h ^ (h >>> 13) ^ Math.floor(a / 0x100000000), 0xc2b2ae35) >>> 0
  h = Math.imul(h ^ (h >>> 16) ^ (b >>> 0), 0x27d4eb2f) >>> 0
  h = Math.imul(h ^ (h >>> 15), 0x165667b1) >>> 0
  return ((h ^ (h >>> 16)) >>> 0) / 0x100000000
}

/** A curve in [-1, 1] that wanders: random at every multiple of `periodMs`, smooth in between. */
export function wander(seed: number, timeMs: number, periodMs: number): number {
  const position = timeMs / periodMs
  const index = Math.floor(position)
  const part = position - index
  const ease = part * part * (3 - 2 * part)
  const from = chance(seed, index)
  const to = chance(seed, index + 1)
  return 2 * (from + (to - from) * ease) - 1
}

/**
 * Share of a log-normal distribution at or below a value, given the logarithm of value over median, and the spread (standard
 * deviation of the logarithm). The logistic curve stands in for the normal one; the eye sees no difference in a histogram.
 */
export function shareBelow(logRatio: number, spread: number): number {
  return 1 / (1 + Math.exp((-1.702 * logRatio) / spread))
}
