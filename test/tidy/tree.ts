/** The project's own files, as git sees them: tracked, or new and not ignored. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] })
}

/** Paths relative to the root, sorted. The canary's fixtures break rules on purpose and are not part of the tree to judge. */
export function projectFiles(): string[] {
  const listed = git('ls-files', '--cached', '--others', '--exclude-standard', '-z').split('\0')
  const real = listed.filter((path) => path !== '' && !path.startsWith('test/boundaries/fixtures/') && existsSync(join(root, path)))
  return [...new Set(real)].toSorted()
}

const binaryName = /\.(png|jpg|ico|gz|zst|bin|pb|woff2?|snap)$/

export function textFiles(): string[] {
  return projectFiles().filter((path) => !binaryName.test(path))
}

export function sourceFiles(): string[] {
  return projectFiles().filter((path) => /\.(ts|tsx|mjs)$/.test(path))
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Lines of `path` that match, as `path:line: text`. */
export function linesMatching(path: string, pattern: RegExp): string[] {
  const found: string[] = []
  for (const [index, line] of read(path).split('\n').entries()) {
    if (pattern.test(line)) found.push(`${path}:${index + 1}: ${line.trim().slice(0, 160)}`)
  }
  return found
}
