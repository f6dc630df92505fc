/** Regular expressions that are looked for anywhere in a text (logs, traces): RE2 syntax, linear time, kept and asked for ever. */
import { AppError } from '../../../kernel/errors.ts'
import { badPattern } from '../../errors.ts'
import { patternLengthMax } from '../../limits.ts'
import { anyChar } from './char-set.ts'
import { parsePattern, type Node } from './parse.ts'
import { PatternProgram } from './program.ts'

export interface PatternFinder {
  /**
   * Texts that are in every match, in lower case, each as long as it can be said. A run may be part of a longer word of the match; only what
   * stands between two characters of the same run is known to stand there.
   */
  readonly runs: readonly string[]
  /** Is there a match anywhere? Throws `metrics.bad_regexp` when the text is too much for the pattern. */
  finds(text: string): boolean
}

/** The one character that a set stands for without regard to case, or ''. */
function charOf(node: Node): string {
  if (node.type !== 'set') return ''
  const first = String.fromCodePoint(node.set[0] ?? 0).toLowerCase()
  for (let i = 0; i + 1 < node.set.length; i += 2) {
    if (node.set[i] !== node.set[i + 1] || String.fromCodePoint(node.set[i] ?? 0).toLowerCase() !== first) return ''
  }
  return first
}

/** Fixed text at the top of the expression; what stands in a choice or may be absent is none. */
function runsOf(root: Node): string[] {
  const runs: string[] = []
  let run = ''
  for (const part of root.type === 'concat' ? root.parts : [root]) {
    const char = charOf(part)
    if (char !== '') run += char
    else {
      if (run !== '') runs.push(run)
      run = ''
      if (part.type === 'concat') runs.push(...runsOf(part))
    }
  }
  if (run !== '') runs.push(run)
  return runs
}

/** Throws `metrics.bad_regexp` when the pattern is not valid or too large. */
export function compileFinder(pattern: string): PatternFinder {
  if (pattern.length > patternLengthMax) {
    throw new AppError(badPattern, { publicText: `The regular expression is longer than ${patternLengthMax} characters.` })
  }
  const root = parsePattern(pattern)
  const anything: Node = { type: 'repeat', inner: { type: 'set', set: anyChar }, min: 0, max: -1 }
  const program = new PatternProgram({ type: 'concat', parts: [anything, root] })
  return { runs: runsOf(root), finds: (text) => program.findsBeginning(text) }
}
