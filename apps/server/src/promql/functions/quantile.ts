/** The quantile of plain values, as `quantile` and `quantile_over_time` define it. */

/**
 * Sorts `values` in place (NaN first) and interpolates linearly between the two nearest ranks.
 * Below 0: -Inf, above 1: +Inf, no values or a NaN quantile: NaN.
 */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  // Typed arrays sort numerically with NaN last; Prometheus counts NaN as the smallest.
  values.sort()
  let missing = 0
  while (missing < values.length && Number.isNaN(values[values.length - 1 - missing]!)) missing++
  const n = values.length
  const at = (rank: number): number => (rank < missing ? NaN : values[rank - missing]!)
  const rank = q * (n - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(n - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return at(lower) * (1 - weight) + at(upper) * weight
}
