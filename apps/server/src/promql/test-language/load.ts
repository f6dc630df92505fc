/** Turns series lines into samples, with the counter reset hints a store would give back. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { isCounterReset } from '../histograms/reset.ts'
import { sameNumbers } from '../histograms/sparse.ts'
import type { TestSeries } from './ports.ts'
import type { SeriesLine } from './series-reader.ts'

export function toTestSeries(line: SeriesLine, stepMs: number): TestSeries {
  const timesMs: number[] = []
  const values: number[] = []
  const histograms: (NativeHistogram | null)[] = []
  let previous: NativeHistogram | null = null
  for (const [i, value] of line.values.entries()) {
    if (value === null) continue
    timesMs.push(i * stepMs)
    if (typeof value === 'number') {
      values.push(value)
      histograms.push(null)
      previous = null
    } else {
      values.push(NaN)
      histograms.push({ ...value, resetHint: storedHint(previous, value) })
      previous = value
    }
  }
  return { labels: line.labels, timesMs, values, histograms: histograms.some((value) => value !== null) ? histograms : null }
}

/**
 * Prometheus' storage knows only "no reset" (a later sample of one chunk) and "unknown" (the first of a chunk); a change of layout, a
 * reset or a float in between starts a chunk.
 */
function storedHint(previous: NativeHistogram | null, current: NativeHistogram): NativeHistogram['resetHint'] {
  if (current.resetHint === 'gauge') return 'gauge'
  if (previous === null || previous.resetHint === 'gauge' || current.resetHint === 'yes') return 'unknown'
  const sameLayout =
    previous.schema === current.schema &&
    previous.zeroThreshold === current.zeroThreshold &&
    sameNumbers(previous.customValues, current.customValues)
  return sameLayout && !isCounterReset(previous, { ...current, resetHint: 'unknown' }) ? 'no' : 'unknown'
}
