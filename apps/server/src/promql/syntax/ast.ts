/** The syntax tree. Nodes are plain frozen-by-convention records with character offsets `[start, end)` into the query. */
import type { Matcher } from '../../metrics/index.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

export const valueTypeNames: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
}

interface Span {
  readonly start: number
  readonly end: number
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryExpr
  | UnaryExpr
  | ParenExpr

export interface NumberLiteral extends Span {
  readonly kind: 'number'
  readonly value: number
  /** Written as a duration (`5m`), value in seconds. */
  readonly isDuration: boolean
}

export interface StringLiteral extends Span {
  readonly kind: 'string'
  readonly value: string
}

/** A length of time that may depend on the query's step and range. Values in ms. */
export type DurationExpr =
  | { readonly kind: 'ms'; readonly ms: number }
  | { readonly kind: 'step' }
  | { readonly kind: 'range' }
  | { readonly kind: 'negate'; readonly expr: DurationExpr }
  | { readonly kind: 'paren'; readonly expr: DurationExpr }
  | { readonly kind: 'binary'; readonly op: '+' | '-' | '*' | '/' | '%' | '^'; readonly lhs: DurationExpr; readonly rhs: DurationExpr }
  | { readonly kind: 'choose'; readonly func: 'min_of' | 'max_of'; readonly lhs: DurationExpr; readonly rhs: DurationExpr }

/** Where a selector looks: `offset` and `@`. */
export interface TimeShift {
  readonly offset: DurationExpr | null
  readonly at: { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' } | { readonly kind: 'end' } | null
}

/** How a range selector treats its edges. `anchored` counts from the last sample before the range; `smoothed` is only parsed. */
export type RangeMode = 'plain' | 'anchored' | 'smoothed'

export interface VectorSelector extends Span {
  readonly kind: 'selector'
  /** '' when only matchers are given. */
  readonly name: string
  /** The name is among them as `__name__`, last, when it was written outside the braces. */
  readonly matchers: readonly Matcher[]
  readonly shift: TimeShift
  readonly mode: RangeMode
}

export interface MatrixSelector extends Span {
  readonly kind: 'matrix'
  readonly selector: VectorSelector
  readonly range: DurationExpr
}

export interface Subquery extends Span {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly range: DurationExpr
  /** null: the default step. */
  readonly step: DurationExpr | null
  readonly shift: TimeShift
}

export interface Call extends Span {
  readonly kind: 'call'
  readonly func: string
  readonly args: readonly Expr[]
}

export interface Aggregation extends Span {
  readonly kind: 'aggregate'
  readonly op: string
  readonly expr: Expr
  readonly param: Expr | null
  readonly grouping: readonly string[]
  readonly without: boolean
}

export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels copied from the "one" side. */
  readonly include: readonly string[]
  /** Values that stand for a missing partner, `fill*()`; null when not given. */
  readonly fillLeft: number | null
  readonly fillRight: number | null
}

export interface BinaryExpr extends Span {
  readonly kind: 'binary'
  readonly op: string
  readonly lhs: Expr
  readonly rhs: Expr
  readonly returnBool: boolean
  /** null when a side is a scalar. */
  readonly matching: VectorMatching | null
}

export interface UnaryExpr extends Span {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
}

export interface ParenExpr extends Span {
  readonly kind: 'paren'
  readonly expr: Expr
}

export const comparisonOperators: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
export const setOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/** The expression inside any parentheses. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** Calls `visit` on every node, parents first. */
export function walk(expr: Expr, visit: (node: Expr) => void): void {
  visit(expr)
  for (const child of childrenOf(expr)) walk(child, visit)
}

export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return []
    case 'matrix':
      return [expr.selector]
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr]
    case 'call':
      return expr.args
    case 'aggregate':
      return expr.param === null ? [expr.expr] : [expr.param, expr.expr]
    case 'binary':
      return [expr.lhs, expr.rhs]
  }
}
