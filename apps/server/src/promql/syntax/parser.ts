/** Pratt parser for all of PromQL 3. Gives an unchecked tree; `checker.ts` verifies the types. */
import {
  comparisonOperators,
  setOperators,
  type Aggregation,
  type Expr,
  type UnaryExpr,
  type VectorMatching,
  type VectorSelector,
} from './ast.ts'
import { durationOrNull, isLegacyLabelName, isWellFormed, numberOrNull } from './literals.ts'
import { noShift, parseDurationExpr, parseMode, parseShift, parseVectorSelector } from './selector-parser.ts'
import { aggregationParams, signatures } from './signatures.ts'
import { TokenReader } from './token-reader.ts'

/** Binding powers; `^` binds to the right, unary minus stands between `*` and `^`. */
const precedences: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ['==', 3],
  ['!=', 3],
  ['>', 3],
  ['<', 3],
  ['>=', 3],
  ['<=', 3],
  ['</', 3],
  ['>/', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['atan2', 5],
  ['^', 6],
])
const unaryPrecedence = 6
/** Deeper nesting is refused, so that recursion stays within the stack. */
const depthMax = 500
/** A chain such as `a or b or c` is a tree as deep as it is long. */
const chainMax = 500
const modifierWords = ['by', 'without']

class Parser {
  readonly #reader: TokenReader
  #depth = 0

  constructor(text: string) {
    this.#reader = new TokenReader(text)
  }

  query(): Expr {
    const reader = this.#reader
    if (reader.peek().kind === 'end') reader.fail(0, 'no expression found in input')
    const expr = this.#binary(0)
    if (reader.peek().kind !== 'end') reader.unexpected('')
    return expr
  }

  /** One selector and nothing more. */
  selector(): VectorSelector {
    const reader = this.#reader
    const start = reader.peek().start
    const name = reader.peek().kind === 'word' ? reader.next().text : null
    if (name === null && !reader.isSymbol('{')) reader.unexpected('', 'metric name or "{"')
    const selector = parseVectorSelector(reader, name, start)
    if (reader.peek().kind !== 'end') reader.unexpected('')
    return selector
  }

  #operator(): string | null {
    const token = this.#reader.peek()
    if (token.kind !== 'symbol' && token.kind !== 'word') return null
    const op = token.text.toLowerCase()
    return precedences.has(op) ? op : null
  }

  #binary(minimum: number): Expr {
    if (++this.#depth > depthMax) this.#reader.fail(this.#reader.peek().start, `expression is nested deeper than ${depthMax} levels`)
    let lhs = this.#unary()
    for (let length = 0; ; length++) {
      if (length > chainMax) this.#reader.fail(this.#reader.peek().start, `more than ${chainMax} operators in a row`)
      const op = this.#operator()
      const precedence = op === null ? 0 : (precedences.get(op) ?? 0)
      if (op === null || precedence < minimum || precedence === 0) break
      this.#reader.next()
      lhs = this.#binaryTail(lhs, op, precedence)
    }
    this.#depth--
    return lhs
  }

  #binaryTail(lhs: Expr, op: string, precedence: number): Expr {
    const reader = this.#reader
    const boolToken = reader.peek()
    const returnBool = reader.takeWord('bool')
    if (returnBool && !comparisonOperators.has(op)) {
      reader.fail(boolToken.start, 'bool modifier can only be used on comparison operators')
    }
    const matching = this.#matching(op)
    const rhs = this.#binary(op === '^' ? precedence : precedence + 1)
    return { kind: 'binary', op, lhs, rhs, returnBool, matching, start: lhs.start, end: rhs.end }
  }

  /** `on(...)`, `group_left(...)`, `fill(...)`: always parsed; the checker drops it where a side is a scalar. */
  #matching(op: string): VectorMatching {
    const reader = this.#reader
    let on = false
    let labels: readonly string[] = []
    let include: readonly string[] = []
    let card: VectorMatching['card'] = setOperators.has(op) ? 'many-to-many' : 'one-to-one'
    if (reader.isSymbol('(', 1) && (reader.isWord('on') || reader.isWord('ignoring'))) {
      on = reader.isWord('on')
      reader.next()
      labels = this.#labelList()
      const word = reader.isWord('group_left') ? 'many-to-one' : reader.isWord('group_right') ? 'one-to-many' : null
      if (word !== null) {
        const token = reader.next()
        if (card === 'many-to-many') reader.fail(token.start, `no grouping allowed for "${op}" operation`)
        card = word
        if (reader.isSymbol('(')) include = this.#labelList()
      }
    }
    const { fillLeft, fillRight } = this.#fills()
    return { card, on, labels, include, fillLeft, fillRight }
  }

  #fills(): { fillLeft: number | null; fillRight: number | null } {
    const reader = this.#reader
    let fillLeft: number | null = null
    let fillRight: number | null = null
    while (reader.isSymbol('(', 1) && (reader.isWord('fill') || reader.isWord('fill_left') || reader.isWord('fill_right'))) {
      const word = reader.next().text.toLowerCase()
      reader.next()
      const sign = reader.takeSymbol('-') ? -1 : 1
      if (sign === 1) reader.takeSymbol('+')
      const value = numberOrNull(reader.peek().text)
      if (value === null) reader.unexpected('fill modifier', 'number')
      reader.next()
      reader.expectSymbol(')', 'fill modifier')
      if (word !== 'fill_right') fillLeft = sign * (value ?? 0)
      if (word !== 'fill_left') fillRight = sign * (value ?? 0)
    }
    return { fillLeft, fillRight }
  }

  #unary(): Expr {
    const reader = this.#reader
    const token = reader.peek()
    const op: UnaryExpr['op'] | null = reader.isSymbol('-') ? '-' : reader.isSymbol('+') ? '+' : null
    if (op === null) return this.#postfix(this.#primary())
    reader.next()
    const expr = this.#binary(unaryPrecedence)
    if (expr.kind === 'number') return { ...expr, value: op === '-' ? -expr.value : expr.value, start: token.start }
    return { kind: 'unary', op, expr, start: token.start, end: expr.end }
  }

  #primary(): Expr {
    const reader = this.#reader
    const token = reader.peek()
    switch (token.kind) {
      case 'number':
      case 'duration': {
        reader.next()
        const ms = token.kind === 'duration' ? durationOrNull(token.text) : null
        const value = token.kind === 'duration' ? (ms === null ? null : ms / 1000) : numberOrNull(token.text)
        if (value === null) return reader.fail(token.start, `bad number or duration syntax: "${token.text}"`)
        return { kind: 'number', value, isDuration: ms !== null, start: token.start, end: token.end }
      }
      case 'string':
        return { kind: 'string', value: reader.string('expression'), start: token.start, end: token.end }
      case 'word':
        return this.#wordExpr()
      case 'symbol':
        if (token.text === '(') {
          reader.next()
          const expr = this.#binary(0)
          reader.expectSymbol(')', 'expression')
          return { kind: 'paren', expr, start: token.start, end: reader.lastEnd() }
        }
        if (token.text === '{') return parseVectorSelector(reader, null, token.start)
        return reader.unexpected('')
      case 'end':
        return reader.unexpected('')
    }
  }

  /** A word may be a number, an aggregation, a function or a metric, by what follows. */
  #wordExpr(): Expr {
    const reader = this.#reader
    const token = reader.peek()
    const lower = token.text.toLowerCase()
    const opensCall = reader.isSymbol('(', 1)
    if (aggregationParams.has(lower) && (opensCall || modifierWords.some((word) => reader.isWord(word, 1)))) return this.#aggregation(lower)
    if (opensCall) return this.#call()
    reader.next()
    if ((lower === 'inf' || lower === 'nan') && !reader.isSymbol('{')) {
      return { kind: 'number', value: lower === 'inf' ? Infinity : NaN, isDuration: false, start: token.start, end: token.end }
    }
    return parseVectorSelector(reader, token.text, token.start)
  }

  #call(): Expr {
    const reader = this.#reader
    const token = reader.next()
    const func = signatures.has(token.text) ? token.text : token.text.toLowerCase()
    if (!signatures.has(func) || (func !== token.text && !caselessFunctions.has(func))) {
      reader.fail(token.start, `unknown function with name "${token.text}"`)
    }
    const args = this.#arguments()
    return { kind: 'call', func, args, start: token.start, end: reader.lastEnd() }
  }

  #arguments(): Expr[] {
    const reader = this.#reader
    reader.expectSymbol('(', 'function call')
    const args: Expr[] = []
    while (!reader.isSymbol(')')) {
      args.push(this.#binary(0))
      if (reader.isSymbol(')')) break
      reader.expectSymbol(',', 'function call')
      if (reader.isSymbol(')')) reader.fail(reader.peek().start, 'trailing commas not allowed in function call args')
    }
    reader.next()
    return args
  }

  #aggregation(op: string): Aggregation {
    const reader = this.#reader
    const token = reader.next()
    let modifier = this.#groupModifier()
    const args = this.#arguments()
    modifier ??= this.#groupModifier()
    const end = reader.lastEnd()
    const wanted = aggregationParams.get(op) === null ? 1 : 2
    if (args.length === 0) reader.fail(token.start, 'no arguments for aggregate expression provided')
    const expr = args.at(-1)
    if (args.length !== wanted || expr === undefined) {
      return reader.fail(token.start, `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`)
    }
    return {
      kind: 'aggregate',
      op,
      expr,
      param: wanted === 2 ? (args[0] ?? null) : null,
      grouping: modifier?.labels ?? [],
      without: modifier?.without ?? false,
      start: token.start,
      end,
    }
  }

  #groupModifier(): { labels: string[]; without: boolean } | null {
    const reader = this.#reader
    if (!reader.isWord('by') && !reader.isWord('without')) return null
    const without = reader.isWord('without')
    reader.next()
    return { labels: this.#labelList(), without }
  }

  #labelList(): string[] {
    const reader = this.#reader
    reader.expectSymbol('(', 'grouping opts')
    const labels: string[] = []
    while (!reader.isSymbol(')')) {
      const token = reader.peek()
      if (token.kind === 'string') {
        const label = reader.string('grouping opts')
        if (label === '' || !isWellFormed(label)) reader.fail(token.start, `invalid label name ${JSON.stringify(label)} in grouping opts`)
        labels.push(label)
      } else if (token.kind === 'word') {
        if (!isLegacyLabelName(token.text)) reader.unexpected('grouping opts', 'label')
        labels.push(reader.next().text)
      } else reader.unexpected('grouping opts', 'label')
      if (!reader.takeSymbol(',')) break
    }
    reader.expectSymbol(')', 'grouping opts')
    return labels
  }

  #postfix(start: Expr): Expr {
    const reader = this.#reader
    let expr = start
    for (;;) {
      if (reader.isSymbol('[')) expr = this.#range(expr)
      else if (reader.isWord('offset') || reader.isSymbol('@')) expr = this.#shifted(expr)
      else if (reader.isWord('anchored') || reader.isWord('smoothed')) expr = this.#moded(expr)
      else return expr
    }
  }

  #range(expr: Expr): Expr {
    const reader = this.#reader
    const open = reader.next()
    const range = parseDurationExpr(reader)
    if (reader.takeSymbol(':')) {
      const step = reader.isSymbol(']') ? null : parseDurationExpr(reader)
      reader.expectSymbol(']', 'subquery selector')
      // The checker would say so too, but only after going down a chain as long as the query.
      if (expr.kind === 'subquery') reader.fail(expr.start, 'subquery is only allowed on instant vector, got range vector instead')
      return { kind: 'subquery', expr, range, step, shift: noShift, start: expr.start, end: reader.lastEnd() }
    }
    reader.expectSymbol(']', 'matrix selector')
    if (expr.kind !== 'selector') return reader.fail(open.start, 'ranges only allowed for vector selectors')
    if (expr.shift.offset !== null) reader.fail(open.start, 'no offset modifiers allowed before range')
    if (expr.shift.at !== null) reader.fail(open.start, 'no @ modifiers allowed before range')
    return { kind: 'matrix', selector: expr, range, start: expr.start, end: reader.lastEnd() }
  }

  #shifted(expr: Expr): Expr {
    const reader = this.#reader
    const token = reader.peek()
    const what = reader.isSymbol('@') ? '@ modifier' : 'offset modifier'
    if (expr.kind === 'selector' || expr.kind === 'subquery') {
      const shift = parseShift(reader, expr.shift) ?? expr.shift
      return { ...expr, shift, end: reader.lastEnd() }
    }
    if (expr.kind === 'matrix') {
      const shift = parseShift(reader, expr.selector.shift) ?? expr.selector.shift
      return { ...expr, selector: { ...expr.selector, shift }, end: reader.lastEnd() }
    }
    return reader.fail(token.start, `${what} must be preceded by an instant vector selector or range vector selector or a subquery`)
  }

  #moded(expr: Expr): Expr {
    const reader = this.#reader
    const token = reader.peek()
    if (expr.kind === 'selector') return { ...expr, mode: parseMode(reader), end: reader.lastEnd() }
    if (expr.kind === 'matrix') return { ...expr, selector: { ...expr.selector, mode: parseMode(reader) }, end: reader.lastEnd() }
    return reader.fail(token.start, `${token.text} modifier must be preceded by a selector`)
  }
}

/** Functions that double as keywords and are therefore read in any case. */
const caselessFunctions: ReadonlySet<string> = new Set(['start', 'end', 'step', 'range'])

/** Parses without checking types. Throws `promql.parse`. */
export function parseUnchecked(text: string): Expr {
  return new Parser(text).query()
}

/** Parses one instant selector, as `match[]` takes it. Throws `promql.parse`. */
export function parseSelectorNode(text: string): VectorSelector {
  return new Parser(text).selector()
}
