import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { AppError } from '../kernel/errors.ts'
import type { Command } from './command.ts'
import { runCommand } from './run.ts'
import { version } from './version-command.ts'

const echo: Command = {
  usage: 'WORD',
  options: { loud: { type: 'boolean' } },
  optionHelp: [['--loud', 'in capitals']],
  run(context) {
    const words = context.positionals.join(' ')
    if (words === 'fail') throw new AppError({ code: 'echo.no', kind: 'invalid', publicText: 'No.', hint: 'Say yes.' })
    context.print(context.options['loud'] === true ? words.toUpperCase() : words)
    return Promise.resolve(0)
  },
}

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await runCommand(argv, [{ name: 'echo', summary: 'say it again', load: () => Promise.resolve(echo) }], {
    print: (line) => void (out += `${line}\n`),
    complain: (line) => void (err += `${line}\n`),
    stop: new AbortController().signal,
  })
  return { code, out, err }
}

test.each([
  [['echo', 'hi'], 0, 'hi\n', ''],
  [['echo', '--loud', 'hi'], 0, 'HI\n', ''],
  [['echo', 'fail'], 1, '', 'bellwether echo: No. Say yes. (echo.no)\n'],
  [['ecko'], 2, '', "bellwether: there is no command 'ecko'; 'bellwether help' lists them\n"],
] as const)('%j exits with %i', async (argv, code, out, err) => {
  expect(await run(...argv)).toEqual({ code, out, err })
})

test('an unknown option is wrong use', async () => {
  expect((await run('echo', '--quiet')).code).toBe(2)
})

test('help names the options', async () => {
  expect((await run('echo', '--help')).out).toContain('--loud')
  expect((await run('--help')).out).toContain('echo')
})

test('the version is the package version', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'))
  expect(manifest).toMatchObject({ version })
})
