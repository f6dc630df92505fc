/** Regular expressions that are looked for anywhere in a text (logs, traces): RE2 syntax, linear time, kept and asked for ever. */
import { AppError } from '../../../kernel/errors.ts'
import { badPattern } from '../../errors.ts'
import { patternLengthMax, patternProgramMax } from '../../limits.ts'
import { anyChar } from './char-set.ts'
import { parsePattern, type Node } from './parse.ts'
import { PatternProgram } from './program.ts'

export interface PatternFinder {
  /**
   * Texts that are in every match, in lower case, each as long as it can be said. A run may be part of a longer word of the match; only what
   * stands between two characters of the same run is known to stand there.
   */
  readonly runs: readonly string[]
  /**
   * Is there a match anywhere? Throws `metrics.bad_regexp` when the text is too much for the pattern, or for what is `left`; the steps that it
   * took are taken from that.
   */
  finds(text: string, work?: { left: number }): boolean
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

/** RE2 refuses counted repetitions that together stand for more. */
const repeatedMax = 1_000

/** The most that nested counts multiply to; `*` and `+` count as one. */
function repeatedBy(node: Node): number {
  if (node.type === 'concat' || node.type === 'either') return node.parts.reduce((most, part) => Math.max(most, repeatedBy(part)), 1)
  if (node.type !== 'repeat') return 1
  return Math.max(1, node.max === -1 ? node.min : node.max) * repeatedBy(node.inner)
}

/** Ranges of characters, repeated as often as counted: RE2's program grows with them and is bounded (some 600,000 were too many). */
const rangesMax = 150_000

function rangesOf(node: Node): number {
  if (node.type === 'set') return node.set.length / 2
  if (node.type === 'concat' || node.type === 'either') return node.parts.reduce((sum, part) => sum + rangesOf(part), 0)
  if (node.type !== 'repeat') return 1
  return Math.max(1, node.max === -1 ? node.min : node.max) * rangesOf(node.inner)
}

/** Throws `metrics.bad_regexp` when the pattern is not valid or too large, here (`programMax` instructions) or for the engine. */
export function compileFinder(pattern: string, programMax: number = patternProgramMax): PatternFinder {
  if (pattern.length > patternLengthMax) {
    throw new AppError(badPattern, { publicText: `The regular expression is longer than ${patternLengthMax} characters.` })
  }
  const root = parsePattern(pattern)
  if (repeatedBy(root) > repeatedMax) {
    throw new AppError(badPattern, {
      publicText: `The regular expression is too large: its repetitions stand for more than ${repeatedMax}.`,
    })
  }
  if (rangesOf(root) > rangesMax) throw new AppError(badPattern, { publicText: 'The regular expression is too large.' })
  const anything: Node = { type: 'repeat', inner: { type: 'set', set: anyChar }, min: 0, max: -1 }
  const program = new PatternProgram({ type: 'concat', parts: [anything, root] }, programMax)
  return { runs: runsOf(root), finds: (text, work) => program.findsBeginning(text, work) }
}
