/** Binary operators with at least one scalar side. */
import type { BinaryExpr } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import { arithmetic, comparisons, histogramOp, refuseFloatTrim, trimOperators } from './element-ops.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, namesDropped, VectorBuilder, type ScalarValue, type VectorValue } from './values.ts'

export function scalarScalar(node: BinaryExpr, left: ScalarValue, right: ScalarValue): ScalarValue {
  const values = new Float64Array(left.values.length)
  const op = arithmetic.get(node.op)
  const test = comparisons.get(node.op)
  for (let i = 0; i < values.length; i++) {
    const l = left.values[i]!
    const r = right.values[i]!
    values[i] = op !== undefined ? op(l, r) : test !== undefined && test(l, r) ? 1 : 0
  }
  return { type: 'scalar', values }
}

/** `vector op scalar`, or `scalar op vector` when `swapped`. A comparison without `bool` keeps the vector's samples that pass. */
export async function vectorScalar(
  ctx: QueryContext,
  node: BinaryExpr,
  vector: VectorValue,
  scalar: ScalarValue,
  swapped: boolean,
): Promise<VectorValue> {
  const { steps } = vector
  ctx.reserveCells(vector.values.length)
  const builder = new VectorBuilder(steps, vector.sets.length)
  const test = comparisons.get(node.op)
  const trims = trimOperators.has(node.op)
  const dropsName = (test === undefined && !trims) || node.returnBool
  for (let s = 0; s < vector.sets.length; s++) {
    if (ctx.spend(steps)) await ctx.pause()
    const cell = builder.addSeries(vector.sets[s]!, dropsName ? 1 : vector.dropName[s])
    rowKernel(node, vector.values, s * steps, scalar.values, builder.cells, cell, steps, swapped)
    if (vector.histograms !== null) histogramRow(ctx, node, vector, s * steps, scalar, builder, cell, swapped)
    if (trims && hasFloat(vector, s)) refuseFloatTrim(node.op, ctx.annotations, node.start)
    builder.dropIfEmpty(cell)
  }
  const result = builder.build()
  return dropsName && !ctx.delayedNames ? namesDropped(result, ctx.symbols) : result
}

function hasFloat(vector: VectorValue, series: number): boolean {
  for (let cell = series * vector.steps; cell < (series + 1) * vector.steps; cell++) {
    if (vector.values[cell] !== ABSENT && histogramAt(vector, cell) === null) return true
  }
  return false
}

function rowKernel(
  node: BinaryExpr,
  from: Float64Array,
  fromCell: number,
  scalars: Float64Array,
  to: Float64Array,
  toCell: number,
  steps: number,
  swapped: boolean,
): void {
  const op = arithmetic.get(node.op)
  const test = comparisons.get(node.op)
  for (let i = 0; i < steps; i++) {
    const value = from[fromCell + i]!
    if (value === ABSENT) continue
    const left = swapped ? scalars[i]! : value
    const right = swapped ? value : scalars[i]!
    if (op !== undefined) to[toCell + i] = op(left, right)
    else if (test !== undefined) {
      const kept = test(left, right)
      if (node.returnBool) to[toCell + i] = kept ? 1 : 0
      else if (kept) to[toCell + i] = value
    }
  }
}

/** Overwrites the cells that hold histograms; the float kernel saw NaN there. */
function histogramRow(
  ctx: QueryContext,
  node: BinaryExpr,
  vector: VectorValue,
  fromCell: number,
  scalar: ScalarValue,
  builder: VectorBuilder,
  toCell: number,
  swapped: boolean,
): void {
  for (let i = 0; i < vector.steps; i++) {
    const histogram = histogramAt(vector, fromCell + i)
    if (histogram === null) continue
    const sample = { float: NaN, histogram }
    const number = { float: scalar.values[i]!, histogram: null }
    const result = histogramOp(node.op, swapped ? number : sample, swapped ? sample : number, ctx.annotations, node.start)
    builder.cells[toCell + i] = ABSENT
    if (result !== null && result.keep && result.histogram !== null) builder.setHistogram(toCell + i, result.histogram)
  }
}
