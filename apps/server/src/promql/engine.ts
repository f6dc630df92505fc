/** The engine: text in, values out, within limits. */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { NativeHistogram } from '../metrics/index.ts'
import { executionError, parseError, tooManySteps } from './errors.ts'
import { QueryContext, type QueryBounds } from './evaluator/context.ts'
import { Evaluator } from './evaluator/evaluate.ts'
import { compareLabels } from './evaluator/label-sets.ts'
import { slide, Window, type RangeInput } from './evaluator/range-input.ts'
import { histogramAt, isEmptySeries } from './evaluator/selector.ts'
import { ABSENT, pendingNamesDropped, type Grid, type Value, type VectorValue } from './evaluator/values.ts'
import type { InstantSeries, PromqlEngine, QueryLimits, QueryOutcome, QueryValue, RangeQuery, RangeSeries, SampleSource } from './ports.ts'
import { unwrapParens, valueTypeNames, type Expr } from './syntax/ast.ts'
import { parseExpression, typeOf } from './syntax/checker.ts'

export interface PromqlEngineOptions {
  readonly clock: Clock
  /**
   * Drop metric names only at the end of a query, so that `label_replace` and `by (__name__)` still see them. Off by default, as in a
   * Prometheus server; its test files are written for it on.
   */
  readonly delayedNameRemoval?: boolean
}

export function createPromqlEngine(options: PromqlEngineOptions): PromqlEngine {
  const run = async <T>(ctx: QueryContext, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      // What fails because the query was stopped is reported as that, whatever the source threw.
      if (!(error instanceof AppError) || error.kind === 'canceled' || error.kind === 'timeout') ctx.check()
      throw error
    } finally {
      ctx[Symbol.dispose]()
    }
  }
  const contextFor = (text: string, bounds: QueryBounds, source: SampleSource, limits: QueryLimits, signal: AbortSignal): QueryContext =>
    new QueryContext({
      text,
      bounds,
      source,
      limits,
      signal,
      clock: options.clock,
      delayedNames: options.delayedNameRemoval ?? false,
    })
  return {
    instant(query, timeMs, source, limits, signal) {
      return promised(() => {
        const expr = parseExpression(query)
        const ctx = contextFor(query, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, source, limits, signal)
        return run(ctx, () => evaluateInstant(ctx, expr, timeMs))
      })
    },
    range(request, source, limits, signal) {
      return promised(() => {
        const expr = checkedRange(request, limits)
        const { startMs, endMs, stepMs } = request
        const ctx = contextFor(request.query, { startMs, endMs, stepMs }, source, limits, signal)
        return run(ctx, () => evaluateRange(ctx, expr, request))
      })
    },
  }
}

/** Errors of the preparation reject as well, they are not thrown at the caller. */
async function promised<T>(work: () => Promise<T>): Promise<T> {
  return work()
}

function checkedRange(request: RangeQuery, limits: QueryLimits): Expr {
  const expr = parseExpression(request.query)
  const type = typeOf(expr)
  if (type !== 'vector' && type !== 'scalar') {
    throw parseError(
      request.query,
      0,
      `invalid expression type "${valueTypeNames[type]}" for range query, must be Scalar or instant Vector`,
    )
  }
  if (!(request.stepMs > 0)) throw executionError('zero or negative query resolution step widths are not accepted. Try a positive integer')
  if (request.endMs < request.startMs) throw executionError('end timestamp must not be before start time')
  if (stepsOf(request) > limits.stepsMax) throw new AppError(tooManySteps)
  return expr
}

function stepsOf(request: RangeQuery): number {
  return Math.floor((request.endMs - request.startMs) / request.stepMs) + 1
}

function outcome(ctx: QueryContext, value: QueryValue): QueryOutcome {
  return { value, warnings: ctx.annotations.warnings, infos: ctx.annotations.infos, samplesRead: ctx.samplesRead }
}

async function evaluateInstant(ctx: QueryContext, expr: Expr, timeMs: number): Promise<QueryOutcome> {
  const grid: Grid = { startMs: timeMs, stepMs: 0, steps: 1 }
  const evaluator = new Evaluator(ctx, expr, grid)
  const inner = unwrapParens(expr)
  if (inner.kind === 'matrix' || inner.kind === 'subquery') {
    const input = await evaluator.range(inner, grid)
    return outcome(ctx, { type: 'matrix', series: windowSeries(ctx, input) })
  }
  const value = await evaluator.evaluate(expr, grid)
  return outcome(ctx, instantValue(ctx, value, timeMs))
}

function instantValue(ctx: QueryContext, value: Value, timeMs: number): QueryValue {
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

async function evaluateRange(ctx: QueryContext, expr: Expr, request: RangeQuery): Promise<QueryOutcome> {
  const grid: Grid = { startMs: request.startMs, stepMs: request.stepMs, steps: stepsOf(request) }
  const value = await new Evaluator(ctx, expr, grid).evaluate(expr, grid)
  if (value.type === 'string') throw new Error('a range query gave a string')
  const vector: VectorValue =
    value.type === 'vector'
      ? pendingNamesDropped(value, ctx.symbols)
      : {
          type: 'vector',
          steps: grid.steps,
          sets: [ctx.symbols.labelSet([])],
          dropName: new Uint8Array(1),
          values: value.values,
          histograms: null,
        }
  const series: RangeSeries[] = []
  for (let s = 0; s < vector.sets.length; s++) if (!isEmptySeries(vector, s)) series.push(rangeSeries(vector, s, grid))
  return outcome(ctx, { type: 'matrix', series: sortedByLabels(series) })
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
function windowSeries(ctx: QueryContext, input: RangeInput): RangeSeries[] {
  const window = new Window(ctx, 0, [])
  window.rangeMs = input.rangeMs
  const series: RangeSeries[] = []
  for (const [s, points] of input.points.entries()) {
    Object.assign(window, { ...points, from: 0, to: 0, histogramFrom: 0, histogramTo: 0 })
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
