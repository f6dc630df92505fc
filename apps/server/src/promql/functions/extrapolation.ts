/** How far a rate reaches beyond the samples it is computed from, as Prometheus 3 does it. */

/**
 * Factor from the difference of the first and last sample to the increase (or, divided by the window, the rate) of the whole window
 * `(endMs - rangeMs, endMs]`. `toZero`: the share of the sampled interval at which the counter would have been zero, or -1 when it has
 * no say.
 */
export function extrapolation(
  endMs: number,
  rangeMs: number,
  firstMs: number,
  lastMs: number,
  count: number,
  toZero: number,
  isRate: boolean,
): number {
  let toStart = (firstMs - (endMs - rangeMs)) / 1000
  let toEnd = (endMs - lastMs) / 1000
  const sampled = (lastMs - firstMs) / 1000
  const average = sampled / (count - 1)
  const threshold = average * 1.1
  if (toStart >= threshold) toStart = average / 2
  if (toZero >= 0) toStart = Math.min(toStart, sampled * toZero)
  if (toEnd >= threshold) toEnd = average / 2
  const factor = (sampled + toStart + toEnd) / sampled
  return isRate ? factor / (rangeMs / 1000) : factor
}

/** Increase of a counter over the points `[from, to)`; after a fall it counts from zero. */
export function increaseKernel(values: Float64Array, from: number, to: number): number {
  let previous = values[from]!
  let result = values[to - 1]! - previous
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!
    if (value < previous) result += previous
    previous = value
  }
  return result
}
