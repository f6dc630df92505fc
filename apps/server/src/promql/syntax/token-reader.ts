/** A cursor over the tokens with the questions a parser asks. */
import { parseError } from '../errors.ts'
import { tokenize, type Token } from './lexer.ts'
import { unquote } from './literals.ts'

export class TokenReader {
  readonly text: string
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(text: string) {
    this.text = text
    this.#tokens = tokenize(text)
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] ?? endToken
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#index++
    return token
  }

  /** End of the last token taken. */
  lastEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  /** Keywords are case-insensitive. */
  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toLowerCase() === word
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.#index++
    return true
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.#index++
    return true
  }

  expectSymbol(symbol: string, context: string): Token {
    if (!this.isSymbol(symbol)) this.unexpected(context, `"${symbol}"`)
    return this.next()
  }

  /** Takes a quoted string and gives its value. */
  string(context: string): string {
    const token = this.peek()
    if (token.kind !== 'string') this.unexpected(context, 'string')
    this.next()
    const value = unquote(token.text)
    if (value === null) throw parseError(this.text, token.start, `error unquoting string ${JSON.stringify(token.text)}: invalid syntax`)
    return value
  }

  fail(offset: number, message: string): never {
    throw parseError(this.text, offset, message)
  }

  /** The error for the token at hand: what it is, where, and what would have been right. */
  unexpected(context: string, expected = ''): never {
    const token = this.peek()
    const wanted = expected === '' ? '' : `, expected ${expected}`
    const where = context === '' ? '' : ` in ${context}`
    this.fail(token.start, `unexpected ${describe(token)}${where}${wanted}`)
  }
}

const endToken: Token = { kind: 'end', text: '', start: 0, end: 0 }

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of input'
    case 'symbol':
      return JSON.stringify(token.text)
    case 'string':
      return `string ${token.text}`
    case 'word':
      return `identifier "${token.text}"`
    default:
      return `${token.kind} "${token.text}"`
  }
}
