/** Whether a measure stays where it is: the slope of its second half, by which a thing that grows shows itself. */

/**
 * `{ mean, drift, isFlat }` over the second half: `drift` is what the fitted line rises or falls from the beginning of that half to its
 * end, as a share of its mean. Flat is what drifts up by no more than `share`, or by no more than `least` in the measure's own unit.
 */
export function flatness(times, values, { share, least }) {
  const from = Math.floor(values.length / 2)
  const points = values.slice(from).flatMap((value, index) => (Number.isFinite(value) ? [[times[from + index], value]] : []))
  const mean = average(points.map(([, value]) => value))
  const slope = theilSen(points)
  const rise = slope * ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0))
  return { mean, drift: rise / Math.max(mean, 1e-9), isFlat: rise <= Math.max(share * mean, least) }
}

/** The median of the slopes between points half the range apart: single peaks (a merge, a collection of garbage) do not tilt it. */
function theilSen(points) {
  const half = Math.floor(points.length / 2)
  const slopes = points.slice(0, half).map(([time, value], index) => {
    const [laterTime, laterValue] = points[index + half]
    return (laterValue - value) / (laterTime - time)
  })
  const sorted = slopes.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
