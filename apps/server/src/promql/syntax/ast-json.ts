/** The tree as JSON, in the shape of Prometheus' `/api/v1/parse_query`. */
import type { Expr, TimeShift, VectorSelector } from './ast.ts'
import { parseExpression } from './checker.ts'
import { formatNumber } from './literals.ts'
import { resolveDuration } from './duration.ts'
import { signatures } from './signatures.ts'

export type AstJson = { readonly [key: string]: unknown }

/** Durations that depend on the step have none here: they are shown for a zero step and range. */
const noGrid = { stepMs: 0, rangeMs: 0 }

function shiftJson(shift: TimeShift): AstJson {
  return {
    offset: shift.offset === null ? 0 : resolveDuration(shift.offset, noGrid),
    timestamp: shift.at?.kind === 'time' ? shift.at.ms : null,
    startOrEnd: shift.at === null || shift.at.kind === 'time' ? null : shift.at.kind,
  }
}

function selectorJson(selector: VectorSelector): AstJson {
  const matchers = selector.matchers.map((matcher) => ({ name: matcher.name, value: matcher.value, type: matcher.op }))
  return { name: selector.name, matchers, ...shiftJson(selector.shift) }
}

/** A node and everything below it. */
export function exprJson(expr: Expr): AstJson {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatNumber(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'selector':
      return { type: 'vectorSelector', ...selectorJson(expr) }
    case 'matrix':
      return { type: 'matrixSelector', range: resolveDuration(expr.range, noGrid), ...selectorJson(expr.selector) }
    case 'subquery': {
      const step = expr.step === null ? 0 : resolveDuration(expr.step, noGrid)
      return { type: 'subquery', expr: exprJson(expr.expr), range: resolveDuration(expr.range, noGrid), step, ...shiftJson(expr.shift) }
    }
    case 'call': {
      const signature = signatures.get(expr.func)
      const func = {
        name: expr.func,
        argTypes: signature?.args ?? [],
        variadic: signature?.variadic ?? 0,
        returnType: signature?.returns ?? 'vector',
      }
      return { type: 'call', func, args: expr.args.map(exprJson) }
    }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: exprJson(expr.expr),
        param: expr.param === null ? null : exprJson(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      }
    case 'binary': {
      const { matching } = expr
      const shown = matching === null ? null : { card: matching.card, labels: matching.labels, on: matching.on, include: matching.include }
      return { type: 'binaryExpr', op: expr.op, lhs: exprJson(expr.lhs), rhs: exprJson(expr.rhs), matching: shown, bool: expr.returnBool }
    }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: exprJson(expr.expr) }
    case 'paren':
      return { type: 'parenExpr', expr: exprJson(expr.expr) }
  }
}

/** Throws `promql.parse`. */
export function parseQuery(text: string): AstJson {
  return exprJson(parseExpression(text))
}
