/** Duration expressions: their value depends on the step and the range of the query they stand in. */
import { executionError } from '../errors.ts'
import type { DurationExpr } from './ast.ts'

export interface DurationContext {
  readonly stepMs: number
  readonly rangeMs: number
}

/** Whole milliseconds. Throws `promql.execution` when it is not finite. */
export function resolveDuration(expr: DurationExpr, context: DurationContext): number {
  if (expr.kind === 'ms') return expr.ms
  const seconds = secondsOf(expr, context)
  if (!Number.isFinite(seconds)) throw executionError('duration expression is not finite')
  return Math.round(seconds * 1000)
}

/** In seconds, because `*`, `/` and `^` mean numbers of seconds. */
function secondsOf(expr: DurationExpr, context: DurationContext): number {
  switch (expr.kind) {
    case 'ms':
      return expr.ms / 1000
    case 'step':
      return context.stepMs / 1000
    case 'range':
      return context.rangeMs / 1000
    case 'negate':
      return -secondsOf(expr.expr, context)
    case 'paren':
      return secondsOf(expr.expr, context)
    case 'choose': {
      const choose = expr.func === 'min_of' ? Math.min : Math.max
      return choose(secondsOf(expr.lhs, context), secondsOf(expr.rhs, context))
    }
    case 'binary': {
      const lhs = secondsOf(expr.lhs, context)
      const rhs = secondsOf(expr.rhs, context)
      switch (expr.op) {
        case '+':
          return lhs + rhs
        case '-':
          return lhs - rhs
        case '*':
          return lhs * rhs
        case '/':
          return lhs / rhs
        case '%':
          return lhs % rhs
        case '^':
          return lhs ** rhs
      }
    }
  }
}
