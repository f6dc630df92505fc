/** Range vectors: points of each series without stale markers, and the windows that functions see of them. */
import { STALE, type NativeHistogram, type SeriesRows } from '../../metrics/index.ts'
import { executionError } from '../errors.ts'
import { KahanMean, KahanSum } from '../functions/kahan.ts'
import type { MatrixSelector, Subquery } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import { labelValue, metricName, type LabelSet } from './label-sets.ts'
import { histogramAt } from './selector.ts'
import type { SeriesInput } from './series-input.ts'
import { durationOf, referenceOf, type Reference } from './time-grid.ts'
import { ABSENT, VectorBuilder, type Grid, type VectorValue } from './values.ts'

/** Points of one series, times ascending; floats and histograms apart. Views may alias the source's columns: read only. */
export interface SeriesPoints {
  readonly times: Float64Array
  readonly values: Float64Array
  /** The series' rows in `times` and `values`, `[start, end)`: the columns of a block are shared, views would cost more than they hold. */
  readonly start: number
  readonly end: number
  readonly histogramTimes: Float64Array
  readonly histograms: readonly NativeHistogram[]
}

export interface RangeInput {
  readonly sets: readonly LabelSet[]
  readonly dropName: Uint8Array
  /** To be asked for ascending series, each once; valid until the next call. */
  readonly points: (series: number) => SeriesPoints
  /** Window at step `i`: `(r - rangeMs, r]` with `r = reference.startMs + i * reference.stepMs`. */
  readonly reference: Reference
  readonly rangeMs: number
  /** How far before a window the point may lie that its changes are counted from; 0: windows begin with their own first point. */
  readonly anchorMs: number
}

const noTimes = new Float64Array(0)
const noHistograms: readonly NativeHistogram[] = []

export function matrixInput(ctx: QueryContext, node: MatrixSelector, input: SeriesInput, grid: Grid): RangeInput {
  const { mode } = node.selector
  if (mode === 'smoothed') throw executionError('smoothed range selectors are not supported yet')
  const sets = input.labels.map((labels) => ctx.symbols.sourceSet(labels))
  const points = (series: number): SeriesPoints => pointsOf(input.rows(series), input.histograms)
  const reference = referenceOf(ctx, node.selector.shift, grid)
  const anchorMs = mode === 'anchored' ? ctx.limits.lookbackMs : 0
  return { sets, dropName: new Uint8Array(sets.length), points, reference, rangeMs: durationOf(ctx, node.range), anchorMs }
}

/** Fast path: no stale marker and no histogram, so the columns serve as they are. */
export function pointsOf({ timesMs, values, start, end }: SeriesRows, histograms: SeriesInput['histograms']): SeriesPoints {
  if (histograms === null && !hasStaleKernel(values, start, end)) {
    return { times: timesMs, values, start, end, histogramTimes: noTimes, histograms: noHistograms }
  }
  const floatTimes: number[] = []
  const floats: number[] = []
  const histogramTimes: number[] = []
  const found: NativeHistogram[] = []
  for (let row = start; row < end; row++) {
    const histogram = histograms?.[row] ?? null
    if (values[row] === STALE || histogram?.sum === STALE) continue
    if (histogram === null) {
      floatTimes.push(timesMs[row]!)
      floats.push(values[row]!)
    } else {
      histogramTimes.push(timesMs[row]!)
      found.push(histogram)
    }
  }
  return {
    times: Float64Array.from(floatTimes),
    values: Float64Array.from(floats),
    start: 0,
    end: floats.length,
    histogramTimes: Float64Array.from(histogramTimes),
    histograms: found,
  }
}

function hasStaleKernel(values: Float64Array, start: number, end: number): boolean {
  for (let row = start; row < end; row++) if (values[row] === STALE) return true
  return false
}

/** The points of a subquery are the present cells of its inner vector. */
export function subqueryInput(ctx: QueryContext, node: Subquery, inner: VectorValue, innerGrid: Grid, grid: Grid): RangeInput {
  const points = (series: number): SeriesPoints => cellPoints(inner, series, innerGrid)
  const reference = referenceOf(ctx, node.shift, grid)
  return { sets: inner.sets, dropName: inner.dropName, points, reference, rangeMs: durationOf(ctx, node.range), anchorMs: 0 }
}

function cellPoints(vector: VectorValue, series: number, grid: Grid): SeriesPoints {
  const first = series * grid.steps
  const times = new Float64Array(grid.steps)
  const values = new Float64Array(grid.steps)
  const histogramTimes: number[] = []
  const histograms: NativeHistogram[] = []
  let count = 0
  for (let i = 0; i < grid.steps; i++) {
    const value = vector.values[first + i]!
    if (value === ABSENT) continue
    const timeMs = grid.startMs + i * grid.stepMs
    const histogram = histogramAt(vector, first + i)
    if (histogram === null) {
      times[count] = timeMs
      values[count++] = value
    } else {
      histogramTimes.push(timeMs)
      // Its hint speaks of the sample before it in the store, which need not be the point before it here.
      histograms.push(histogram.resetHint === 'gauge' ? histogram : { ...histogram, resetHint: 'unknown' })
    }
  }
  return {
    times,
    values,
    start: 0,
    end: count,
    histogramTimes: Float64Array.from(histogramTimes),
    histograms,
  }
}

/**
 * What a range function sees: one reused object, points by index range `[from, to)`. A function gives its float result, or `ABSENT`,
 * or puts a histogram into `histogram` (and then its number does not matter).
 */
export class Window {
  times: Float64Array = noTimes
  values: Float64Array = noTimes
  from = 0
  to = 0
  /** No point of the series lies at or behind this index. */
  end = 0
  histogramTimes: Float64Array = noTimes
  histograms: readonly NativeHistogram[] = noHistograms
  histogramFrom = 0
  histogramTo = 0
  /** End of the window (after offset and `@`), ms. */
  endMs = 0
  rangeMs = 0
  /** As of `RangeInput`: with it, the first point may be one before the window. */
  anchorMs = 0
  /** Evaluation time of the step, ms. */
  timeMs = 0
  step = 0
  /** Metric name of the series, '' when it has none. */
  name = ''
  histogram: NativeHistogram | null = null
  /** Scratch for functions, so that they make none per window. */
  readonly sum = new KahanSum()
  readonly mean = new KahanMean()
  readonly ctx: QueryContext
  /** Character offset of the range argument, for annotations. */
  readonly argStart: number
  /** Scalar arguments by position among the scalars, one value a step. */
  readonly params: readonly Float64Array[]

  constructor(ctx: QueryContext, argStart: number, params: readonly Float64Array[]) {
    this.ctx = ctx
    this.argStart = argStart
    this.params = params
  }

  /** Puts the window before the first point of a series. */
  open(points: SeriesPoints): void {
    this.times = points.times
    this.values = points.values
    this.from = this.to = points.start
    this.end = points.end
    this.histogramTimes = points.histogramTimes
    this.histograms = points.histograms
    this.histogramFrom = this.histogramTo = 0
  }

  get floatCount(): number {
    return this.to - this.from
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom
  }

  param(index: number): number {
    return this.params[index]?.[this.step] ?? NaN
  }

  warn(message: string): void {
    this.ctx.annotations.warn(message, this.argStart)
  }

  info(message: string): void {
    this.ctx.annotations.info(message, this.argStart)
  }
}

export type RangeFunction = (window: Window) => number

/** The windows of all steps over the points of one series without histograms. */
export interface RowWindows {
  readonly times: Float64Array
  readonly values: Float64Array
  /** The points are `[start, end)`. */
  readonly start: number
  readonly end: number
  /** Window at step `i`: `(t - rangeMs, t]` with `t = startMs + i * stepMs`. */
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
  readonly rangeMs: number
  /** First scalar argument of the function, one value a step. */
  readonly param: Float64Array
}

/**
 * A range function over all windows of a series at once: writes the steps with a result to `out[at + i]`. Gives to the last bit what the
 * `RangeFunction` of the same name gives.
 */
export interface RowKernel {
  readonly run: (windows: RowWindows, out: Float64Array, at: number) => void
  /** At most how many looks at a point `run` takes beyond one at each; it neither pauses nor sees a cancellation meanwhile. */
  readonly visits: (windows: RowWindows) => number
}

/** Beyond this many looks at points (some 5 ms) a series goes window by window, with pauses. */
export const rowVisitsMax = 2_000_000

/** Points of all windows together, at most: a point lies in no more windows than steps fit into a range. */
export function windowVisits({ start, end, stepMs, steps, rangeMs }: RowWindows): number {
  return (end - start) * (stepMs > 0 ? Math.min(steps, Math.ceil(rangeMs / stepMs)) : steps)
}

/** A range function, and its faster form when it has one. */
export interface RangeOperation {
  readonly func: RangeFunction
  readonly kernel: RowKernel | null
}

/**
 * Applies a range function to every series at the steps of `grid`, the first of which is the query's step `firstStep`. Series keep their
 * labels; the caller drops names.
 */
export async function applyOverRange(
  input: RangeInput,
  grid: Grid,
  { func, kernel }: RangeOperation,
  window: Window,
  firstStep = 0,
): Promise<VectorValue> {
  const { ctx } = window
  const { steps } = grid
  ctx.reserveCells(input.sets.length * steps)
  const builder = new VectorBuilder(steps, input.sets.length)
  window.rangeMs = input.rangeMs
  window.anchorMs = input.anchorMs
  const { startMs, stepMs } = input.reference
  const param = (window.params[0] ?? noTimes).subarray(firstStep)
  for (let s = 0; s < input.sets.length; s++) {
    const points = input.points(s)
    const cell = builder.addSeries(input.sets[s]!, input.dropName[s])
    const { times, values, start, end } = points
    const windows = { times, values, start, end, startMs, stepMs, steps, rangeMs: input.rangeMs, param }
    const visits = kernel === null || points.histogramTimes.length > 0 ? Infinity : kernel.visits(windows)
    if (kernel !== null && visits <= rowVisitsMax) {
      if (start < end) kernel.run(windows, builder.cells, cell)
      if (ctx.spend(end - start + steps + visits)) await ctx.pause()
    } else {
      window.name = labelValue(input.sets[s]!.labels, metricName)
      const onHistogram = (step: number, histogram: NativeHistogram): void => builder.setHistogram(cell + step, histogram)
      await applyToWindows(points, { reference: input.reference, grid, func, window, firstStep, onHistogram }, builder.cells, cell)
    }
    builder.dropIfEmpty(cell)
  }
  return builder.build()
}

interface Application {
  readonly reference: Reference
  readonly grid: Grid
  readonly func: RangeFunction
  /** With its range and the name of the series. */
  readonly window: Window
  readonly firstStep: number
  readonly onHistogram: (step: number, histogram: NativeHistogram) => void
}

/** The plain form: window by window, with pauses. Step `i` goes to `cells[cell + i]`. */
export async function applyToWindows(points: SeriesPoints, on: Application, cells: Float64Array, cell: number): Promise<void> {
  const { reference, grid, func, window, firstStep } = on
  const { ctx } = window
  window.open(points)
  for (let i = 0; i < grid.steps; i++) {
    slide(window, reference.startMs + i * reference.stepMs)
    const size = window.floatCount + window.histogramCount
    if (ctx.spend(size + 1)) await ctx.pause()
    if (size === 0) continue
    window.step = firstStep + i
    window.timeMs = grid.startMs + i * grid.stepMs
    window.histogram = null
    const value = func(window)
    if (window.histogram !== null) on.onHistogram(i, window.histogram)
    else cells[cell + i] = value
  }
}

/** Moves the window to `(endMs - rangeMs, endMs]`, and with an anchor to the last point before it. Ends never go back within a series. */
export function slide(window: Window, endMs: number): void {
  const afterMs = endMs - window.rangeMs
  const { times, end, histogramTimes } = window
  let { from, to, histogramFrom, histogramTo } = window
  while (to < end && times[to]! <= endMs) to++
  while (histogramTo < histogramTimes.length && histogramTimes[histogramTo]! <= endMs) histogramTo++
  if (window.anchorMs === 0) {
    while (from < to && times[from]! <= afterMs) from++
    while (histogramFrom < histogramTo && histogramTimes[histogramFrom]! <= afterMs) histogramFrom++
  } else {
    from = anchorKernel(times, from, to, afterMs, window.anchorMs)
    histogramFrom = anchorKernel(histogramTimes, histogramFrom, histogramTo, afterMs, window.anchorMs)
  }
  window.from = from
  window.to = to
  window.histogramFrom = histogramFrom
  window.histogramTo = histogramTo
  window.endMs = endMs
}

/** The last of the points `[from, to)` that lies at or before `afterMs`, unless that is too old; else the first one behind it. */
function anchorKernel(times: Float64Array, from: number, to: number, afterMs: number, anchorMs: number): number {
  let first = from
  while (first + 1 < to && times[first + 1]! <= afterMs) first++
  return first < to && times[first]! <= afterMs - anchorMs ? first + 1 : first
}
