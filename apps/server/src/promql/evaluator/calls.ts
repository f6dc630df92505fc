/** Function calls: evaluates the arguments and hands them to the functions' tables. */
import { anchoredFunctions } from '../functions/anchored.ts'
import { absentLabels, labelJoin, labelReplace, sortByLabels, sortByValue } from '../functions/labels.ts'
import { histogramFunctions } from '../functions/histogram.ts'
import { mapFloats, mathFunctions } from '../functions/math.ts'
import { overTimeKernels, presentKernel } from '../functions/over-time-kernels.ts'
import { nameKeepers, overTimeFunctions } from '../functions/over-time.ts'
import { rateKernels } from '../functions/rate-kernels.ts'
import { looksLikeCounter, rateFunctions } from '../functions/rate.ts'
import { regressionFunctions } from '../functions/regression.ts'
import { anchoredIsFor, executionError } from '../errors.ts'
import { unwrapParens, type Call, type Expr } from '../syntax/ast.ts'
import { typeOf } from '../syntax/checker.ts'
import { notes } from './annotations.ts'
import { plainRange, plainSelector, type ReducedRows } from './aggregate-rows.ts'
import type { QueryContext } from './context.ts'
import { labelValue, metricName, type LabelSet } from './label-sets.ts'
import { Window, type RangeFunction, type RangeOperation, type RowKernel } from './range-input.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, emptyVector, namesDropped, VectorBuilder, type Grid, type ScalarValue, type Value, type VectorValue } from './values.ts'

/** What calls need of the evaluator. */
export interface Evaluation {
  readonly ctx: QueryContext
  evaluate(expr: Expr, grid: Grid): Promise<Value>
  /** A function of a range, computed here or where the samples are. */
  overRange(expr: Expr, grid: Grid, operation: RangeOperation, window: Window): Promise<VectorValue>
  /** The times of a selector's samples in seconds. */
  sampleTimes(expr: Expr, grid: Grid): Promise<VectorValue | null>
}

const rowKernels: ReadonlyMap<string, RowKernel> = new Map([...rateKernels, ...overTimeKernels])
const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map([...rateFunctions, ...overTimeFunctions, ...regressionFunctions])

/** Names are dropped at once, or marked to be dropped at the end. */
export function dropNames(ctx: QueryContext, vector: VectorValue): VectorValue {
  return ctx.delayedNames ? { ...vector, dropName: new Uint8Array(vector.sets.length).fill(1) } : namesDropped(vector, ctx.symbols)
}

export async function evaluateCall(on: Evaluation, node: Call, grid: Grid): Promise<Value> {
  const func = rangeFunctions.get(node.func)
  if (func !== undefined) return rangeCall(on, node, grid, func)
  if (node.func === 'absent_over_time') return absentOverTime(on, node, grid)
  const scalars = scalarOf(on.ctx, node, grid)
  if (scalars !== null) return scalars
  if (node.func === 'timestamp') return timestamps(on, node, grid)
  const math = mathFunctions.get(node.func)
  if (math !== undefined && node.args.length === 0) return mapFloats(on.ctx, timeVector(on.ctx, grid), math, [])
  const args: Value[] = []
  for (const arg of node.args) args.push(await on.evaluate(arg, grid))
  if (math !== undefined) {
    const mapped = await mapFloats(on.ctx, vectorArg(args, 0), math, args.slice(1).map(scalarValues))
    return dropNames(on.ctx, mapped)
  }
  const histogram = histogramFunctions.get(node.func)
  if (histogram !== undefined) return dropNames(on.ctx, histogram(on.ctx, node, args))
  return other(on.ctx, node, args, grid)
}

function vectorArg(args: readonly Value[], index: number): VectorValue {
  const value = args[index]
  if (value?.type !== 'vector') throw new Error('a function lost its vector argument')
  return value
}

function scalarValues(value: Value): Float64Array {
  if (value.type !== 'scalar') throw new Error('a function lost its scalar argument')
  return value.values
}

function strings(args: readonly Value[]): string[] {
  return args.flatMap((value) => (value.type === 'string' ? [value.value] : []))
}

/** Functions without arguments that give a scalar. */
function scalarOf(ctx: QueryContext, node: Call, grid: Grid): ScalarValue | null {
  const filled = (value: number): ScalarValue => ({ type: 'scalar', values: new Float64Array(grid.steps).fill(value) })
  switch (node.func) {
    case 'pi':
      return filled(Math.PI)
    case 'start':
      return filled(ctx.bounds.startMs / 1000)
    case 'end':
      return filled(ctx.bounds.endMs / 1000)
    case 'step':
      return filled(ctx.bounds.stepMs / 1000)
    case 'range':
      return filled((ctx.bounds.endMs - ctx.bounds.startMs) / 1000)
    case 'time':
      return { type: 'scalar', values: timesSec(grid) }
    default:
      return null
  }
}

function vectorOf(ctx: QueryContext, values: Float64Array): VectorValue {
  const sets = [ctx.symbols.labelSet([])]
  return { type: 'vector', steps: values.length, sets, dropName: new Uint8Array(1), values, histograms: null }
}

function timeVector(ctx: QueryContext, grid: Grid): VectorValue {
  return vectorOf(ctx, timesSec(grid))
}

/** A plain loop: `Float64Array.from` takes twenty times as long, and a subquery may have millions of steps. */
function timesSec(grid: Grid): Float64Array {
  const times = new Float64Array(grid.steps)
  for (let i = 0; i < grid.steps; i++) times[i] = (grid.startMs + i * grid.stepMs) / 1000
  return times
}

function other(ctx: QueryContext, node: Call, args: readonly Value[], grid: Grid): Value {
  switch (node.func) {
    case 'absent':
      return absent(ctx, node, vectorArg(args, 0))
    case 'scalar':
      return scalarFrom(vectorArg(args, 0))
    case 'vector':
      return vectorOf(ctx, scalarValues(args[0] ?? { type: 'string', value: '' }))
    case 'min_of':
    case 'max_of': {
      const choose = node.func === 'min_of' ? Math.min : Math.max
      const [left, right] = args.map(scalarValues)
      return { type: 'scalar', values: Float64Array.from({ length: grid.steps }, (_, i) => choose(left?.[i] ?? NaN, right?.[i] ?? NaN)) }
    }
    case 'label_replace':
      return labelReplace(ctx, vectorArg(args, 0), strings(args))
    case 'label_join':
      return labelJoin(ctx, vectorArg(args, 0), strings(args))
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sorted(ctx, node, vectorArg(args, 0), strings(args))
    default:
      throw executionError(`function ${node.func} is not supported yet`)
  }
}

function sorted(ctx: QueryContext, node: Call, vector: VectorValue, names: readonly string[]): VectorValue {
  if (!ctx.isInstant) {
    ctx.annotations.warn(notes.sortInRange, node.start)
    return vector
  }
  if (vector.steps !== 1) return vector
  const descending = node.func.endsWith('_desc')
  return node.func.startsWith('sort_by_label') ? sortByLabels(vector, names, descending) : sortByValue(vector, descending)
}

/** The one float of each step, NaN when there are none or several. */
function scalarFrom(vector: VectorValue): ScalarValue {
  const { steps } = vector
  const values = new Float64Array(steps).fill(NaN)
  for (let i = 0; i < steps; i++) {
    let count = 0
    for (let s = 0; s < vector.sets.length && count < 2; s++) {
      const cell = s * steps + i
      if (vector.values[cell] === ABSENT || histogramAt(vector, cell) !== null) continue
      values[i] = vector.values[cell]!
      count++
    }
    if (count !== 1) values[i] = NaN
  }
  return { type: 'scalar', values }
}

/** 1 at the steps where nothing is present. */
function absenceOf(ctx: QueryContext, vector: VectorValue, of: Expr): VectorValue {
  const inner = unwrapParens(of)
  const selector = inner.kind === 'matrix' ? inner.selector : inner
  const { steps } = vector
  const values = new Float64Array(steps).fill(1)
  for (let cell = 0; cell < vector.values.length; cell++) if (vector.values[cell] !== ABSENT) values[cell % steps] = ABSENT
  const builder = new VectorBuilder(steps, 1)
  const first = builder.addSeries(ctx.symbols.labelSet(selector.kind === 'selector' ? absentLabels(selector.matchers) : []))
  builder.cells.set(values)
  builder.dropIfEmpty(first)
  return builder.build()
}

function absent(ctx: QueryContext, node: Call, vector: VectorValue): VectorValue {
  const of = node.args[0]
  return of === undefined ? vector : absenceOf(ctx, vector, of)
}

async function absentOverTime(on: Evaluation, node: Call, grid: Grid): Promise<VectorValue> {
  const of = node.args[0]
  if (of === undefined) return emptyVector(grid.steps)
  if (isAnchored(of)) throw executionError(anchoredIsFor)
  const present = await on.overRange(of, grid, { func: () => 1, kernel: presentKernel }, new Window(on.ctx, of.start, []))
  return absenceOf(on.ctx, present, of)
}

async function timestamps(on: Evaluation, node: Call, grid: Grid): Promise<VectorValue> {
  const of = node.args[0]
  if (of === undefined) return emptyVector(grid.steps)
  const times = await on.sampleTimes(of, grid)
  if (times !== null) return dropNames(on.ctx, times)
  const vector = vectorArg([await on.evaluate(of, grid)], 0)
  const values = Float64Array.from(vector.values, (value, cell) =>
    value === ABSENT ? ABSENT : (grid.startMs + (cell % grid.steps) * grid.stepMs) / 1000,
  )
  return dropNames(on.ctx, { ...vector, values, histograms: null })
}

async function rangeCall(on: Evaluation, node: Call, grid: Grid, func: RangeFunction): Promise<VectorValue> {
  const { ctx } = on
  const rangeArg = node.args.find((arg) => typeOf(arg) === 'matrix')
  if (rangeArg === undefined) throw new Error('a range function lost its range')
  const params: Float64Array[] = []
  for (const arg of node.args) if (arg !== rangeArg) params.push(scalarValues(await on.evaluate(arg, grid)))
  const operation = isAnchored(rangeArg) ? anchoredOperation(node.func) : { func, kernel: rowKernels.get(node.func) ?? null }
  const vector = await on.overRange(rangeArg, grid, operation, new Window(ctx, rangeArg.start, params))
  annotateRange(ctx, node, rangeArg, vector, params)
  return nameKeepers.has(node.func) ? vector : dropNames(ctx, vector)
}

function isAnchored(expr: Expr): boolean {
  const node = unwrapParens(expr)
  return node.kind === 'matrix' && node.selector.mode === 'anchored'
}

/** Errors: `promql.execution`, for functions that have no use for the sample before the range. */
function anchoredOperation(name: string): RangeOperation {
  const func = anchoredFunctions.get(name)
  if (func === undefined) throw executionError(anchoredIsFor)
  return { func, kernel: null }
}

/** How an aggregation reads its argument series by series, or null when it is more than a selector or one range function with a kernel. */
export function reducible(ctx: QueryContext, expr: Expr): ReducedRows | null {
  const selector = plainSelector(expr)
  if (selector !== null) return { selector, range: null, onSeries: () => undefined }
  const call = unwrapParens(expr)
  if (call.kind !== 'call') return null
  const matrix = plainRange(call)
  const func = rangeFunctions.get(call.func)
  const kernel = rowKernels.get(call.func)
  const argument = call.args[0]
  if (matrix === null || func === undefined || kernel === undefined || argument === undefined) return null
  const range = { matrix, func, kernel, keepsName: nameKeepers.has(call.func) }
  const onSeries = wantsCounter.has(call.func) ? (set: LabelSet): void => noteNonCounter(ctx, set, argument) : (): void => undefined
  return { selector: matrix.selector, range, onSeries }
}

function noteNonCounter(ctx: QueryContext, set: LabelSet, argument: Expr): void {
  const name = labelValue(set.labels, metricName)
  const type = labelValue(set.labels, '__type__')
  if (name === '' || looksLikeCounter(name) || type === 'counter' || type === 'histogram') return
  ctx.annotations.info(notes.possibleNonCounter(name), argument.start)
}

const wantsCounter: ReadonlySet<string> = new Set(['rate', 'increase'])

function annotateRange(ctx: QueryContext, node: Call, rangeArg: Expr, vector: VectorValue, params: readonly Float64Array[]): void {
  if (node.func === 'quantile_over_time' && vector.sets.length > 0) {
    for (const q of params[0] ?? [])
      if (!(q >= 0 && q <= 1)) ctx.annotations.warn(notes.quantileOutOfRange(q), node.args[0]?.start ?? node.start)
  }
  if (!wantsCounter.has(node.func)) return
  for (const [s, set] of vector.sets.entries()) {
    if (vector.histograms?.slice(s * vector.steps, (s + 1) * vector.steps).some((cell) => cell !== null) === true) continue
    noteNonCounter(ctx, set, rangeArg)
  }
}
