/** Reads a search character by character: quoted texts, words with escapes and stars, patterns. Structure is the parser's. */
import { SearchError } from './errors.ts'
import type { Value } from './ast.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
const fieldNamePattern = /^@?[A-Za-z_](?:[\w./-]*\w)?$/

/** May `text` stand before a colon without quotes? */
export function isFieldName(text: string): boolean {
  return fieldNamePattern.test(text)
}

export class TextReader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  fail(message: string, place: { from: number; to?: number; hint?: string }): never {
    const to = Math.max(place.to ?? place.from + 1, place.from + 1)
    throw new SearchError({ message, hint: place.hint ?? null, from: place.from, to })
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead)
  }

  isSpace(at = this.at): boolean {
    return at < this.text.length && /\s/.test(this.text.charAt(at))
  }

  skipSpaces(): void {
    while (this.isSpace()) this.at++
  }

  eat(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** `AND`, `OR`, `NOT`, `TO`: upper case, a word of its own. */
  eatWord(word: string): boolean {
    const after = this.text.charAt(this.at + word.length)
    if (!this.text.startsWith(word, this.at) || !(after === '' || /[\s()]/.test(after))) return false
    this.at += word.length
    return true
  }

  get isAtQuote(): boolean {
    const char = this.peek()
    return char === '"' || char === "'" || char === '`'
  }

  /** A backslash keeps the quote or backslash behind it and makes `\n`, `\t`, `\r`; elsewhere it stands for itself. */
  quoted(): Value {
    const from = this.at
    const quote = this.peek()
    let out = ''
    for (this.at++; !this.isAtEnd; this.at++) {
      const char = this.peek()
      if (char === quote) {
        this.at++
        return { pieces: [out], isQuoted: true, from, to: this.at }
      }
      const next = this.peek(1)
      if (char === '\\' && (next === quote || next === '\\' || next in escapes)) {
        out += escapes[next] ?? next
        this.at++
      } else out += char
    }
    return this.fail('The quoted text has no end.', {
      from,
      to: this.text.length,
      hint: `Close it with ${quote}, or write \\${quote} for the sign itself.`,
    })
  }

  /** A word up to a space or a parenthesis that it did not open, `stops` also end it. A backslash takes the next character as it is. */
  word(stops = ''): Value {
    const from = this.at
    const pieces: string[] = ['']
    let depth = 0
    const add = (char: string): void => {
      pieces[pieces.length - 1] += char
    }
    while (!this.isAtEnd && !this.isSpace()) {
      const char = this.peek()
      if (stops.includes(char) || (char === ')' && depth === 0) || char === '"') break
      if (char === '(') depth++
      else if (char === ')') depth--
      if (char === '\\' && this.at + 1 < this.text.length) {
        add(this.peek(1))
        this.at++
      } else if (char === '*') {
        if (pieces.length === 1 || pieces[pieces.length - 1] !== '') pieces.push('')
      } else add(char)
      this.at++
    }
    return { pieces, isQuoted: false, from, to: this.at }
  }

  /** `/…/` with `i` behind it or not, when it ends as one does; null otherwise and nothing is read. `\/` is a slash. */
  pattern(): { source: string; ignoresCase: boolean } | null {
    const start = this.at
    if (this.peek() !== '/') return null
    let source = ''
    for (let at = start + 1; at < this.text.length; at++) {
      const char = this.text.charAt(at)
      if (char === '\\' && at + 1 < this.text.length) {
        const next = this.text.charAt(++at)
        source += next === '/' ? '/' : `\\${next}`
      } else if (char === '/') {
        const flag = this.text.charAt(at + 1) === 'i' ? 1 : 0
        const after = this.text.charAt(at + 1 + flag)
        if (source === '' || !(after === '' || /[\s)]/.test(after))) return null
        this.at = at + 1 + flag
        return { source, ignoresCase: flag === 1 }
      } else source += char
    }
    return null
  }
}
