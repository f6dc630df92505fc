/**
 * Regular expressions of matchers: anchored at both ends, RE2 syntax, `.` matches newlines too (as in Prometheus). A pattern that stands for a
 * few strings is looked up, one that begins with fixed text is rejected early, the rest runs in linear time.
 */
import { AppError } from '../../../kernel/errors.ts'
import { badPattern } from '../../errors.ts'
import { patternLengthMax, patternLiteralsMax } from '../../limits.ts'
import { parsePattern, type Node } from './parse.ts'
import { PatternProgram } from './program.ts'

export interface Pattern {
  /** The strings the pattern stands for when they are few, else null. */
  readonly literals: readonly string[] | null
  /** Throws `metrics.bad_regexp` when matching takes too long. */
  matches(text: string): boolean
}

/** Every string the node stands for, or null when there are too many or it is not that simple. */
function literalsOf(node: Node): string[] | null {
  switch (node.type) {
    case 'set': {
      const out: string[] = []
      for (let i = 0; i + 1 < node.set.length; i += 2) {
        const low = node.set[i] ?? 0
        const high = node.set[i + 1] ?? 0
        if (high - low > 64 || out.length > 256) return null
        for (let code = low; code <= high; code++) out.push(String.fromCodePoint(code))
      }
      return out
    }
    case 'concat': {
      let out: string[] = ['']
      for (const part of node.parts) {
        const tails = literalsOf(part)
        if (tails === null || out.length * tails.length > patternLiteralsMax) return null
        out = out.flatMap((head) => tails.map((tail) => head + tail))
      }
      return out
    }
    case 'either': {
      const out: string[] = []
      for (const part of node.parts) {
        const some = literalsOf(part)
        if (some === null || out.length + some.length > patternLiteralsMax) return null
        out.push(...some)
      }
      return out
    }
    case 'repeat': {
      const inner = node.max === 1 && node.min <= 1 ? literalsOf(node.inner) : null
      return inner === null ? null : node.min === 0 ? ['', ...inner] : inner
    }
    case 'assert':
      return null
  }
}

/** Fixed text every match begins with. */
function prefixOf(node: Node): string {
  if (node.type === 'set') return node.set.length === 2 && node.set[0] === node.set[1] ? String.fromCodePoint(node.set[0] ?? 0) : ''
  if (node.type !== 'concat') return ''
  let out = ''
  for (const part of node.parts) {
    const one = part.type === 'set' ? prefixOf(part) : ''
    if (one === '') return out
    out += one
  }
  return out
}

/** Leading `^` and trailing `$` say nothing in an anchored pattern. */
function withoutAnchors(node: Node): Node {
  const isStart = (one: Node | undefined): boolean => one?.type === 'assert' && one.what === 'text_start'
  const isEnd = (one: Node | undefined): boolean => one?.type === 'assert' && one.what === 'text_end'
  if (node.type === 'concat') {
    let parts = node.parts
    while (isStart(parts[0])) parts = parts.slice(1)
    while (isEnd(parts[parts.length - 1])) parts = parts.slice(0, -1)
    return { type: 'concat', parts }
  }
  return isStart(node) || isEnd(node) ? { type: 'concat', parts: [] } : node
}

/** Throws `metrics.bad_regexp` when the pattern is not valid or too large. */
export function compilePattern(pattern: string): Pattern {
  if (pattern.length > patternLengthMax) {
    throw new AppError(badPattern, { publicText: `The regular expression is longer than ${patternLengthMax} characters.` })
  }
  const root = withoutAnchors(parsePattern(pattern))
  const found = literalsOf(root)
  if (found !== null) {
    const literals = new Set(found)
    return { literals: [...literals], matches: (text) => literals.has(text) }
  }
  if (pattern === '.*') return { literals: null, matches: () => true }
  if (pattern === '.+') return { literals: null, matches: (text) => text !== '' }
  const prefix = prefixOf(root)
  const program = new PatternProgram(root)
  return { literals: null, matches: (text) => text.startsWith(prefix) && program.matches(text) }
}
