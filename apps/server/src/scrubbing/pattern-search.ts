/**
 * Finds where a regular expression (RE2's syntax) matches in bytes: leftmost, then longest. A machine of sets of threads, each with the place
 * where it began, so that one look at every character is enough for one find; a bound on all its steps keeps many finds linear too.
 */
import { parsePattern, type PatternNode } from '../metrics/index.ts'
import { AppError } from '../kernel/errors.ts'
import { badPolicy } from './errors.ts'
import { patternProgramMax, stepsMin, stepsPerByteMax } from './limits.ts'

type Assertion = Extract<PatternNode, { type: 'assert' }>['what']

type Instruction =
  | { readonly op: 'set'; readonly ascii: Uint8Array; readonly set: readonly number[]; readonly next: number }
  | { readonly op: 'split'; next: number; other: number }
  | { readonly op: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly op: 'match' }

const none = -1

/** Errors: `scrubbing.bad_policy` for a pattern that is too large; those of `parsePattern`. */
function compile(pattern: string): { code: readonly Instruction[]; first: number } {
  const code: Instruction[] = [{ op: 'match' }]
  const emit = (instruction: Instruction): number => {
    if (code.length >= patternProgramMax)
      throw new AppError(badPolicy, { publicText: `The pattern ${JSON.stringify(pattern)} is too large.` })
    return code.push(instruction) - 1
  }
  const repeat = (inner: PatternNode, min: number, max: number, next: number): number => {
    let at = next
    if (max === -1) {
      const loop: Instruction = { op: 'split', next: none, other: next }
      at = emit(loop)
      loop.next = build(inner, at)
    } else for (let i = min; i < max; i++) at = emit({ op: 'split', next: build(inner, at), other: next })
    for (let i = 0; i < min; i++) at = build(inner, at)
    return at
  }
  const build = (node: PatternNode, next: number): number => {
    switch (node.type) {
      case 'set':
        return emit({ op: 'set', ascii: asciiOf(node.set), set: node.set, next })
      case 'assert':
        return emit({ op: 'assert', what: node.what, next })
      case 'concat':
        return node.parts.reduceRight((at, part) => build(part, at), next)
      case 'either':
        return node.parts.map((part) => build(part, next)).reduce((at, branch) => emit({ op: 'split', next: at, other: branch }))
      case 'repeat':
        return repeat(node.inner, node.min, node.max, next)
    }
  }
  return { first: build(parsePattern(pattern), 0), code }
}

function asciiOf(set: readonly number[]): Uint8Array {
  const ascii = new Uint8Array(128)
  for (let i = 0; i + 1 < set.length; i += 2) for (let code = set[i]!; code <= set[i + 1]! && code < 128; code++) ascii[code] = 1
  return ascii
}

function has(set: readonly number[], code: number): boolean {
  for (let i = 0; i + 1 < set.length; i += 2) if (code >= set[i]! && code <= set[i + 1]!) return true
  return false
}

/** Threads by state, each with the place where it began; a state is there once. */
class Threads {
  readonly states: Int32Array
  readonly starts: Int32Array
  readonly #places: Int32Array
  count = 0

  constructor(size: number) {
    this.states = new Int32Array(size)
    this.starts = new Int32Array(size)
    this.#places = new Int32Array(size)
  }

  /** False: the state is there; it keeps the earlier beginning. */
  add(state: number, start: number): boolean {
    const place = this.#places[state]!
    if (place < this.count && this.states[place] === state) {
      if (this.starts[place]! <= start) return false
      this.starts[place] = start
      return true
    }
    this.#places[state] = this.count
    this.states[this.count] = state
    this.starts[this.count++] = start
    return true
  }
}

export class PatternSearch {
  /** Of the last `find`. */
  start = 0
  end = 0
  readonly #code: readonly Instruction[]
  readonly #first: number
  /** Bytes with which a match can begin. */
  readonly #begins = new Uint8Array(256)
  #now: Threads
  #next: Threads
  #stack: number[] = []
  #steps = 0
  #stepsMax = 0
  #source: Uint8Array = new Uint8Array(0)
  #textStart = 0
  #textEnd = 0

  /** Errors: `scrubbing.bad_policy`, those of `parsePattern`. */
  constructor(pattern: string) {
    const { code, first } = compile(pattern)
    this.#code = code
    this.#first = first
    this.#now = new Threads(code.length)
    this.#next = new Threads(code.length)
    this.#findBegins()
  }

  /** For the finds in `source[start, end)`. */
  begin(source: Uint8Array, start: number, end: number): void {
    this.#source = source
    this.#textStart = start
    this.#textEnd = end
    this.#steps = 0
    this.#stepsMax = stepsMin + (end - start) * stepsPerByteMax
  }

  /** The next match from `from` that is not empty. False: there is none, or the steps are used up (`isExhausted`). */
  find(from: number): boolean {
    this.start = none
    this.#now.count = 0
    const end = this.#textEnd
    for (let at = from; ;) {
      if (this.#now.count === 0) {
        if (this.start !== none) return true
        while (at < end && this.#begins[this.#source[at]!] === 0) at++
      }
      if (this.start === none) this.#follow(this.#now, this.#first, at, at)
      this.#noteMatch(at)
      if (at >= end || this.isExhausted) return this.start !== none && !this.isExhausted
      at = this.#step(at)
    }
  }

  get isExhausted(): boolean {
    return this.#steps > this.#stepsMax
  }

  /** All threads over the character at `at`; behind it. */
  #step(at: number): number {
    const code = codePointAt(this.#source, at, this.#textEnd)
    const behind = at + pointSize
    const { states, starts, count } = this.#now
    this.#next.count = 0
    this.#steps += count + 1
    for (let i = 0; i < count; i++) {
      if (this.start !== none && starts[i]! > this.start) continue
      const instruction = this.#code[states[i]!]!
      if (instruction.op === 'set' && (code < 128 ? instruction.ascii[code] === 1 : has(instruction.set, code)))
        this.#follow(this.#next, instruction.next, starts[i]!, behind)
    }
    const done = this.#now
    this.#now = this.#next
    this.#next = done
    return behind
  }

  /** Adds a state, and those that it leads to without a character. */
  #follow(threads: Threads, state: number, start: number, at: number): void {
    const stack = this.#stack
    stack.push(state)
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (!threads.add(next, start)) continue
      this.#steps++
      const instruction = this.#code[next]!
      if (instruction.op === 'split') stack.push(instruction.next, instruction.other)
      else if (instruction.op === 'assert' && this.#holds(instruction.what, at)) stack.push(instruction.next)
    }
  }

  #noteMatch(at: number): void {
    const { states, starts, count } = this.#now
    for (let i = 0; i < count; i++) {
      if (states[i] !== 0 || starts[i] === at) continue
      if (this.start !== none && starts[i]! > this.start) continue
      this.start = starts[i]!
      this.end = at
    }
  }

  #holds(what: Assertion, at: number): boolean {
    const before = at === this.#textStart ? none : this.#source[at - 1]!
    const after = at === this.#textEnd ? none : this.#source[at]!
    switch (what) {
      case 'text_start':
        return before === none
      case 'text_end':
        return after === none
      case 'line_start':
        return before === none || before === 10
      case 'line_end':
        return after === none || after === 10
      case 'word':
        return isWordByte(before) !== isWordByte(after)
      case 'not_word':
        return isWordByte(before) === isWordByte(after)
    }
  }

  #findBegins(): void {
    const seen = new Set<number>()
    const visit = (state: number): void => {
      if (seen.has(state)) return
      seen.add(state)
      const instruction = this.#code[state]!
      switch (instruction.op) {
        case 'match':
          return
        case 'split':
          visit(instruction.next)
          visit(instruction.other)
          return
        case 'assert':
          visit(instruction.next)
          return
        case 'set':
          for (let byte = 0; byte < 128; byte++) if (instruction.ascii[byte] === 1) this.#begins[byte] = 1
          if ((instruction.set.at(-1) ?? 0) > 127) this.#begins.fill(1, 128)
      }
    }
    visit(this.#first)
  }
}

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20
  return byte !== none && ((letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f)
}

/** Bytes of the last `codePointAt`. */
let pointSize = 1

/** The character at `at`; a byte that begins none stands for U+FFFD. */
function codePointAt(source: Uint8Array, at: number, end: number): number {
  const first = source[at]!
  pointSize = 1
  if (first < 0x80) return first
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
  if (size === 1 || at + size > end) return 0xfffd
  let code = first & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) {
    const byte = source[at + i]!
    if ((byte & 0xc0) !== 0x80) return 0xfffd
    code = (code << 6) | (byte & 0x3f)
  }
  pointSize = size
  return code
}
