/** Values as the engine hands them out: only present points, labels without what was to be dropped, series in order. */
import type { NativeHistogram } from '../../metrics/index.ts'
import type { InstantSeries, QueryValue, RangeSeries } from '../ports.ts'
import type { QueryContext } from './context.ts'
import { compareLabels } from './label-sets.ts'
import { slide, Window, type RangeInput } from './range-input.ts'
import { histogramAt, isEmptySeries } from './selector.ts'
import { ABSENT, pendingNamesDropped, type Grid, type Value, type VectorValue } from './values.ts'

export function instantValue(ctx: QueryContext, value: Value, timeMs: number): QueryValue {
  if (value.type === 'scalar') return { type: 'scalar', timeMs, value: value.values[0] ?? NaN }
  if (value.type === 'string') return { type: 'string', timeMs, value: value.value }
  const vector = pendingNamesDropped(value, ctx.symbols)
  const series: InstantSeries[] = []
  for (let s = 0; s < vector.sets.length; s++) {
    const sample = vector.values[s]!
    if (sample !== ABSENT) series.push({ labels: vector.sets[s]!.labels, timeMs, value: sample, histogram: histogramAt(vector, s) })
  }
  return { type: 'vector', timeMs, series }
}

/** A matrix over the grid, sorted by labels. A scalar is a series without labels. */
export function matrixValue(ctx: QueryContext, value: Value, grid: Grid): QueryValue {
  if (value.type === 'string') throw new Error('a range query gave a string')
  const vector = value.type === 'vector' ? pendingNamesDropped(value, ctx.symbols) : scalarVector(ctx, value.values)
  const series: RangeSeries[] = []
  for (let s = 0; s < vector.sets.length; s++) if (!isEmptySeries(vector, s)) series.push(rangeSeries(vector, s, grid))
  return { type: 'matrix', series: sortedByLabels(series) }
}

function scalarVector(ctx: QueryContext, values: Float64Array): VectorValue {
  const sets = [ctx.symbols.labelSet([])]
  return { type: 'vector', steps: values.length, sets, dropName: new Uint8Array(1), values, histograms: null }
}

function sortedByLabels(series: RangeSeries[]): RangeSeries[] {
  return series.sort((a, b) => compareLabels(a.labels, b.labels))
}

function rangeSeries(vector: VectorValue, s: number, grid: Grid): RangeSeries {
  const times = new Float64Array(grid.steps)
  const values = new Float64Array(grid.steps)
  const histograms: (NativeHistogram | null)[] = []
  let count = 0
  for (let i = 0; i < grid.steps; i++) {
    const cell = s * grid.steps + i
    if (vector.values[cell] === ABSENT) continue
    times[count] = grid.startMs + i * grid.stepMs
    values[count++] = vector.values[cell]!
    histograms.push(histogramAt(vector, cell))
  }
  return {
    labels: vector.sets[s]!.labels,
    timesMs: times.subarray(0, count),
    values: values.subarray(0, count),
    histograms: histograms.some((histogram) => histogram !== null) ? histograms : null,
  }
}

/** The raw points of a range selector in an instant query. */
export function windowSeries(ctx: QueryContext, input: RangeInput): RangeSeries[] {
  const window = new Window(ctx, 0, [])
  window.rangeMs = input.rangeMs
  const series: RangeSeries[] = []
  for (let s = 0; s < input.sets.length; s++) {
    const points = input.points(s)
    window.open(points)
    slide(window, input.reference.startMs)
    const rows: { timeMs: number; value: number; histogram: NativeHistogram | null }[] = []
    for (let i = window.from; i < window.to; i++) rows.push({ timeMs: points.times[i]!, value: points.values[i]!, histogram: null })
    for (let i = window.histogramFrom; i < window.histogramTo; i++) {
      rows.push({ timeMs: points.histogramTimes[i]!, value: NaN, histogram: points.histograms[i]! })
    }
    if (rows.length === 0) continue
    rows.sort((a, b) => a.timeMs - b.timeMs)
    series.push({
      labels: input.sets[s]!.labels,
      timesMs: Float64Array.from(rows, (row) => row.timeMs),
      values: Float64Array.from(rows, (row) => row.value),
      histograms: window.histogramCount === 0 ? null : rows.map((row) => row.histogram),
    })
  }
  return sortedByLabels(series)
}
