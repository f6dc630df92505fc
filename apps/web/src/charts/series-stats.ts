/** Last, smallest, mean and largest value of a series; gaps (`NaN`) do not count. */

export interface SeriesStats {
  /** All `NaN` when the series has no point. */
  readonly last: number
  readonly min: number
  readonly avg: number
  readonly max: number
  readonly points: number
}

export function statsOf(values: Float64Array): SeriesStats {
  let [last, min, max, sum, points] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const value of values) {
    if (Number.isNaN(value)) continue
    last = value
    sum += value
    points += 1
    if (value < min) min = value
    if (value > max) max = value
  }
  if (points === 0) return { last, min: Number.NaN, avg: Number.NaN, max: Number.NaN, points }
  return { last, min, avg: sum / points, max, points }
}

/** What a chart shows in one sentence, for those who do not see it. */
export function describeChart(names: readonly string[], stats: readonly SeriesStats[], write: (value: number) => string): string {
  const filled = stats.filter((each) => each.points > 0)
  if (filled.length === 0) return 'No data in this range.'
  const low = Math.min(...filled.map((each) => each.min))
  const high = Math.max(...filled.map((each) => each.max))
  const top = stats.reduce(
    (best, each, index) => (each.points > 0 && each.last > (stats[best]?.last ?? Number.NEGATIVE_INFINITY) ? index : best),
    0,
  )
  const many = filled.length === 1 ? 'One series' : `${filled.length} series`
  const highest =
    filled.length > 1
      ? ` The highest now is ${names[top] ?? ''} at ${write(stats[top]?.last ?? Number.NaN)}.`
      : ` Now ${write(filled[0]?.last ?? Number.NaN)}.`
  return `${many}, between ${write(low)} and ${write(high)}.${highest}`
}
