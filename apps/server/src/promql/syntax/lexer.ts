/**
 * Splits PromQL into tokens, by character code, in one pass. Words are not classified here: `sum` may be an operator, a metric or a
 * label depending on where it stands, which only the parser knows.
 */
import { parseError } from '../errors.ts'

export type TokenKind = 'number' | 'duration' | 'string' | 'word' | 'symbol' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** The text as written; for symbols the operator itself. */
  readonly text: string
  /** Character offsets `[start, end)`. */
  readonly start: number
  readonly end: number
}

/** Queries longer than this are refused before they cost anything. */
export const queryLengthMax = 1_000_000

const twoCharSymbols = new Set(['==', '!=', '=~', '!~', '<=', '>=', '</', '>/'])
const oneCharSymbols = new Set(['(', ')', '{', '}', '[', ']', ',', '=', '<', '>', '+', '-', '*', '/', '%', '^', ':', '@'])

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)
}

class Lexer {
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0
  /** Within `{}` and `[]` a colon is not part of a word. */
  #braceOpen = false
  #bracketOpen = false

  constructor(text: string) {
    this.#text = text
  }

  run(): Token[] {
    for (;;) {
      this.#skipBlank()
      if (this.#at >= this.#text.length) break
      this.#next()
    }
    this.#tokens.push({ kind: 'end', text: '', start: this.#text.length, end: this.#text.length })
    return this.#tokens
  }

  #skipBlank(): void {
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 35) {
        while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) !== 10) this.#at++
      } else if (isSpace(code)) this.#at++
      else return
    }
  }

  #emit(kind: TokenKind, start: number): void {
    this.#tokens.push({ kind, text: this.#text.slice(start, this.#at), start, end: this.#at })
  }

  #next(): void {
    const start = this.#at
    const code = this.#text.charCodeAt(start)
    const following = this.#text.charCodeAt(start + 1)
    if (isDigit(code) || (code === 46 && isDigit(following))) return this.#numberOrDuration()
    if (code === 34 || code === 39 || code === 96) return this.#string(code)
    const colonInWord = !this.#braceOpen && !this.#bracketOpen
    if (isLetter(code) || (code === 58 && colonInWord)) return this.#word(colonInWord)
    const two = this.#text.slice(start, start + 2)
    if (twoCharSymbols.has(two)) {
      this.#at += 2
      return this.#emit('symbol', start)
    }
    const one = this.#text.charAt(start)
    if (!oneCharSymbols.has(one)) {
      const shown = String.fromCodePoint(this.#text.codePointAt(start) ?? code)
      const where = this.#braceOpen ? ' inside braces' : ''
      throw parseError(this.#text, start, `unexpected character${where}: '${shown}'`)
    }
    this.#at++
    this.#trackNesting(one, start)
    this.#emit('symbol', start)
  }

  #trackNesting(symbol: string, start: number): void {
    if (symbol === '{') {
      if (this.#braceOpen) throw parseError(this.#text, start, `unexpected character inside braces: '{'`)
      this.#braceOpen = true
    } else if (symbol === '}') {
      if (!this.#braceOpen) throw parseError(this.#text, start, `unexpected character: '}'`)
      this.#braceOpen = false
    } else if (symbol === '[') this.#bracketOpen = true
    else if (symbol === ']') this.#bracketOpen = false
  }

  #word(colonInWord: boolean): void {
    const start = this.#at
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at)
      if (!isLetter(code) && !isDigit(code) && !(code === 58 && colonInWord)) break
      this.#at++
    }
    this.#emit('word', start)
  }

  #numberOrDuration(): void {
    const start = this.#at
    const durationEnd = scanDuration(this.#text, start)
    if (durationEnd > start) {
      this.#at = durationEnd
      return this.#emit('duration', start)
    }
    this.#at = scanNumber(this.#text, start)
    const following = this.#text.charCodeAt(this.#at)
    if (this.#at === start || isLetter(following) || isDigit(following)) {
      while (isLetter(this.#text.charCodeAt(this.#at)) || isDigit(this.#text.charCodeAt(this.#at))) this.#at++
      throw parseError(this.#text, start, `bad number or duration syntax: "${this.#text.slice(start, this.#at)}"`)
    }
    this.#emit('number', start)
  }

  #string(quote: number): void {
    const start = this.#at++
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === quote) {
        this.#at++
        return this.#emit('string', start)
      }
      if (quote === 96) continue
      if (code === 92) this.#at++
      else if (code === 10) break
    }
    throw parseError(this.#text, start, `unterminated ${quote === 96 ? 'raw' : 'quoted'} string`)
  }
}

/** End of `1h30m`-like text at `start`, or `start` when there is none. A letter or digit after it means it is not one. */
export function scanDuration(text: string, start: number): number {
  let at = start
  for (;;) {
    let digits = at
    while (isDigit(text.charCodeAt(digits))) digits++
    if (digits === at) break
    const unit = text.charAt(digits)
    if (unit === '' || !'smhdwy'.includes(unit)) return start
    at = digits + (unit === 'm' && text.charAt(digits + 1) === 's' ? 2 : 1)
  }
  if (at === start || isLetter(text.charCodeAt(at)) || text.charCodeAt(at) === 46) return start
  return at
}

/** End of a number (decimal with `_`, exponent, hexadecimal) at `start`. */
function scanNumber(text: string, start: number): number {
  let at = start
  if (text.charCodeAt(at) === 48 && (text.charAt(at + 1) === 'x' || text.charAt(at + 1) === 'X')) {
    at += 2
    while (isHexDigit(text.charCodeAt(at)) || text.charCodeAt(at) === 95) at++
    return at === start + 2 ? start : at
  }
  const digits = (): void => {
    while (isDigit(text.charCodeAt(at)) || (text.charCodeAt(at) === 95 && isDigit(text.charCodeAt(at + 1)))) at++
  }
  digits()
  if (text.charCodeAt(at) === 46) {
    at++
    digits()
  }
  if (text.charAt(at) === 'e' || text.charAt(at) === 'E') {
    const sign = text.charAt(at + 1)
    const first = at + (sign === '+' || sign === '-' ? 2 : 1)
    if (isDigit(text.charCodeAt(first))) {
      at = first
      digits()
    }
  }
  return at
}

/** Throws `promql.parse` on a character that cannot start a token. The last token has kind `end`. */
export function tokenize(text: string): Token[] {
  if (text.length > queryLengthMax) throw parseError('', 0, `query is longer than ${queryLengthMax} characters`)
  return new Lexer(text).run()
}
