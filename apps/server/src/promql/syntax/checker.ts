/** Types of expressions, and the rules a tree must keep before it is evaluated. Messages are Prometheus'. */
import { parseError } from '../errors.ts'
import {
  comparisonOperators,
  setOperators,
  valueTypeNames,
  type Aggregation,
  type BinaryExpr,
  type Call,
  type Expr,
  type ValueType,
} from './ast.ts'
import { parseUnchecked } from './parser.ts'
import { aggregationParams, signatures } from './signatures.ts'

/** The type a (checked) expression gives. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
    case 'aggregate':
      return 'vector'
    case 'matrix':
    case 'subquery':
      return 'matrix'
    case 'call':
      return signatures.get(expr.func)?.returns ?? 'vector'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector'
  }
}

class Checker {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Gives the tree back with vector matching removed where a side is a scalar. */
  check(expr: Expr): Expr {
    switch (expr.kind) {
      case 'number':
      case 'string':
      case 'selector':
      case 'matrix':
        return expr
      case 'subquery': {
        const inner = this.check(expr.expr)
        const type = typeOf(inner)
        if (type !== 'vector' && type !== 'scalar') {
          this.#fail(expr.start, `subquery is only allowed on instant vector, got ${valueTypeNames[type]} instead`)
        }
        return { ...expr, expr: inner }
      }
      case 'paren':
        return { ...expr, expr: this.check(expr.expr) }
      case 'unary': {
        const inner = this.check(expr.expr)
        const type = typeOf(inner)
        if (type !== 'vector' && type !== 'scalar') {
          const message = `unary expression only allowed on expressions of type scalar or instant vector, got "${valueTypeNames[type]}"`
          this.#fail(expr.start, message)
        }
        return { ...expr, expr: inner }
      }
      case 'aggregate':
        return this.#aggregation(expr)
      case 'call':
        return this.#call(expr)
      case 'binary':
        return this.#binary(expr)
    }
  }

  #fail(offset: number, message: string): never {
    throw parseError(this.#text, offset, message)
  }

  #expect(expr: Expr, wanted: ValueType, context: string): void {
    const type = typeOf(expr)
    if (type !== wanted) this.#fail(expr.start, `expected type ${valueTypeNames[wanted]} in ${context}, got ${valueTypeNames[type]}`)
  }

  #aggregation(node: Aggregation): Aggregation {
    const expr = this.check(node.expr)
    this.#expect(expr, 'vector', 'aggregation expression')
    const param = node.param === null ? null : this.check(node.param)
    const wanted = aggregationParams.get(node.op) ?? null
    if (param !== null && wanted !== null) this.#expect(param, wanted, 'aggregation parameter')
    return { ...node, expr, param }
  }

  #call(node: Call): Call {
    const signature = signatures.get(node.func)
    if (signature === undefined) return this.#fail(node.start, `unknown function with name "${node.func}"`)
    const args = node.args.map((arg) => this.check(arg))
    const declared = signature.args.length
    const quoted = `"${node.func}"`
    if (signature.variadic === 0) {
      if (args.length !== declared) this.#fail(node.start, `expected ${declared} argument(s) in call to ${quoted}, got ${args.length}`)
    } else {
      const least = declared - 1
      if (args.length < least) this.#fail(node.start, `expected at least ${least} argument(s) in call to ${quoted}, got ${args.length}`)
      const most = least + signature.variadic
      if (signature.variadic > 0 && args.length > most) {
        this.#fail(node.start, `expected at most ${most} argument(s) in call to ${quoted}, got ${args.length}`)
      }
    }
    for (const [i, arg] of args.entries()) {
      const wanted = signature.args[i] ?? signature.args.at(-1)
      if (wanted !== undefined) this.#expect(arg, wanted, `call to function ${quoted}`)
    }
    return { ...node, args }
  }

  #binary(node: BinaryExpr): BinaryExpr {
    const lhs = this.check(node.lhs)
    const rhs = this.check(node.rhs)
    const left = typeOf(lhs)
    const right = typeOf(rhs)
    for (const [side, type] of [[lhs, left] as const, [rhs, right] as const]) {
      if (type !== 'scalar' && type !== 'vector') {
        this.#fail(side.start, 'binary expression must contain only scalar and instant vector types')
      }
    }
    const bothScalar = left === 'scalar' && right === 'scalar'
    if (bothScalar && comparisonOperators.has(node.op) && !node.returnBool) {
      this.#fail(node.start, 'comparisons between scalars must use BOOL modifier')
    }
    if (bothScalar && (node.op === '</' || node.op === '>/')) {
      this.#fail(node.start, `operator "${node.op}" not allowed in binary scalar expression`)
    }
    if ((left === 'scalar' || right === 'scalar') && setOperators.has(node.op)) {
      this.#fail(node.start, `set operator "${node.op}" not allowed in binary scalar expression`)
    }
    const { matching } = node
    if (matching === null || left !== 'vector' || right !== 'vector') {
      if (matching !== null && (matching.labels.length > 0 || matching.fillLeft !== null || matching.fillRight !== null)) {
        this.#fail(node.start, 'vector matching only allowed between instant vectors')
      }
      return { ...node, lhs, rhs, matching: null }
    }
    if (matching.on) {
      for (const label of matching.labels) {
        if (matching.include.includes(label)) this.#fail(node.start, `label "${label}" must not occur in ON and GROUP clause at once`)
      }
    }
    if (setOperators.has(node.op) && (matching.fillLeft !== null || matching.fillRight !== null)) {
      this.#fail(node.start, 'filling in missing series not allowed for set operators')
    }
    return { ...node, lhs, rhs }
  }
}

/** Parses and checks. Throws `promql.parse` with `line:col`. */
export function parseExpression(text: string): Expr {
  return new Checker(text).check(parseUnchecked(text))
}
