/** Canonical text of an expression, as Prometheus prints and prettifies it. `parse(print(x))` gives `x` again. */
import type { Matcher } from '../../metrics/index.ts'
import { childrenOf, type Aggregation, type BinaryExpr, type DurationExpr, type Expr, type TimeShift, type VectorSelector } from './ast.ts'
import { parseExpression } from './checker.ts'
import { formatDuration, formatNumber, isLegacyLabelName, isLegacyMetricName, quote } from './literals.ts'

/** Prettified expressions are split when one line would be longer. */
const lineLengthMax = 100

/** One line. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatDuration(expr.value * 1000) : formatNumber(expr.value)
    case 'string':
      return quote(expr.value)
    case 'selector':
      return printSelector(expr) + printShift(expr.shift) + printMode(expr)
    case 'matrix':
      return `${printSelector(expr.selector)}[${printDuration(expr.range)}]${printShift(expr.selector.shift)}${printMode(expr.selector)}`
    case 'subquery':
      return `${printExpr(expr.expr)}${subqueryTail(expr)}`
    case 'call':
      return `${expr.func}(${expr.args.map(printExpr).join(', ')})`
    case 'aggregate':
      return `${aggregationHead(expr)}(${childrenOf(expr).map(printExpr).join(', ')})`
    case 'binary':
      return `${printExpr(expr.lhs)} ${operatorText(expr)} ${printExpr(expr.rhs)}`
    case 'unary':
      return `${expr.op}${printExpr(expr.expr)}`
    case 'paren':
      return `(${printExpr(expr.expr)})`
  }
}

function subqueryTail(expr: Extract<Expr, { kind: 'subquery' }>): string {
  const step = expr.step === null ? '' : printDuration(expr.step)
  return `[${printDuration(expr.range)}:${step}]${printShift(expr.shift)}`
}

/** `name{...}`; a name that is not an identifier goes inside the braces, quoted. */
export function printSelector(selector: VectorSelector): string {
  const bare = isLegacyMetricName(selector.name)
  const parts = selector.name !== '' && !bare ? [quote(selector.name)] : []
  let nameSeen = false
  for (const matcher of selector.matchers) {
    if (selector.name !== '' && !nameSeen && matcher.name === '__name__' && matcher.op === '=' && matcher.value === selector.name) {
      nameSeen = true
    } else parts.push(printMatcher(matcher))
  }
  const name = bare ? selector.name : ''
  return parts.length === 0 && bare ? name : `${name}{${parts.join(',')}}`
}

function printMatcher(matcher: Matcher): string {
  return `${printLabelName(matcher.name)}${matcher.op}${quote(matcher.value)}`
}

function printLabelName(name: string): string {
  return isLegacyLabelName(name) ? name : quote(name)
}

function printMode(selector: VectorSelector): string {
  return selector.mode === 'plain' ? '' : ` ${selector.mode}`
}

function printShift(shift: TimeShift): string {
  let out = ''
  if (shift.at !== null) out += shift.at.kind === 'time' ? ` @ ${(shift.at.ms / 1000).toFixed(3)}` : ` @ ${shift.at.kind}()`
  if (shift.offset !== null) {
    const text = printDuration(shift.offset)
    out += ` offset ${shift.offset.kind === 'binary' ? `(${text})` : text}`
  }
  return out
}

export function printDuration(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'ms':
      return formatDuration(expr.ms)
    case 'step':
    case 'range':
      return `${expr.kind}()`
    case 'negate':
      return `-${printDuration(expr.expr)}`
    case 'paren':
      return `(${printDuration(expr.expr)})`
    case 'binary':
      return `${printDuration(expr.lhs)} ${expr.op} ${printDuration(expr.rhs)}`
    case 'choose':
      return `${expr.func}(${printDuration(expr.lhs)}, ${printDuration(expr.rhs)})`
  }
}

function aggregationHead(expr: Aggregation): string {
  const labels = expr.grouping.map(printLabelName).join(', ')
  if (expr.without) return `${expr.op} without (${labels}) `
  return expr.grouping.length > 0 ? `${expr.op} by (${labels}) ` : expr.op
}

function operatorText(expr: BinaryExpr): string {
  let out = expr.op
  if (expr.returnBool) out += ' bool'
  const matching = expr.matching
  if (matching === null) return out
  const grouped = matching.card === 'many-to-one' || matching.card === 'one-to-many'
  if (matching.on || matching.labels.length > 0 || grouped) {
    out += ` ${matching.on ? 'on' : 'ignoring'} (${matching.labels.map(printLabelName).join(', ')})`
    if (grouped) {
      const side = matching.card === 'many-to-one' ? 'left' : 'right'
      out += ` group_${side} (${matching.include.map(printLabelName).join(', ')})`
    }
  }
  const { fillLeft, fillRight } = matching
  if (fillLeft !== null && Object.is(fillLeft, fillRight)) return `${out} fill (${formatNumber(fillLeft)})`
  if (fillLeft !== null) out += ` fill_left (${formatNumber(fillLeft)})`
  if (fillRight !== null) out += ` fill_right (${formatNumber(fillRight)})`
  return out
}

/** Several indented lines where one would be too long. */
export function prettyExpr(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level)
  const line = printExpr(expr)
  if (line.length <= lineLengthMax) return indent + line
  const list = (items: readonly Expr[]): string => items.map((item) => prettyExpr(item, level + 1)).join(',\n')
  switch (expr.kind) {
    case 'aggregate':
      return `${indent}${aggregationHead(expr)}(\n${list(childrenOf(expr))}\n${indent})`
    case 'call':
      return `${indent}${expr.func}(\n${list(expr.args)}\n${indent})`
    case 'paren':
      return `${indent}(\n${prettyExpr(expr.expr, level + 1)}\n${indent})`
    case 'binary':
      return `${prettyExpr(expr.lhs, level + 1)}\n${indent}${operatorText(expr)}\n${prettyExpr(expr.rhs, level + 1)}`
    case 'unary':
      return `${indent}${expr.op}${prettyExpr(expr.expr, level).trimStart()}`
    case 'subquery':
      return `${prettyExpr(expr.expr, level)}${subqueryTail(expr)}`
    default:
      return indent + line
  }
}

/** The query, parsed, checked and printed canonically (`/api/v1/format_query`). Throws `promql.parse`. */
export function formatQuery(text: string): string {
  return prettyExpr(parseExpression(text))
}
