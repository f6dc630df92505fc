/** Order statistics and normal scores: what makes the search for changes deaf to how heavy the tails are. Arrays are not changed. */

/** Median of `values[from, to)`; NaN when empty. */
export function medianOf(values: Float64Array, from = 0, to = values.length): number {
  return quantileOf(values, 0.5, from, to)
}

/** Quantile of `values[from, to)`, between neighbours; NaN when empty. O(n log n). */
export function quantileOf(values: Float64Array, q: number, from = 0, to = values.length): number {
  if (to <= from) return Number.NaN
  const sorted = values.slice(from, to).sort()
  const place = q * (sorted.length - 1)
  const low = Math.floor(place)
  const below = sorted[low]!
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!
  return below + (above - below) * (place - low)
}

/** Standard deviation of a normal distribution with the median absolute deviation of `values` around `center`. */
export function spreadOf(values: Float64Array, center: number): number {
  return medianOf(values.map((value) => Math.abs(value - center))) * 1.4826
}

/** Normal scores (van der Waerden): the quantile of a normal distribution at each value's rank; ties share the mean of their ranks. */
export function normalScores(values: Float64Array): Float64Array {
  const n = values.length
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const scores = new Float64Array(n)
  for (let first = 0; first < n;) {
    let end = first + 1
    while (end < n && values[order[end]!] === values[order[first]!]) end++
    const score = normalQuantile((first + end + 1) / 2 / (n + 1))
    for (let i = first; i < end; i++) scores[order[i]!] = score
    first = end
  }
  return scores
}

/**
 * Inverse of the standard normal distribution, about 4.5e-4 exact: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 * `p` strictly between 0 and 1.
 */
export function normalQuantile(p: number): number {
  const tail = p < 0.5 ? p : 1 - p
  const t = Math.sqrt(-2 * Math.log(tail))
  const value = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  return p < 0.5 ? -value : value
}
