/** A project's policy as it is applied: what the finder looks for, names of fields, patterns. */
import type { ScrubbingPolicy, ScrubbingRule } from '@bellwether/protocol'
import { AppError } from '../kernel/errors.ts'
import { badPolicy } from './errors.ts'
import { Finds } from './finds.ts'
import { markOf, markOfBit, ruleBit, secretBit } from './kinds.ts'
import { knownNamesMax, rulesPerProjectMax } from './limits.ts'
import { isSecretNameText } from './names.ts'
import { PatternSearch } from './pattern-search.ts'
import { isEmptyValue } from './secret-values.ts'
import { TextFinder } from './text-finder.ts'

/** What a project has that never chose. */
export const defaultPolicy: ScrubbingPolicy = { secrets: true, cards: true, emails: true, rules: [] }

/** What stands in place of a whole value, and the bit that says so. */
export interface WholeValue {
  readonly mark: Uint8Array
  readonly bit: number
}

interface FieldRule extends WholeValue {
  readonly matches: (name: string) => boolean
}

interface PatternRule {
  readonly mark: Uint8Array
  readonly search: PatternSearch
}

export class CompiledPolicy {
  readonly #finder: TextFinder | null
  readonly #secrets: boolean
  readonly #fields: readonly FieldRule[]
  readonly #patterns: readonly PatternRule[]
  readonly #finds = new Finds()
  /** What became of names before. */
  readonly #names = new Map<string, WholeValue | null>()
  /** Bits of the last `scrubbed`. */
  bits = 0

  /** Errors: `scrubbing.bad_policy`, those of `parsePattern`. */
  constructor(policy: ScrubbingPolicy) {
    if (policy.rules.length > rulesPerProjectMax)
      throw new AppError(badPolicy, { publicText: `There are more than ${rulesPerProjectMax} rules.` })
    const rules = policy.rules.filter(({ enabled }) => enabled)
    this.#secrets = policy.secrets
    this.#finder = policy.secrets || policy.cards || policy.emails ? new TextFinder(policy) : null
    this.#fields = rules.filter(({ kind }) => kind === 'field').map(fieldOf)
    this.#patterns = rules
      .filter(({ kind }) => kind === 'pattern')
      .map(({ name, value }) => ({ mark: markOf(name), search: new PatternSearch(value) }))
  }

  /** Nothing is looked for. */
  get isIdle(): boolean {
    return this.#finder === null && this.#fields.length === 0 && this.#patterns.length === 0
  }

  /** Any text may have something, not only those that the finder's kernel names. */
  get hasPatterns(): boolean {
    return this.#patterns.length > 0
  }

  get hasFields(): boolean {
    return this.#fields.length > 0
  }

  /** What stands in place of all values of a name; null: they are texts like any other. */
  wholeValueOf(name: string): WholeValue | null {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#names.size >= knownNamesMax) this.#names.clear()
    const whole = this.#lookUp(name)
    this.#names.set(name, whole)
    return whole
  }

  #lookUp(name: string): WholeValue | null {
    const rule = this.#fields.find(({ matches }) => matches(name))
    if (rule !== undefined) return rule
    return this.#secrets && isSecretNameText(name) ? { mark: markOfBit(secretBit), bit: secretBit } : null
  }

  /** Whether all of a value goes, which `wholeValueOf` its name says: of secrets, not of what is plainly none. */
  takesWhole({ bit }: WholeValue, source: Uint8Array, start: number, end: number): boolean {
    return end > start && (bit !== secretBit || !isEmptyValue(source, start, end))
  }

  /** The text without what is scrubbed; null when there is nothing in it. `bits` says what it was. */
  scrubbed(source: Uint8Array, start: number, end: number): Uint8Array | null {
    this.bits = 0
    let made: Uint8Array | null = null
    if (this.#finder !== null) {
      const finds = this.#finds
      finds.clear()
      this.#finder.find(source, start, end, finds)
      if (finds.count > 0) {
        this.bits = finds.allBits
        made = finds.replaced(source, start, end)
      }
    }
    return this.#byRules(made, { source, start, end })
  }

  /** As `scrubbed`, by the project's own rules alone. */
  scrubbedByRules(source: Uint8Array, start: number, end: number): Uint8Array | null {
    this.bits = 0
    return this.#byRules(null, { source, start, end })
  }

  /** `first`: what the text has become before, null when it is as it was. */
  #byRules(first: Uint8Array | null, { source, start, end }: { source: Uint8Array; start: number; end: number }): Uint8Array | null {
    let made = first
    for (const rule of this.#patterns)
      made = (made === null ? this.#withRule(rule, source, start, end) : this.#withRule(rule, made, 0, made.length)) ?? made
    return made
  }

  /** Null when the pattern finds nothing. A text that needs too many steps is scrubbed whole: what cannot be looked through is not kept. */
  #withRule({ search, mark }: PatternRule, source: Uint8Array, start: number, end: number): Uint8Array | null {
    const finds = this.#finds
    finds.clear()
    search.begin(source, start, end)
    for (let from = start; search.find(from); from = search.end) finds.add(search.start, search.end, ruleBit, mark)
    if (search.isExhausted) {
      finds.clear()
      finds.add(start, end, ruleBit, mark)
    }
    if (finds.count === 0) return null
    this.bits |= ruleBit
    return finds.replaced(source, start, end)
  }
}

/** `*` stands for any characters; capitals do not count. */
function fieldOf({ name, value }: ScrubbingRule): FieldRule {
  const parts = value.toLowerCase().split('*')
  return {
    mark: markOf(name),
    bit: ruleBit,
    matches(field) {
      const text = field.toLowerCase()
      const [first = '', ...others] = parts
      const last = others.pop()
      if (last === undefined) return text === first
      if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
      let at = first.length
      for (const part of others) {
        const found = text.indexOf(part, at)
        if (found < 0) return false
        at = found + part.length
      }
      return at <= text.length - last.length
    },
  }
}
