/**
 * Sizes of files, functions and parameter lists. The limits stand in .oxlintrc.json (so an editor shows them); exceptions stand
 * in ratchet.json with the size they have today, as `<file> <rule> <function>: <size>`, and may only get smaller or go away.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { git, root } from './tree.ts'

export type Sizes = Readonly<Record<string, number>>

interface Diagnostic {
  readonly code: string
  readonly message: string
  readonly filename: string
}

const sizeRules = /^eslint\((max-lines|max-lines-per-function|max-params)\)$/

/** Everything over its limit, by ratchet key. */
export function sizesOverLimit(): Sizes {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] }
  const sizes: Record<string, number> = {}
  for (const { code, message, filename } of diagnostics) {
    const rule = sizeRules.exec(code)?.[1]
    const size = /\((\d+)\)/.exec(message)?.[1]
    if (rule === undefined || size === undefined) continue
    const name = /[`']([^`']+)[`']/.exec(message)?.[1] ?? ''
    const key = `${filename} ${rule} ${name}`.trim()
    sizes[key] = Math.max(sizes[key] ?? 0, Number(size))
  }
  return sizes
}

/** What is over its limit and not (or no longer) excused. */
export function sizeProblems(measured: Sizes, allowed: Sizes): string[] {
  const problems: string[] = []
  for (const [key, size] of Object.entries(measured)) {
    const limit = allowed[key]
    if (limit === undefined) problems.push(`${key} is ${size}: over the limit`)
    else if (size > limit) problems.push(`${key} grew from ${limit} to ${size}`)
    else if (size < limit) problems.push(`${key} shrank to ${size}: write that into ratchet.json`)
  }
  for (const key of Object.keys(allowed)) {
    if (!(key in measured)) problems.push(`${key} is within its limit now: remove it from ratchet.json`)
  }
  return problems
}

/** Entries that `now` has and an older `before` has not, or has smaller: the ratchet turned the wrong way. */
export function loosened(before: Sizes, now: Sizes): string[] {
  return Object.entries(now)
    .filter(([key, size]) => size > (before[key] ?? 0))
    .map(([key, size]) => `${key}: ${before[key] ?? 'not excused'} before, ${size} now`)
}

/** The ratchet as of a revision; null where there is no such revision or it had none yet. */
export function ratchetAt(revision: string): Sizes | null {
  try {
    return JSON.parse(git('show', `${revision}:test/tidy/ratchet.json`)) as Sizes
  } catch {
    return null
  }
}
