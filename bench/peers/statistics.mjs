/** Medians and the like, over arrays that need no order. */

/** The smallest value that at least `share` of the values do not exceed; NaN of none. */
export function quantile(values, share) {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

/** The middle one, or the mean of the middle two; NaN of none. */
export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((left, right) => left - right)
  const middle = sorted.length / 2
  return sorted.length === 0 ? NaN : (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
}

/** NaN of none. */
export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
