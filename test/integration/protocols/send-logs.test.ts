/** `bellwether send logs` on real files: growing, rotated, cut short; its place; a Bellwether that is away; what it ends with. */
import { appendFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commands } from '../../../apps/server/src/cli/commands.ts'
import { runCommand } from '../../../apps/server/src/cli/run.ts'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { until } from '../../support/wait.ts'

let folder = ''
let path = ''
let to: Listening

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-send-'))
  path = join(folder, 'app.log')
  to = await listen()
})
afterEach(async () => {
  await to[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface Run {
  readonly said: string[]
  end(): Promise<number>
  readonly code: Promise<number>
}

function send(...args: string[]): Run {
  const stop = new AbortController()
  const said: string[] = []
  const terminal = { print: (line: string) => said.push(line), complain: (line: string) => said.push(line), stop: stop.signal }
  // Lines one by one are there sooner.
  const lines = args.includes('--multiline') ? [] : ['--multiline', 'off']
  const code = runCommand(['send', ...args, ...lines, '--url', to.httpUrl, '--key', testKey, '--host', 'h1'], commands, terminal)
  return {
    said,
    code,
    end() {
      stop.abort()
      return code
    },
  }
}

const bodies = (): string[] => to.events.logs.map(({ body }) => body)

async function started(): Promise<void> {
  await until('the place is kept', () =>
    readFile(`${path}.sent`).then(
      () => true,
      () => false,
    ),
  )
}

describe('a file', () => {
  test('once: every line, what it says of itself, and the place', async () => {
    await writeFile(
      path,
      '2026-11-21T07:59:59.5Z ERROR plain\n{"msg":"json","level":"warn","service":"own"}\n\n{"msg":"none"}\r\nthe last, without an end',
    )
    to.it.nowMs = Date.UTC(2026, 10, 21, 8)
    const run = send('logs', path, '--once', '--service', 'shop')
    expect([await run.code, run.said]).toEqual([0, ['4 records sent']])
    expect(to.events.logs).toMatchObject([
      {
        body: '2026-11-21T07:59:59.5Z ERROR plain',
        severity: 17,
        time: '2026-11-21T07:59:59.500Z',
        service: 'shop',
        host: 'h1',
        attributes: { 'log.file.path': path },
      },
      { body: 'json', severity: 13, service: 'own' },
      { body: 'none', service: 'shop' },
      { body: 'the last, without an end' },
    ])
    await appendFile(path, '\nmore\n')
    expect(await send('logs', path, '--once').code).toBe(0)
    expect(bodies().slice(4)).toEqual(['more'])
  })

  test('what was there is left out, what comes is sent; through a rename and being cut short', async () => {
    await writeFile(path, 'before\n')
    const run = send('logs', path)
    await started()
    await appendFile(path, 'one\ntw')
    await until('one', () => bodies().length === 1)
    await appendFile(path, 'o\n')
    await until('two', () => bodies().length === 2)
    await appendFile(path, 'three\n')
    await rename(path, `${path}.1`)
    await appendFile(`${path}.1`, 'four, into the old one\n')
    await writeFile(path, 'five\n')
    await until('five', () => bodies().includes('five'))
    await truncate(path)
    await until('it is seen', async () => {
      await appendFile(path, '6\n')
      return bodies().includes('6')
    })
    expect(await run.end()).toBe(0)
    expect(bodies().filter((body) => body !== '6')).toEqual(['one', 'two', 'three', 'four, into the old one', 'five'])
  })

  test('a place is found again: after a stop, and in a file that was renamed meanwhile', async () => {
    await writeFile(path, 'a\n')
    const first = send('logs', path, '--from-start')
    await until('a', () => bodies().length === 1)
    await first.end()
    await appendFile(path, 'b\n')
    await rename(path, join(folder, 'app.log.1'))
    await writeFile(path, 'c\n')
    const second = send('logs', path)
    await until('b and c', () => bodies().length === 3)
    await second.end()
    expect(bodies()).toEqual(['a', 'b', 'c'])
    // Written anew under the same inode: its place means nothing.
    await writeFile(path, 'quite another beginning\n')
    const third = send('logs', path)
    await until('the new one', () => bodies().length === 4)
    await third.end()
    expect(bodies()[3]).toBe('quite another beginning')
  })

  test('a stack is one record, also where it is the last: after a while, or when it is stopped', async () => {
    const stack = 'Traceback (most recent call last):\n  File "/a.py", line 1, in pay'
    await writeFile(path, `ERROR pay\n${stack}\n`)
    const run = send('logs', path, '--from-start', '--multiline', 'auto')
    await until('the open one', () => bodies().length === 1)
    await until('its place', async () => !(await readFile(`${path}.sent`, 'utf8')).includes('"offset":0'))
    await appendFile(path, 'next\n\tmore of it\nlast\n')
    await until('the one before the last', () => bodies().length === 2)
    expect(await run.end()).toBe(0)
    expect(bodies()).toEqual([`ERROR pay\n${stack}`, 'next\n\tmore of it', 'last'])
    expect(await send('logs', path, '--multiline', '(').code).toBe(2)
  })

  test('a file that is not there yet is waited for', async () => {
    const run = send('logs', path, '--from-start')
    await writeFile(path, 'here\n')
    await until('here', () => bodies().length === 1)
    expect(await run.end()).toBe(0)
  })

  test('while Bellwether is away the lines wait, and none is missing', async () => {
    to.events.failure = new AppError({ code: 'ingest.log_full', kind: 'unavailable', publicText: 'full' }, { retryAfterSec: 1 })
    await writeFile(path, 'a\nb\n')
    const run = send('logs', path, '--from-start')
    await until('it was tried', () => to.events.attempts > 0)
    expect(JSON.parse(await readFile(`${path}.sent`, 'utf8'))).toMatchObject({ offset: 0 })
    to.events.failure = null
    await until('both', () => bodies().length === 2)
    await until('the place', async () => (await readFile(`${path}.sent`, 'utf8')).includes('"offset":4'))
    await run.end()
    expect(run.said[0]).toBe(`following ${path} from byte 0`)
    expect(run.said[1]).toContain('trying again')
  })
})

describe('how it ends', () => {
  test('told to stop before it began, it waits for nothing', async () => {
    const terminal = { print: () => {}, complain: () => {}, stop: AbortSignal.abort() }
    for (const from of ['-', path]) expect(await runCommand(['send', 'logs', from, '--url', to.httpUrl], commands, terminal)).toBe(0)
  })

  test('2 for wrong use, 1 for a file or a key that is none', async () => {
    expect(await send('metrics', path).code).toBe(2)
    expect(await send('logs').code).toBe(2)
    expect(await send('logs', path, '--once').code).toBe(1)
    expect(await send('logs', folder).code).toBe(1)
    await writeFile(path, 'x\n')
    const stop = new AbortController()
    const said: string[] = []
    const terminal = { print: (line: string) => said.push(line), complain: (line: string) => said.push(line), stop: stop.signal }
    const wrongKey = ['send', 'logs', path, '--once', '--state', join(folder, 's'), '--url', to.httpUrl, '--key', 'f'.repeat(32)]
    expect(await runCommand(wrongKey, commands, terminal)).toBe(1)
    expect(said.at(-1)).toContain('The ingest key is not known. Give the ingest key of a project with --key.')
  })

  test('lines that are too long are cut, the others go on', async () => {
    await writeFile(path, `${'x'.repeat(3 * 1024 * 1024)}\nshort\n`)
    expect(await send('logs', path, '--once').code).toBe(0)
    expect(bodies().map((body) => body.length)).toEqual([262_144, 5])
  })
})
