/** Evaluates a checked expression one operator at a time, each over all steps of its grid. */
import { unwrapParens, setOperators, type Aggregation, type BinaryExpr, type Expr } from '../syntax/ast.ts'
import { aggregate } from './aggregate.ts'
import { isReduction, reduceRows } from './aggregate-rows.ts'
import { scalarScalar, vectorScalar } from './binary-scalar.ts'
import { setOperation } from './binary-set.ts'
import { vectorVector } from './binary-vector.ts'
import { anchoredIsFor, executionError } from '../errors.ts'
import { dropNames, evaluateCall, reducible, type Evaluation } from './calls.ts'
import type { QueryContext } from './context.ts'
import { scaled } from '../histograms/arithmetic.ts'
import { applyOverRange, matrixInput, subqueryInput, type RangeInput, type RangeOperation, type Window } from './range-input.ts'
import { evaluateSelector } from './selector.ts'
import { SelectorPlan } from './selector-plan.ts'
import { evaluateParts } from './series-input.ts'
import { narrowedGrid, subqueryGrid } from './time-grid.ts'
import { ABSENT, broadcast, emptyVector, type Grid, type Value, type VectorValue } from './values.ts'

export class Evaluator implements Evaluation {
  readonly ctx: QueryContext
  readonly #plan: SelectorPlan

  /** Starts reading at once. */
  constructor(ctx: QueryContext, expr: Expr, grid: Grid) {
    this.ctx = ctx
    this.#plan = new SelectorPlan(ctx, expr, grid)
  }

  async evaluate(expr: Expr, outer: Grid): Promise<Value> {
    const grid = narrowedGrid(expr, outer)
    const value = await this.#node(expr, grid)
    return grid.steps === outer.steps ? value : broadcast(value, outer.steps)
  }

  async #node(expr: Expr, grid: Grid): Promise<Value> {
    this.ctx.check()
    switch (expr.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(grid.steps).fill(expr.value) }
      case 'string':
        return { type: 'string', value: expr.value }
      case 'selector':
        return grid.steps === 0 ? emptyVector(0) : evaluateSelector(this.ctx, this.#plan, expr, grid, false)
      case 'paren':
        return this.evaluate(expr.expr, grid)
      case 'unary':
        return this.#unary(expr.op, await this.evaluate(expr.expr, grid))
      case 'binary':
        return this.#binary(expr, grid)
      case 'aggregate': {
        const param = expr.param === null ? null : await this.evaluate(expr.param, grid)
        const reduced = isReduction(expr) ? await this.#reduced(expr, grid) : null
        return reduced ?? aggregate(this.ctx, expr, vectorValue(await this.evaluate(expr.expr, grid)), param)
      }
      case 'call':
        return evaluateCall(this, expr, grid)
      case 'matrix':
      case 'subquery':
        throw new Error('a range vector was evaluated as an instant one')
    }
  }

  /** A reduction of what can be read series by series, or null. */
  async #reduced(node: Aggregation, outer: Grid): Promise<VectorValue | null> {
    const rows = reducible(this.ctx, node.expr)
    // A narrower grid means that the result is repeated: seldom, and cheap the long way.
    if (rows === null || outer.steps === 0 || narrowedGrid(node.expr, outer) !== outer) return null
    return reduceRows(this.ctx, node, rows, outer, await this.#plan.fetched(rows.selector))
  }

  #unary(op: '+' | '-', value: Value): Value {
    if (op === '+' || value.type === 'string') return value
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((number) => -number) }
    const values = value.values.map((number) => (number === ABSENT ? ABSENT : -number))
    const histograms = value.histograms?.map((histogram) => (histogram === null ? null : scaled(histogram, -1))) ?? null
    return dropNames(this.ctx, { ...value, values, histograms })
  }

  async #binary(node: BinaryExpr, grid: Grid): Promise<Value> {
    const left = await this.evaluate(node.lhs, grid)
    const right = await this.evaluate(node.rhs, grid)
    if (left.type === 'scalar' && right.type === 'scalar') return scalarScalar(node, left, right)
    if (left.type === 'vector' && right.type === 'scalar') return vectorScalar(this.ctx, node, left, right, false)
    if (left.type === 'scalar' && right.type === 'vector') return vectorScalar(this.ctx, node, right, left, true)
    const l = vectorValue(left)
    const r = vectorValue(right)
    return setOperators.has(node.op) ? setOperation(this.ctx, node, l, r) : vectorVector(this.ctx, node, l, r)
  }

  async range(expr: Expr, grid: Grid): Promise<RangeInput> {
    const node = unwrapParens(expr)
    if (node.kind === 'matrix') {
      if (node.selector.mode !== 'plain') throw executionError(anchoredIsFor)
      const [part] = await this.#plan.fetched(node.selector)
      if (part?.kind !== 'rows' || part.steps < grid.steps) throw new Error('a range was asked for all its samples at once')
      return matrixInput(this.ctx, node, part.input, grid)
    }
    if (node.kind !== 'subquery') throw new Error('an instant vector was used as a range')
    const innerGrid = subqueryGrid(this.ctx, node, grid)
    const inner = await this.evaluate(node.expr, innerGrid)
    const vector = inner.type === 'scalar' ? scalarAsVector(this.ctx, inner.values) : vectorValue(inner)
    return subqueryInput(this.ctx, node, vector, innerGrid, grid)
  }

  async overRange(expr: Expr, grid: Grid, operation: RangeOperation, window: Window): Promise<VectorValue> {
    const node = unwrapParens(expr)
    if (node.kind !== 'matrix') return applyOverRange(await this.range(node, grid), grid, operation, window)
    const parts = await this.#plan.fetched(node.selector)
    return evaluateParts(this.ctx, parts, grid, (input, part, firstStep) =>
      applyOverRange(matrixInput(this.ctx, node, input, part), part, operation, window, firstStep),
    )
  }

  async sampleTimes(expr: Expr, outer: Grid): Promise<VectorValue | null> {
    const node = unwrapParens(expr)
    if (node.kind !== 'selector' || outer.steps === 0) return null
    const grid = narrowedGrid(node, outer)
    const times = await evaluateSelector(this.ctx, this.#plan, node, grid, true)
    return grid.steps === outer.steps ? times : vectorValue(broadcast(times, outer.steps))
  }
}

function scalarAsVector(ctx: QueryContext, values: Float64Array): VectorValue {
  const sets = [ctx.symbols.labelSet([])]
  return { type: 'vector', steps: values.length, sets, dropName: new Uint8Array(1), values, histograms: null }
}

function vectorValue(value: Value): VectorValue {
  if (value.type !== 'vector') throw new Error('an operator lost its vector')
  return value
}
