/** What a command loads before it runs: the program as a whole is for `serve`. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { commands } from './commands.ts'
import { runCommand } from './run.ts'

const source = fileURLToPath(new URL('..', import.meta.url))

/** Files that are loaded with a file: it and those that it names in imports that are more than types. Relative to `src`. */
function loadedWith(path: string, found = new Set<string>()): Set<string> {
  const file = resolve(source, path)
  if (found.has(file)) return found
  found.add(file)
  for (const [, named = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^'()]* from )?'(\.[^']+)'/gm)) {
    const next = resolve(dirname(file), named)
    if (existsSync(next)) loadedWith(next, found)
  }
  return found
}

function parts(path: string): string[] {
  return [...new Set([...loadedWith(path)].map((file) => file.slice(source.length).split('/')[0] ?? ''))].sort()
}

test('nothing is loaded before the command is known', () => {
  expect(parts('main.ts')).toEqual(['cli', 'kernel', 'main.ts'])
  expect([...loadedWith('main.ts')].filter((file) => file.endsWith('-command.ts'))).toEqual([])
})

test.each([
  ['version', ['cli']],
  ['send', ['cli', 'config', 'kernel', 'protocols']],
  ['config', ['cli', 'config']],
  ['import', ['cli', 'config', 'kernel']],
  ['demo', ['cli', 'config', 'demo', 'kernel']],
])('%s loads its own parts', (name, expected) => {
  expect(parts(`cli/${name}-command.ts`)).toEqual(expected)
})

test('of the protocols send loads what reads times, and no more', () => {
  const loaded = [...loadedWith('cli/send-command.ts')].map((file) => file.slice(source.length))
  expect(loaded.filter((file) => file.startsWith('protocols/')).sort()).toEqual(
    ['level-words.ts', 'text-time.ts', 'times.ts'].map((file) => `protocols/log-lines/${file}`),
  )
})

test('the overview has all, and each has help of its own', async () => {
  let out = ''
  const terminal = { print: (line: string) => void (out += `${line}\n`), complain: () => {}, stop: new AbortController().signal }
  expect(await runCommand(['--help'], commands, terminal)).toBe(0)
  for (const { name, summary } of commands) expect(out).toContain(`  ${name.padEnd(10)} ${summary}`)
  for (const { name, summary } of commands.filter((command) => ['send', 'demo', 'version'].includes(command.name))) {
    out = ''
    expect(await runCommand([name, '--help'], commands, terminal)).toBe(0)
    expect(out.startsWith(`usage: bellwether ${name}`)).toBe(true)
    expect(out).toContain(summary)
  }
})
