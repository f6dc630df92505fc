/** Label matchers compiled once per query: what they match, and whether an absent label (read as '') matches. */
import type { Matcher } from '../model.ts'
import { compilePattern } from './regexp/pattern.ts'

export interface CompiledMatcher {
  readonly name: string
  /** Does a label with this value match? */
  readonly matches: (value: string) => boolean
  readonly matchesEmpty: boolean
  /** The only values that can match, when they are known and few; null otherwise. */
  readonly literals: readonly string[] | null
  /** The only value that does not match, when there is just one; null otherwise. */
  readonly refused: string | null
}

/** Throws `metrics.bad_regexp`. */
export function compileMatcher(matcher: Matcher): CompiledMatcher {
  const { name, op, value } = matcher
  if (op === '=') return { name, matches: (text) => text === value, matchesEmpty: value === '', literals: [value], refused: null }
  if (op === '!=') return { name, matches: (text) => text !== value, matchesEmpty: value !== '', literals: null, refused: value }
  const pattern = compilePattern(value)
  if (op === '=~') return { name, matches: pattern.matches, matchesEmpty: pattern.matches(''), literals: pattern.literals, refused: null }
  return { name, matches: (text) => !pattern.matches(text), matchesEmpty: !pattern.matches(''), literals: null, refused: null }
}
