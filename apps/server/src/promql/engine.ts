/** The engine: text in, values out, within limits. */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { executionError, parseError, tooManySteps } from './errors.ts'
import { QueryContext, type QueryBounds } from './evaluator/context.ts'
import { Evaluator } from './evaluator/evaluate.ts'
import { SymbolTable } from './evaluator/label-sets.ts'
import { instantValue, matrixValue, windowSeries } from './evaluator/results.ts'
import type { Grid } from './evaluator/values.ts'
import type { PromqlEngine, QueryLimits, QueryOutcome, QueryValue, RangeQuery, SampleSource } from './ports.ts'
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

/** Interned names and values an engine keeps between queries; beyond it starts anew (running queries keep the old ones). */
const symbolsMax = 500_000

export function createPromqlEngine(options: PromqlEngineOptions): PromqlEngine {
  let symbols = new SymbolTable()
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
  const contextFor = (text: string, bounds: QueryBounds, [source, limits, signal]: Reading): QueryContext => {
    const delayedNames = options.delayedNameRemoval ?? false
    if (symbols.size > symbolsMax) symbols = new SymbolTable()
    return new QueryContext({ text, bounds, symbols, source, limits, signal, clock: options.clock, delayedNames })
  }
  return {
    instant(query, timeMs, ...reading) {
      return promised(() => {
        const expr = parseExpression(query)
        const ctx = contextFor(query, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, reading)
        return run(ctx, () => evaluateInstant(ctx, expr, timeMs))
      })
    },
    range(request, ...reading) {
      return promised(() => {
        const expr = checkedRange(request, reading[1])
        const { startMs, endMs, stepMs } = request
        const ctx = contextFor(request.query, { startMs, endMs, stepMs }, reading)
        return run(ctx, () => evaluateRange(ctx, expr, request))
      })
    },
  }
}

/** What every query reads from, within what, until when. */
type Reading = readonly [source: SampleSource, limits: QueryLimits, signal: AbortSignal]

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

async function evaluateRange(ctx: QueryContext, expr: Expr, request: RangeQuery): Promise<QueryOutcome> {
  const grid: Grid = { startMs: request.startMs, stepMs: request.stepMs, steps: stepsOf(request) }
  const value = await new Evaluator(ctx, expr, grid).evaluate(expr, grid)
  return outcome(ctx, matrixValue(ctx, value, grid))
}
