/**
 * Regular expressions in RE2 syntax (https://github.com/google/re2/wiki/Syntax) to a tree. Groups do not capture: a matcher only
 * says yes or no. Refuses what RE2 refuses: look-around, back-references, possessive repetition.
 */
import { AppError } from '../../../kernel/errors.ts'
import { badPattern } from '../../errors.ts'
import {
  anyButNewline,
  anyChar,
  digits,
  foldSet,
  negateSet,
  normalizeSet,
  posixSets,
  spaces,
  unicodeSet,
  wordChars,
  type CharSet,
} from './char-set.ts'

export type Assertion = 'text_start' | 'text_end' | 'line_start' | 'line_end' | 'word' | 'not_word'

export type Node =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'concat'; readonly parts: readonly Node[] }
  | { readonly type: 'either'; readonly parts: readonly Node[] }
  /** `max` -1: no bound. */
  | { readonly type: 'repeat'; readonly inner: Node; readonly min: number; readonly max: number }
  | { readonly type: 'assert'; readonly what: Assertion }

interface Flags {
  readonly fold: boolean
  readonly dotAll: boolean
  readonly multiLine: boolean
}

const depthMax = 200
const repeatMax = 1000
/** Each costs a walk over Unicode the first time. */
const unicodeClassesMax = 8
const controlEscapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 }
const classEscapes: Readonly<Record<string, CharSet>> = { d: digits, w: wordChars, s: spaces }

class Parser {
  readonly #chars: readonly string[]
  #at = 0
  #depth = 0
  #unicodeClasses = 0
  #flags: Flags = { fold: false, dotAll: true, multiLine: false }

  constructor(pattern: string) {
    this.#chars = Array.from(pattern)
  }

  parse(): Node {
    const node = this.#either()
    if (this.#at < this.#chars.length) this.#fail('unexpected )')
    return node
  }

  #fail(what: string): never {
    throw new AppError(badPattern, { publicText: `The regular expression is not valid at character ${this.#at + 1}: ${what}.` })
  }

  #peek(ahead = 0): string {
    return this.#chars[this.#at + ahead] ?? ''
  }

  #eat(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#peek(i) !== text[i]) return false
    this.#at += text.length
    return true
  }

  #either(): Node {
    if (++this.#depth > depthMax) this.#fail('nested too deeply')
    const parts: Node[] = [this.#concat()]
    while (this.#eat('|')) parts.push(this.#concat())
    this.#depth--
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'either', parts }
  }

  #concat(): Node {
    const parts: Node[] = []
    while (this.#at < this.#chars.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#eat('\\Q')) {
        while (this.#at < this.#chars.length && !this.#eat('\\E')) parts.push(this.#literal(this.#next()))
        continue
      }
      const atom = this.#atom()
      if (atom !== null) parts.push(this.#repeated(atom))
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'concat', parts }
  }

  #next(): string {
    const char = this.#peek()
    if (char === '') this.#fail('it ends too early')
    this.#at++
    return char
  }

  #literal(char: string): Node {
    const code = char.codePointAt(0) ?? 0
    return { type: 'set', set: this.#flags.fold ? foldSet([code, code]) : [code, code] }
  }

  #repeated(atom: Node): Node {
    let node = atom
    for (let count = 0; ; count++) {
      const bounds = this.#bounds()
      if (bounds === null) return node
      if (count > 0) this.#fail('repetition of a repetition')
      this.#eat('?')
      node = { type: 'repeat', inner: node, min: bounds[0], max: bounds[1] }
    }
  }

  #bounds(): [number, number] | null {
    if (this.#eat('*')) return [0, -1]
    if (this.#eat('+')) return [1, -1]
    if (this.#eat('?')) return [0, 1]
    if (this.#peek() !== '{') return null
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#chars.slice(this.#at, this.#at + 20).join(''))
    if (match === null) return null
    this.#at += match[0].length
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' || match[3] === undefined ? -1 : Number(match[3])
    if (min > repeatMax || max > repeatMax || (max !== -1 && max < min)) this.#fail(`repetition counts go from 0 to ${repeatMax}`)
    return [min, max]
  }

  /** One atom, or null for a flag group such as `(?i)`. */
  #atom(): Node | null {
    const char = this.#next()
    switch (char) {
      case '.':
        return { type: 'set', set: this.#flags.dotAll ? anyChar : anyButNewline }
      case '^':
        return { type: 'assert', what: this.#flags.multiLine ? 'line_start' : 'text_start' }
      case '$':
        return { type: 'assert', what: this.#flags.multiLine ? 'line_end' : 'text_end' }
      case '[':
        return { type: 'set', set: this.#class() }
      case '(':
        return this.#group()
      case '*':
      case '+':
      case '?':
        this.#at--
        return this.#fail(`nothing to repeat before ${char}`)
      case '\\':
        return this.#escape()
      default:
        return this.#literal(char)
    }
  }

  #group(): Node | null {
    const outer = this.#flags
    if (this.#eat('?')) {
      const named = this.#eat('P<') || (this.#peek(1) !== '=' && this.#peek(1) !== '!' && this.#eat('<'))
      if (named) {
        let name = ''
        while (this.#peek() !== '>') name += this.#next()
        this.#at++
        if (!/^\w+$/.test(name)) this.#fail('a group name has letters, digits and _')
      } else if (!this.#groupFlags()) return null
    }
    const node = this.#either()
    if (!this.#eat(')')) this.#fail('missing )')
    this.#flags = outer
    return node
  }

  /** Reads `flags:` (true) or `flags)` (false: they hold until the enclosing group ends). */
  #groupFlags(): boolean {
    let on = true
    for (;;) {
      const char = this.#next()
      if (char === ':') return true
      if (char === ')') return false
      if (char === '-' && on) on = false
      else if (char === 'i') this.#flags = { ...this.#flags, fold: on }
      else if (char === 's') this.#flags = { ...this.#flags, dotAll: on }
      else if (char === 'm') this.#flags = { ...this.#flags, multiLine: on }
      else if (char !== 'U') this.#fail('look-around and this kind of group are not supported')
    }
  }

  #escape(): Node {
    const char = this.#next()
    if (char === 'A') return { type: 'assert', what: 'text_start' }
    if (char === 'z') return { type: 'assert', what: 'text_end' }
    if (char === 'b') return { type: 'assert', what: 'word' }
    if (char === 'B') return { type: 'assert', what: 'not_word' }
    this.#at--
    const set = this.#escapedSet()
    return { type: 'set', set: this.#flags.fold ? foldSet(set) : set }
  }

  /** What follows a backslash, inside or outside a class; `#at` is on the character behind it. */
  #escapedSet(): CharSet {
    const char = this.#next()
    const control = controlEscapes[char]
    if (control !== undefined) return [control, control]
    const known = classEscapes[char.toLowerCase()]
    if (known !== undefined) return char === char.toLowerCase() ? known : negateSet(known)
    if (char === 'p' || char === 'P') return this.#unicodeClass(char === 'P')
    if (char === 'x') return this.#hexadecimal()
    if (/[0-7]/.test(char)) {
      if (char !== '0' && !/[0-7]/.test(this.#peek())) this.#fail('back-references are not supported')
      let digitsText = char
      while (digitsText.length < 3 && /[0-7]/.test(this.#peek())) digitsText += this.#next()
      const code = parseInt(digitsText, 8)
      return [code, code]
    }
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`unknown escape \\${char}`)
    const code = char.codePointAt(0) ?? 0
    return [code, code]
  }

  #hexadecimal(): CharSet {
    let text = ''
    if (this.#eat('{')) {
      while (this.#peek() !== '}') text += this.#next()
      this.#at++
    } else text = this.#next() + this.#next()
    const code = /^[0-9a-fA-F]{1,6}$/.test(text) ? parseInt(text, 16) : -1
    if (code < 0 || code > 0x10ffff) this.#fail('wrong \\x escape')
    return [code, code]
  }

  #unicodeClass(negated: boolean): CharSet {
    if (++this.#unicodeClasses > unicodeClassesMax) this.#fail('too many Unicode classes')
    let name = this.#next()
    let negate = negated
    if (name === '{') {
      name = ''
      if (this.#eat('^')) negate = !negate
      while (this.#peek() !== '}') name += this.#next()
      this.#at++
    }
    const set = /^\w+$/.test(name) ? unicodeSet(name) : null
    if (set === null) return this.#fail(`unknown Unicode class ${name}`)
    return negate ? negateSet(set) : set
  }

  #class(): CharSet {
    const negated = this.#eat('^')
    const ranges: number[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#chars.slice(this.#at, this.#at + 14).join(''))
      if (posix !== null) {
        const set = posixSets.get(posix[2] ?? '')
        if (set === undefined) return this.#fail(`unknown class ${posix[0]}`)
        ranges.push(...(posix[1] === '^' ? negateSet(set) : set))
        this.#at += posix[0].length
        continue
      }
      const low = this.#classItem()
      if (this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === '') {
        ranges.push(...low)
        continue
      }
      this.#at++
      const high = this.#classItem()
      if (low.length !== 2 || low[0] !== low[1] || high.length !== 2 || high[0] !== high[1] || (low[0] ?? 0) > (high[0] ?? 0)) {
        this.#fail('wrong range in [ ]')
      }
      ranges.push(low[0] ?? 0, high[0] ?? 0)
    }
    this.#at++
    const set = normalizeSet(ranges)
    const folded = this.#flags.fold ? foldSet(set) : set
    return negated ? negateSet(folded) : folded
  }

  #classItem(): CharSet {
    const char = this.#next()
    if (char === '\\') return this.#escapedSet()
    const code = char.codePointAt(0) ?? 0
    return [code, code]
  }
}

/** Throws `metrics.bad_regexp` with the place and reason. */
export function parsePattern(pattern: string): Node {
  return new Parser(pattern).parse()
}
