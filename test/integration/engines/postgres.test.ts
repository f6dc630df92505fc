import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgres, type PostgresEngine } from '../../../apps/server/src/engines/index.ts'
import { type Clock, systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { isAlive, processTree } from '../../support/processes.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from './engine-folder.ts'

const folder = engineFolder()
/** Pauses pass ten times faster; deadlines of questions are real. */
const hurriedClock: Clock = { ...systemClock, sleep: (delayMs, signal) => systemClock.sleep(delayMs / 10, signal) }
const options = { url: null, dataDir: folder.path, logger: silentLogger, clock: hurriedClock }
let engine: PostgresEngine

beforeAll(async () => {
  engine = await openPostgres(options)
  await engine.pool.query('CREATE TABLE kept (n int)')
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function setting(name: string): Promise<string> {
  const { rows } = await engine.pool.query('SELECT current_setting($1) AS value', [name])
  return rows[0].value
}

test('it answers, durable and closed to the network', async () => {
  expect(engine.state()).toBe('ready')
  expect(engine.version).toMatch(/^18\./)
  expect(await setting('fsync')).toBe('on')
  expect(await setting('synchronous_commit')).toBe('on')
  expect(await setting('listen_addresses')).toBe('')
  expect(await setting('server_encoding')).toBe('UTF8')
  expect(readFileSync(join(folder.path, 'logs', 'postgres.log'), 'utf8')).not.toContain('PANIC')
})

test('a connection that breaks while it is in use and nothing is asked costs its user an error, not the program its life', async () => {
  const client = await engine.pool.connect()
  const ended = new Promise<void>((resolve) => void client.once('end', resolve))
  await client.query('BEGIN')
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  await engine.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
  await ended
  await expect(client.query('COMMIT')).rejects.toThrow()
  client.release(true)
})

test('a wrong password is not let in', async () => {
  const url = engine.connectionString.replace(/:[0-9a-f]+@/, ':wrong@')
  await expect(openPostgres({ ...options, url })).rejects.toMatchObject({
    code: 'engine.connect_failed',
    publicText: expect.stringContaining('password authentication failed'),
  })
})

test('after SIGKILL it comes back with what was committed; in between it is not ready', async () => {
  const pid = engine.pid
  if (pid === null) throw new Error('no process')
  await engine.pool.query('INSERT INTO kept VALUES (1)')
  process.kill(pid, 'SIGKILL')
  await until('it is seen', () => engine.state() === 'restarting')
  expect(engine.failure()).toMatch(/SIGKILL/)
  await until('it is back', () => engine.state() === 'ready')
  expect(engine.pid).not.toBe(pid)
  expect((await engine.pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 1 }])
})

/** The server and what it forked. */
function family(): number[] {
  const { pid } = engine
  if (pid === null) throw new Error('no process')
  return processTree(pid).map((info) => info.pid)
}

async function allGone(pids: readonly number[]): Promise<void> {
  await until('all of them to end', () => !pids.some(isAlive))
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, signal)
}

test('a server that hangs is silent, and ready again when it goes on', async () => {
  const pids = family()
  expect(pids.length).toBeGreaterThan(2)
  signalAll(pids, 'SIGSTOP')
  try {
    await until('it is seen', () => engine.state() === 'silent')
    expect(engine.failure()).toBe('it is there and does not answer')
  } finally {
    signalAll(pids, 'SIGCONT')
  }
  await until('it is ready', () => engine.state() === 'ready')
  expect(engine.pid).toBe(pids[0])
})

test('a server that hangs for long is replaced, with all its processes; one that hangs at the end goes at once', async () => {
  const hung = family()
  signalAll(hung, 'SIGSTOP')
  await until('another one', () => engine.state() === 'ready' && engine.pid !== null && engine.pid !== hung[0])
  await allGone(hung)
  expect((await engine.pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 1 }])
  const last = family()
  signalAll(last, 'SIGSTOP')
  await until('it is seen', () => engine.state() === 'silent')
  await engine[Symbol.asyncDispose]()
  await allGone(last)
  engine = await openPostgres(options)
})

test('processes that a killed server left hanging do not keep the next one from its files', async () => {
  const [server = -1, ...left] = family()
  signalAll(left, 'SIGSTOP')
  process.kill(server, 'SIGKILL')
  await until('it is back', () => engine.state() === 'ready' && engine.pid !== server)
  await allGone(left)
  await until('the pool has left its broken connections', () => engine.pool.query('SELECT 1').then(() => true))
})

test('a stopped server leaves no process; the next start has its data, whatever its pid file says', async () => {
  await engine.pool.query('INSERT INTO kept VALUES (2)')
  const { pid } = engine
  await engine[Symbol.asyncDispose]()
  expect(engine.state()).toBe('stopped')
  expect(pid !== null && isAlive(pid)).toBe(false)
  // As after a restart of a container: the id of the old server is now another process, this one.
  writeFileSync(join(folder.path, 'postgres', 'data', 'postmaster.pid'), `${process.pid}\n${join(folder.path, 'postgres', 'data')}\n`)
  engine = await openPostgres(options)
  expect((await engine.pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 2 }])
})

test('lock files of a server that has ended and was never waited for do not keep the next one from starting', async () => {
  await engine[Symbol.asyncDispose]()
  const data = join(folder.path, 'postgres', 'data')
  // The shell becomes a program that waits for none of its children. Theirs is the server's user, as a server's would be.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    uid: statSync(data).uid,
  })
  try {
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer]
    const zombie = Number(printed)
    await until('it to end', () => !isAlive(zombie))
    process.kill(zombie, 0)
    writeFileSync(join(data, 'postmaster.pid'), `${zombie}\n${data}\n`)
    writeFileSync(join(folder.path, 'postgres', 'run', '.s.PGSQL.5432.lock'), `${zombie}\n${data}\n`)
    engine = await openPostgres(options)
    expect((await engine.pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 2 }])
  } finally {
    parent.kill('SIGKILL')
  }
})

test('a damaged cluster is one clear message', async () => {
  using other = engineFolder()
  const second = await openPostgres({ ...options, dataDir: other.path })
  await second[Symbol.asyncDispose]()
  writeFileSync(join(other.path, 'postgres', 'data', 'global', 'pg_control'), 'rubbish')
  await expect(openPostgres({ ...options, dataDir: other.path })).rejects.toMatchObject({
    code: 'engine.start_failed',
    publicText: expect.stringMatching(/PostgreSQL did not start: .*(control|checksum|PANIC|FATAL)/i),
  })
})

test('a path too long for a socket works too', async () => {
  using other = engineFolder()
  const deep = join(other.path, 'a-rather-long-name-of-a-folder', 'and-another-one-below-that-one', 'data')
  await using second = await openPostgres({ ...options, dataDir: deep })
  expect((await second.pool.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
})

test('the same code works with an address', async () => {
  await using remote = await openPostgres({ ...options, url: engine.connectionString })
  expect(remote.pid).toBeNull()
  expect((await remote.pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 2 }])
  await expect(openPostgres({ ...options, url: 'postgresql://bellwether:secret@127.0.0.1:1/x' })).rejects.toMatchObject({
    code: 'engine.connect_failed',
    publicText: expect.not.stringContaining('secret'),
  })
})
