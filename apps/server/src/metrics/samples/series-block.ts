/** Blocks as queries get them: what was read from memory and engine, put together by series. */
import type { Labels, NativeHistogram, SeriesBlock } from '../model.ts'
import type { TimedHistogram } from './histogram-head.ts'
import { SampleColumns } from './sample-columns.ts'
import type { SeriesSamples } from './series-samples.ts'

/** What was read of each of `refs`, by position. */
export interface ReadSamples {
  readonly refs: Uint32Array
  readonly samples: SeriesSamples
  readonly histograms: ReadonlyMap<number, readonly TimedHistogram[]>
}

type LabelsOf = (ref: number) => Labels

const noSamples = new Float64Array(0)

/** The same samples with an empty row for every series that was not read. */
export function spread(samples: SeriesSamples, positions: readonly number[], seriesCount: number): SeriesSamples {
  if (positions.length === seriesCount) return samples
  const offsets = new Uint32Array(seriesCount + 1)
  positions.forEach((position, i) => {
    offsets[position + 1] = (samples.offsets[i + 1] ?? 0) - (samples.offsets[i] ?? 0)
  })
  for (let i = 0; i < seriesCount; i++) offsets[i + 1] = (offsets[i + 1] ?? 0) + (offsets[i] ?? 0)
  return { offsets, timesMs: samples.timesMs, values: samples.values }
}

/** Ascending, one a time; `first` wins. */
export function mergeHistograms(first: readonly TimedHistogram[], second: readonly TimedHistogram[]): TimedHistogram[] {
  const byTime = new Map<number, TimedHistogram>()
  for (const one of second.toReversed()) byTime.set(one.timeMs, one)
  for (const one of first) byTime.set(one.timeMs, one)
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs)
}

/** Leaves out series without samples. */
export function toBlock(labelsOf: LabelsOf, read: ReadSamples): SeriesBlock {
  if (read.histograms.size > 0) return toMixedBlock(labelsOf, read)
  const { refs, samples } = read
  const kept: number[] = []
  const offsets = [0]
  refs.forEach((ref, i) => {
    if ((samples.offsets[i + 1] ?? 0) === (samples.offsets[i] ?? 0)) return
    kept.push(ref)
    offsets.push(samples.offsets[i + 1] ?? 0)
  })
  return {
    keys: Uint32Array.from(kept),
    labels: kept.map(labelsOf),
    offsets: Uint32Array.from(offsets),
    timesMs: samples.timesMs,
    values: samples.values,
    histograms: null,
  }
}

/** Floats and histograms of each series merged by time; at one time the float sample is kept. */
function toMixedBlock(labelsOf: LabelsOf, { refs, samples, histograms }: ReadSamples): SeriesBlock {
  const columns = new SampleColumns()
  const objects: (NativeHistogram | null)[] = []
  const offsets = [0]
  const kept: number[] = []
  refs.forEach((ref, i) => {
    const before = columns.count
    const list = histograms.get(i) ?? []
    let next = 0
    const push = (timeMs: number, value: number, histogram: NativeHistogram | null): void => {
      columns.push(timeMs, value)
      objects.push(histogram)
    }
    const pushUntil = (timeMs: number): void => {
      for (let one = list[next]; one !== undefined && one.timeMs < timeMs; one = list[++next]) push(one.timeMs, NaN, one.histogram)
      if (list[next]?.timeMs === timeMs) next++
    }
    for (let at = samples.offsets[i] ?? 0; at < (samples.offsets[i + 1] ?? 0); at++) {
      const timeMs = samples.timesMs[at] ?? 0
      pushUntil(timeMs)
      push(timeMs, samples.values[at] ?? 0, null)
    }
    pushUntil(Infinity)
    if (columns.count === before) return
    kept.push(ref)
    offsets.push(columns.count)
  })
  return {
    keys: Uint32Array.from(kept),
    labels: kept.map(labelsOf),
    offsets: Uint32Array.from(offsets),
    timesMs: columns.count === 0 ? noSamples : columns.timesMs.subarray(0, columns.count),
    values: columns.values.subarray(0, columns.count),
    histograms: objects,
  }
}
