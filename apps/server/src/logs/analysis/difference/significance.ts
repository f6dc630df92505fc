/** How likely it is that two shares differ so much by chance: Fisher's exact test for few rows, the chi-squared test for many. */

/** Successes and rows of both sets. */
export interface TwoShares {
  readonly hitsA: number
  readonly rowsA: number
  readonly hitsB: number
  readonly rowsB: number
}

/** Up to so many hits the exact test is used; above it the two agree. */
const exactHitsMax = 60

/** Two-sided probability, 0 to 1. Whole numbers; 1 when there is nothing to compare. */
export function chanceOf(shares: TwoShares): number {
  const { hitsA, rowsA, hitsB, rowsB } = shares
  const hits = hitsA + hitsB
  const rows = rowsA + rowsB
  if (rowsA === 0 || rowsB === 0 || hits === 0 || hits === rows) return 1
  // The rarer of hits and misses decides how many terms the exact test has.
  if (Math.min(hits, rows - hits) > exactHitsMax) return chiSquared(shares)
  return hits <= rows - hits ? exact(shares) : exact({ hitsA: rowsA - hitsA, rowsA, hitsB: rowsB - hitsB, rowsB })
}

/** Pearson's test of a 2×2 table, Yates' correction. */
function chiSquared({ hitsA, rowsA, hitsB, rowsB }: TwoShares): number {
  const rows = rowsA + rowsB
  const hits = hitsA + hitsB
  const gap = Math.max(0, Math.abs(hitsA * rowsB - hitsB * rowsA) - rows / 2)
  const square = (rows * gap * gap) / (rowsA * rowsB * hits * (rows - hits))
  return erfc(Math.sqrt(square / 2))
}

/** Sum of the probabilities of all tables with these margins that are no likelier than this one. */
function exact({ hitsA, rowsA, hitsB, rowsB }: TwoShares): number {
  const hits = hitsA + hitsB
  const base = logChoose(rowsA + rowsB, hits)
  const logOf = (inA: number): number => logChoose(rowsA, inA) + logChoose(rowsB, hits - inA) - base
  const observed = logOf(hitsA)
  let sum = 0
  for (let inA = Math.max(0, hits - rowsB); inA <= Math.min(hits, rowsA); inA++) {
    const log = logOf(inA)
    // Tables as likely as this one count; their logarithms differ by rounding.
    if (log <= observed + 1e-7) sum += Math.exp(log)
  }
  return Math.min(1, sum)
}

function logChoose(of: number, taken: number): number {
  return logGamma(of + 1) - logGamma(taken + 1) - logGamma(of - taken + 1)
}

/** Stirling's series (Abramowitz and Stegun 6.1.41) above 8, the recurrence below. */
export function logGamma(x: number): number {
  let shift = 0
  let at = x
  while (at < 8) shift += Math.log(at++)
  const inverse = 1 / (at * at)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / at
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** Complementary error function: continued fraction above 2, series below. Relative error below 1e-10. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  if (x < 2) {
    let term = x
    let sum = x
    for (let n = 1; n < 100 && Math.abs(term) > 1e-17; n++) {
      term *= -(x * x) / n
      sum += term / (2 * n + 1)
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}
