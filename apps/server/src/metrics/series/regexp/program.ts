/**
 * A parsed regular expression as a program for a set-of-states machine: time grows with text × program, never exponentially,
 * whatever the pattern. Without assertions the sets met are kept as a lazily built deterministic automaton for ASCII.
 */
import { AppError } from '../../../kernel/errors.ts'
import { badPattern } from '../../errors.ts'
import { patternProgramMax, patternStepsMax } from '../../limits.ts'
import { setHas, wordChars, type CharSet } from './char-set.ts'
import type { Assertion, Node } from './parse.ts'

type Instruction =
  | { readonly op: 'set'; readonly set: CharSet; readonly next: number }
  | { readonly op: 'split'; readonly next: number; other: number }
  | { readonly op: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly op: 'match' }

/** Compiles back to front: every node is given the address that follows it and returns its own. */
class Compiler {
  readonly code: Instruction[] = [{ op: 'match' }]
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  #emit(instruction: Instruction): number {
    if (this.code.length >= this.#most) {
      throw new AppError(badPattern, { publicText: 'The regular expression is too large.' })
    }
    this.code.push(instruction)
    return this.code.length - 1
  }

  node(node: Node, next: number): number {
    switch (node.type) {
      case 'set':
        return this.#emit({ op: 'set', set: node.set, next })
      case 'assert':
        return this.#emit({ op: 'assert', what: node.what, next })
      case 'concat': {
        let at = next
        for (let i = node.parts.length - 1; i >= 0; i--) {
          const part = node.parts[i]
          if (part !== undefined) at = this.node(part, at)
        }
        return at
      }
      case 'either': {
        let at = -1
        for (const part of node.parts) {
          const branch = this.node(part, next)
          at = at === -1 ? branch : this.#emit({ op: 'split', next: branch, other: at })
        }
        return at
      }
      case 'repeat':
        return this.#repeat(node.inner, node.min, node.max, next)
    }
  }

  #repeat(inner: Node, min: number, max: number, next: number): number {
    let at = next
    if (max === -1) {
      const loop: Instruction = { op: 'split', next, other: -1 }
      at = this.#emit(loop)
      loop.other = this.node(inner, at)
    } else {
      for (let i = min; i < max; i++) at = this.#emit({ op: 'split', next, other: this.node(inner, at) })
    }
    for (let i = 0; i < min; i++) at = this.node(inner, at)
    return at
  }
}

interface State {
  /** Addresses of `set` instructions. */
  readonly addresses: readonly number[]
  readonly accepts: boolean
  /** Next state by ASCII code. */
  readonly next: (State | null)[]
}

/** Steps of one search in a text: a pattern of a few words and assertions takes about 15 a character. */
const foundStepsBase = 50_000
const foundStepsPerChar = 50

/** A step along an edge that is remembered, in steps that are not; among more states the memory itself is as slow. */
const knownStep = 1 / 8
const fastStatesMax = 500

/** Bound of the automaton's memory: addresses in all remembered states. */
const stateAddressesMax = 200_000

export class PatternProgram {
  readonly #code: readonly Instruction[]
  readonly #start: number
  readonly #hasAssertions: boolean
  readonly #marks: Uint32Array
  #mark = 0
  #steps = 0
  #states = new Map<string, State>()
  #stateAddresses = 0
  #initial: State | null = null

  /** Throws `metrics.bad_regexp` for more than `programMax` instructions. */
  constructor(root: Node, programMax: number = patternProgramMax) {
    const compiler = new Compiler(programMax)
    this.#start = compiler.node(root, 0)
    this.#code = compiler.code
    this.#hasAssertions = this.#code.some((one) => one.op === 'assert')
    this.#marks = new Uint32Array(this.#code.length)
  }

  /** Does the pattern match the whole text? Throws `metrics.bad_regexp` when the step budget of all calls together is used up. */
  matches(text: string): boolean {
    return this.#hasAssertions ? this.#matchesWithContext(text) : this.#matchesByStates(text)
  }

  /**
   * Does the pattern match a beginning of the text? Stops where it does. The budget of steps is of this call alone and grows with the text, so
   * that a program may be kept and asked for ever; it is no more than what is `left` of the caller's work, which the steps are taken from.
   * Throws `metrics.bad_regexp` when the text is too much.
   */
  findsBeginning(text: string, work?: { left: number }): boolean {
    const own = Math.min(patternStepsMax, foundStepsBase + foundStepsPerChar * text.length)
    const before = patternStepsMax - (work === undefined ? own : Math.max(0, Math.min(own, work.left)))
    this.#steps = before
    try {
      return this.#findsBeginning(text)
    } finally {
      if (work !== undefined) work.left -= this.#steps - before
    }
  }

  #findsBeginning(text: string): boolean {
    let state = this.#hasAssertions ? this.#closure([this.#start], text, 0) : (this.#initial ??= this.#stateOf([this.#start], '', 0))
    for (let at = 0; at < text.length && !state.accepts;) {
      if (state.addresses.length === 0) return false
      const code = text.codePointAt(at) ?? 0
      at += code > 0xffff ? 2 : 1
      state = this.#hasAssertions ? this.#closure(this.#step(state.addresses, code), text, at) : this.#after(state, code)
    }
    return state.accepts
  }

  #after(state: State, code: number): State {
    const known = code < 128 ? (state.next[code] ?? null) : null
    this.#spend(known === null || this.#states.size > fastStatesMax ? 1 : knownStep)
    if (known !== null) return known
    const next = this.#stateOf(this.#step(state.addresses, code), '', 0)
    // An automaton that just forgot its states must not keep them alive through old edges.
    if (code < 128 && this.#states.size > 1) state.next[code] = next
    return next
  }

  #spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > patternStepsMax) {
      throw new AppError(badPattern, { publicText: 'The regular expression takes too long on the values of this label.' })
    }
  }

  #matchesByStates(text: string): boolean {
    let state = (this.#initial ??= this.#stateOf([this.#start], '', 0))
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) ?? 0
      at += code > 0xffff ? 2 : 1
      state = this.#after(state, code)
      if (state.addresses.length === 0 && !state.accepts) return false
    }
    return state.accepts
  }

  #matchesWithContext(text: string): boolean {
    let state = this.#closure([this.#start], text, 0)
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) ?? 0
      at += code > 0xffff ? 2 : 1
      state = this.#closure(this.#step(state.addresses, code), text, at)
      if (state.addresses.length === 0 && !state.accepts) return false
    }
    return state.accepts
  }

  /** Addresses behind the `set` instructions that take `code`. */
  #step(addresses: readonly number[], code: number): number[] {
    this.#spend(addresses.length)
    const out: number[] = []
    for (const address of addresses) {
      const one = this.#code[address]
      if (one?.op === 'set' && setHas(one.set, code)) out.push(one.next)
    }
    return out
  }

  #stateOf(addresses: readonly number[], text: string, at: number): State {
    const state = this.#closure(addresses, text, at)
    const key = `${state.accepts ? '+' : '-'}${state.addresses.join(',')}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    // A pattern with too many states forgets them all; correctness does not depend on the cache.
    if (this.#stateAddresses + addresses.length > stateAddressesMax) {
      this.#states = new Map()
      this.#stateAddresses = 0
      this.#initial = null
    }
    this.#stateAddresses += state.addresses.length + 1
    this.#states.set(key, state)
    return state
  }

  /** Follows everything that takes no character. */
  #closure(addresses: readonly number[], text: string, at: number): State {
    const mark = ++this.#mark
    const stack = [...addresses]
    const out: number[] = []
    let accepts = false
    while (stack.length > 0) {
      const address = stack.pop() ?? 0
      if (this.#marks[address] === mark) continue
      this.#marks[address] = mark
      this.#spend(1)
      const one = this.#code[address]
      if (one === undefined || one.op === 'match') accepts = true
      else if (one.op === 'set') out.push(address)
      else if (one.op === 'split') stack.push(one.next, one.other)
      else if (holds(one.what, text, at)) stack.push(one.next)
    }
    out.sort((a, b) => a - b)
    return { addresses: out, accepts, next: [] }
  }
}

function isWordAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && setHas(wordChars, text.charCodeAt(at))
}

function holds(what: Assertion, text: string, at: number): boolean {
  switch (what) {
    case 'text_start':
      return at === 0
    case 'text_end':
      return at === text.length
    case 'line_start':
      return at === 0 || text.charCodeAt(at - 1) === 10
    case 'line_end':
      return at === text.length || text.charCodeAt(at) === 10
    case 'word':
      return isWordAt(text, at - 1) !== isWordAt(text, at)
    case 'not_word':
      return isWordAt(text, at - 1) === isWordAt(text, at)
  }
}
