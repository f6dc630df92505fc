/** The path of a sparkline: gaps break the line, a lonely point is a short dash. */

export interface SparkBox {
  readonly widthPx: number
  readonly heightPx: number
  /** Lower end of the scale; null takes the smallest value. */
  readonly floor: number | null
}

export function sparkPath(values: Float64Array, { widthPx, heightPx, floor }: SparkBox): string {
  const finite = values.filter((value) => Number.isFinite(value))
  if (finite.length === 0) return ''
  const high = finite.reduce((a, b) => Math.max(a, b))
  const low = Math.min(
    floor ?? Number.POSITIVE_INFINITY,
    finite.reduce((a, b) => Math.min(a, b)),
  )
  const span = high - low
  const x = (index: number): number => (values.length === 1 ? widthPx / 2 : (index / (values.length - 1)) * widthPx)
  const y = (value: number): number =>
    span === 0 ? heightPx - 1.5 - (high > 0 ? heightPx / 2 : 0) : heightPx - 1.5 - ((value - low) / span) * (heightPx - 3)
  let path = ''
  let drawing = false
  for (const [index, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      drawing = false
      continue
    }
    const isLonely = !drawing && !Number.isFinite(values[index + 1] ?? Number.NaN)
    path += `${drawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}${isLonely ? 'h1.5' : ''}`
    drawing = true
  }
  return path
}
