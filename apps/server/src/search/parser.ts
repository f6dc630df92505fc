/**
 * Parses the search language. In short: `a b` and `a AND b`, `a OR b`, `NOT a`, `-a`, parentheses; `word`, `"some words"`, `wor*`, `/re/`;
 * `field:value`, `field:>5`, `field > 5`, `field:1..5`, `field:[1 TO 5}`, `field:(a OR b)`, `field:*`, `has:field`, `field:/re/`.
 */
import type { CompareOp, Condition, FieldName, SearchNode, Value } from './ast.ts'
import { SearchError } from './errors.ts'
import { conditionsMax, depthMax, patternLengthMax, searchLengthMax } from './limits.ts'
import { isFieldName, TextReader } from './text-reader.ts'

const quoteHint = 'To search for the text itself, put it into quotes.'
const compareOps: readonly CompareOp[] = ['>=', '<=', '>', '<']

class Parser {
  readonly #in: TextReader
  #depth = 0
  #conditions = 0

  constructor(text: string) {
    this.#in = new TextReader(text)
  }

  parse(): SearchNode {
    const node = this.#or(null)
    this.#in.skipSpaces()
    if (!this.#in.isAtEnd) this.#in.fail('This closing parenthesis closes nothing.', { from: this.#in.at, hint: quoteHint })
    return node
  }

  #deeper<Out>(inside: () => Out): Out {
    if (++this.#depth > depthMax) this.#in.fail(`The search nests deeper than ${depthMax}.`, { from: this.#in.at })
    const out = inside()
    this.#depth--
    return out
  }

  /** `field` is not null inside `field:( … )`. */
  #or(field: FieldName | null): SearchNode {
    const parts = [this.#and(field)]
    for (;;) {
      this.#in.skipSpaces()
      const from = this.#in.at
      if (!this.#in.eatWord('OR') && !this.#in.eat('||')) break
      const next = this.#and(field)
      if (parts[0]?.type === 'all' || next.type === 'all') this.#loneOperator('OR', from)
      parts.push(next)
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'or', parts }
  }

  #and(field: FieldName | null): SearchNode {
    const parts: SearchNode[] = []
    for (;;) {
      this.#in.skipSpaces()
      const from = this.#in.at
      if (this.#in.eatWord('AND') || this.#in.eat('&&')) {
        if (parts.length === 0 || this.#endsHere()) this.#loneOperator('AND', from)
        continue
      }
      if (this.#endsHere()) break
      parts.push(this.#unary(field))
    }
    if (parts.length === 0) return { type: 'all' }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'and', parts }
  }

  #loneOperator(word: string, from: number): never {
    const hint = `It stands between two conditions. For the word itself write "${word}" in quotes.`
    return this.#in.fail(`${word} has nothing on one side.`, { from, to: from + 2, hint })
  }

  /** Is this the end of a list of conditions? */
  #endsHere(): boolean {
    const reader = this.#in
    reader.skipSpaces()
    if (reader.isAtEnd || reader.peek() === ')' || reader.text.startsWith('||', reader.at)) return true
    const at = reader.at
    const isOr = reader.eatWord('OR')
    reader.at = at
    return isOr
  }

  #unary(field: FieldName | null): SearchNode {
    const reader = this.#in
    const from = reader.at
    const isSign = (reader.peek() === '-' || reader.peek() === '!') && reader.peek(1) !== '' && !/[\s)=~-]/.test(reader.peek(1))
    if (isSign) reader.at++
    else if (!reader.eatWord('NOT')) return this.#primary(field)
    if (this.#endsHere()) this.#loneOperator('NOT', from)
    return { type: 'not', inner: this.#deeper(() => this.#unary(field)) }
  }

  #primary(field: FieldName | null): SearchNode {
    const reader = this.#in
    if (reader.peek() === '(') return this.#group(field)
    if (field !== null) return this.#term(field, reader.at, this.#value(field))
    const from = reader.at
    const pattern = this.#pattern()
    if (pattern !== null) return this.#term(null, from, pattern)
    if (reader.isAtQuote) {
      const text = reader.quoted()
      const name: FieldName = { name: text.pieces[0] ?? '', from, to: reader.at }
      if (name.name === '' || !/[:=<>]|!=/.test(reader.peek() + reader.peek(1)) || reader.isSpace()) return this.#text(text)
      return this.#conditionOf(name, from) ?? this.#text(text)
    }
    return this.#wordOrField()
  }

  #group(field: FieldName | null): SearchNode {
    const reader = this.#in
    const from = reader.at++
    const inner = this.#deeper(() => this.#or(field))
    reader.skipSpaces()
    if (!reader.eat(')')) reader.fail('This parenthesis is not closed.', { from })
    if (inner.type === 'all') reader.fail('There is nothing between the parentheses.', { from, to: reader.at, hint: quoteHint })
    return inner
  }

  #wordOrField(): SearchNode {
    const reader = this.#in
    const from = reader.at
    if (reader.eat('*:')) return this.#afterColon({ name: '*', from, to: from + 1 }, from)
    const head = /^[^\s:=<>!()"'`*\\]+/.exec(reader.text.slice(from, from + 300))?.[0] ?? ''
    if (isFieldName(head) && !reader.text.startsWith('://', from + head.length)) {
      reader.at = from + head.length
      const found = this.#conditionOf({ name: head, from, to: reader.at }, from)
      if (found !== null) return found
      reader.at = from
    }
    const value = reader.word()
    // A quote right behind a word starts the next condition; at its beginning it would not be a word.
    if (value.to === from) reader.fail('This cannot be read.', { from, hint: quoteHint })
    return this.#text(value)
  }

  /** What follows a name: `:…`, `=…`, `>…`, or the same with spaces around a comparison. Null when it is no condition. */
  #conditionOf(name: FieldName, from: number): SearchNode | null {
    const reader = this.#in
    const start = reader.at
    if (reader.eat(':')) return this.#afterColon(name, from)
    reader.skipSpaces()
    const isApart = reader.at > start
    const op = /^(?:>=|<=|!=|==|=|>|<)/.exec(reader.text.slice(reader.at, reader.at + 2))?.[0]
    const next = op === undefined ? '' : reader.text.charAt(reader.at + op.length)
    if (op === undefined || (isApart && !/\s/.test(next)) || next === '') {
      reader.at = start
      return null
    }
    reader.at += op.length
    reader.skipSpaces()
    return this.#operation(name, op, from)
  }

  #afterColon(name: FieldName, from: number): SearchNode {
    const reader = this.#in
    if (reader.isAtEnd || reader.isSpace() || reader.peek() === ')') {
      reader.fail(`Nothing follows “${name.name}:”.`, { from, to: reader.at, hint: `Write the value right behind the colon. ${quoteHint}` })
    }
    const op = /^(?:>=|<=|!=|=|>|<)/.exec(reader.text.slice(reader.at, reader.at + 2))?.[0]
    if (op !== undefined) {
      reader.at += op.length
      return this.#operation(name, op, from)
    }
    if (reader.peek() === '(') return this.#group(name)
    if (reader.peek() === '!' && reader.peek(1) !== '' && !reader.isSpace(reader.at + 1)) {
      reader.at++
      return { type: 'not', inner: this.#term(name, from, this.#value(name)) }
    }
    return this.#term(name, from, this.#value(name))
  }

  #operation(name: FieldName, op: string, from: number): SearchNode {
    const value = this.#operand(name)
    const compare = compareOps.find((one) => one === op)
    if (compare !== undefined) return this.#term(name, from, { op: 'compare', with: compare, value })
    const condition: Condition = isStar(value) ? { op: 'exists' } : { op: 'equals', value }
    const term = this.#term(name, from, condition)
    return op === '!=' ? { type: 'not', inner: term } : term
  }

  #operand(name: FieldName): Value {
    const reader = this.#in
    if (reader.isAtQuote) return reader.quoted()
    const value = reader.word()
    if (value.to === value.from) reader.fail(`Nothing to compare “${name.name}” with.`, { from: name.from, to: reader.at, hint: quoteHint })
    return value
  }

  /** The value behind a colon, or one of `field:( … )`. */
  #value(name: FieldName): Condition {
    const reader = this.#in
    const from = reader.at
    const pattern = this.#pattern()
    if (pattern !== null) return pattern
    if (reader.isAtQuote) return { op: 'is', value: reader.quoted() }
    if (reader.peek() === '[' || reader.peek() === '{') {
      const range = this.#bracketRange()
      if (range !== null) return range
    }
    const value = reader.word()
    if (value.to === from) reader.fail(`“${name.name}” has no value here.`, { from, hint: quoteHint })
    if (isStar(value)) return { op: 'exists' }
    return this.#dotRange(value) ?? { op: 'is', value }
  }

  /** `1..5`, `..5`, `1..`: which fields take it is decided later, `a..b` of a word stays a word. */
  #dotRange(value: Value): Condition | null {
    const text = value.pieces.length === 1 ? (value.pieces[0] ?? '') : ''
    const match = /^([^.]+(?:\.[^.]+)*)?\.\.([^.]+(?:\.[^.]+)*)?$/.exec(text)
    if (match === null || (match[1] === undefined && match[2] === undefined)) return null
    const split = text.indexOf('..')
    const low: Value = { pieces: [text.slice(0, split)], isQuoted: false, from: value.from, to: value.from + split }
    const high: Value = { pieces: [text.slice(split + 2)], isQuoted: false, from: value.from + split + 2, to: value.to }
    const isLow = match[1] !== undefined
    const isHigh = match[2] !== undefined
    return { op: 'range', low: isLow ? low : null, lowOpen: false, high: isHigh ? high : null, highOpen: false, written: value }
  }

  /** `[1 TO 5]`, `{1 TO *}`; null when there is no ` TO ` before the end: then it is text that begins with a bracket. */
  #bracketRange(): Condition | null {
    const reader = this.#in
    const match = /^[[{]\s*(\S+)\s+TO\s+([^\s\]}]+)\s*([\]}])/.exec(reader.text.slice(reader.at, reader.at + 500))
    const [whole, low = '', high = '', end] = match ?? []
    if (whole === undefined) return null
    const lowAt = reader.at + whole.indexOf(low, 1)
    const highAt = reader.at + whole.lastIndexOf(high)
    const lowOpen = reader.peek() === '{'
    reader.at += whole.length
    const bound = (text: string, from: number): Value | null =>
      text === '*' ? null : { pieces: [text.replaceAll(/^["']|["']$/g, '')], isQuoted: false, from, to: from + text.length }
    return { op: 'range', low: bound(low, lowAt), lowOpen, high: bound(high, highAt), highOpen: end === '}', written: null }
  }

  #pattern(): Condition | null {
    const from = this.#in.at
    const found = this.#in.pattern()
    if (found === null) return null
    if (found.source.length > patternLengthMax) {
      this.#in.fail(`The regular expression is longer than ${patternLengthMax} characters.`, { from, to: this.#in.at })
    }
    return { op: 'pattern', ...found }
  }

  #text(value: Value): SearchNode {
    if (isStar(value) || (value.isQuoted && value.pieces[0] === '')) return { type: 'and', parts: [] }
    return this.#term(null, value.from, { op: 'is', value })
  }

  #term(field: FieldName | null, from: number, condition: Condition): SearchNode {
    if (++this.#conditions > conditionsMax)
      this.#in.fail(`The search has more than ${conditionsMax} conditions.`, { from, to: this.#in.at })
    return { type: 'term', field, condition, from, to: this.#in.at }
  }
}

function isStar(value: Value): boolean {
  return !value.isQuoted && value.pieces.length === 2 && value.pieces[0] === '' && value.pieces[1] === ''
}

/** Throws `SearchError` with the place. */
export function parseSearch(text: string): SearchNode {
  if (text.length > searchLengthMax) {
    const message = `The search is longer than ${searchLengthMax} characters.`
    throw new SearchError({ message, hint: null, from: searchLengthMax, to: text.length })
  }
  return new Parser(text).parse()
}
