/** The quantile of plain values, as `quantile` and `quantile_over_time` define it. */

/**
 * Sorts `values` in place (NaN first) and interpolates linearly between the two nearest ranks.
 * Below 0: -Inf, above 1: +Inf, no values or a NaN quantile: NaN.
 */
export function quantileOf(q: number, values: Float64Array): number {
  // Typed arrays sort numerically with NaN last; Prometheus counts NaN as the smallest.
  values.sort()
  let missing = 0
  while (missing < values.length && Number.isNaN(values[values.length - 1 - missing]!)) missing++
  return quantileOfSorted(q, values, values.length - missing, missing)
}

/** The same of the first `count` values, sorted and without NaN; `missing` NaNs count as smaller ones. */
export function quantileOfSorted(q: number, values: Float64Array, count: number, missing: number): number {
  const n = count + missing
  if (n === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const rank = q * (n - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(n - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  const low = lower < missing ? NaN : values[lower - missing]!
  const high = upper < missing ? NaN : values[upper - missing]!
  return low * (1 - weight) + high * weight
}
