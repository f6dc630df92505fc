/** Samples of the selected series in compressed rows: series `i` owns `offsets[i] .. offsets[i + 1]`, times ascending. */
export interface SeriesSamples {
  /** length: series + 1 */
  readonly offsets: Uint32Array
  readonly timesMs: Float64Array
  readonly values: Float64Array
}

/**
 * Two sources of the same series into one, times ascending and unique; of two samples of one time the one of `first` is kept.
 * Duplicates within a source (equal neighbours) go as well. Cost: one pass.
 */
export function mergeSamples(first: SeriesSamples, second: SeriesSamples): SeriesSamples {
  const series = first.offsets.length - 1
  const offsets = new Uint32Array(series + 1)
  const timesMs = new Float64Array(first.timesMs.length + second.timesMs.length)
  const values = new Float64Array(timesMs.length)
  let at = 0
  for (let i = 0; i < series; i++) {
    let a = first.offsets[i]!
    let b = second.offsets[i]!
    const aEnd = first.offsets[i + 1]!
    const bEnd = second.offsets[i + 1]!
    let previousMs = NaN
    while (a < aEnd || b < bEnd) {
      const aMs = a < aEnd ? first.timesMs[a]! : Infinity
      const bMs = b < bEnd ? second.timesMs[b]! : Infinity
      const takesFirst = aMs <= bMs
      const timeMs = takesFirst ? aMs : bMs
      const value = takesFirst ? first.values[a++]! : second.values[b++]!
      if (timeMs === previousMs) continue
      timesMs[at] = timeMs
      values[at++] = value
      previousMs = timeMs
    }
    offsets[i + 1] = at
  }
  return { offsets, timesMs: timesMs.subarray(0, at), values: values.subarray(0, at) }
}
