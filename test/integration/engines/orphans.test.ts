/** What is left when the program dies of SIGKILL: nothing that runs, and a folder that the next one can open at once. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { openDataDirectory, openPostgres } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { setup } from '../../support/global-setup.ts'
import { isAlive, processTree } from '../../support/processes.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from './engine-folder.ts'

const script = fileURLToPath(new URL('./open-engines.mjs', import.meta.url))
const engines = new URL('../../../apps/server/dist/engines/index.js', import.meta.url).href

interface Parent {
  readonly child: ChildProcess
  readonly clickhouse: number
  readonly postgres: number
}

async function startParent(dataDir: string, user: { uid?: number; gid?: number } = {}): Promise<Parent> {
  const child = spawn(process.execPath, [script, engines, dataDir], { stdio: ['ignore', 'pipe', 'inherit'], ...user })
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [''])])
  const { clickhouse, postgres } = JSON.parse(String(line))
  return { child, clickhouse, postgres }
}

/** The programs run from the build, as they do for whoever installs them. */
beforeAll(setup)

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test('SIGKILL of the program ends both engines, and the next one starts at once', async () => {
  using folder = engineFolder()
  const first = await startParent(folder.path)
  const pids = [first.clickhouse, ...processTree(first.postgres).map((info) => info.pid)]
  expect(pids.length).toBeGreaterThan(3)
  expect(pids.every(isAlive)).toBe(true)
  await expect(openDataDirectory(folder.path)).rejects.toMatchObject({
    code: 'data_dir.locked',
    publicText: expect.stringContaining(`process ${first.child.pid}`),
  })
  await kill(first.child)
  // Without waiting for the engines: the next start has to cope with what is still ending.
  const second = await startParent(folder.path)
  expect(pids.filter(isAlive)).toEqual([])
  await kill(second.child)
  await until('the engines have ended', () => !isAlive(second.clickhouse) && !isAlive(second.postgres))
  // The guards end with what they guard.
  await until('nothing names the folder', () => processTree(1).every((info) => !info.command.includes(folder.path)))
})

test('an engine that hangs does not outlive the program either, and the next start gets the folder', async () => {
  using folder = engineFolder()
  const parent = await startParent(folder.path)
  process.kill(parent.clickhouse, 'SIGSTOP')
  await kill(parent.child)
  const next = await startParent(folder.path)
  expect(isAlive(parent.clickhouse)).toBe(false)
  await kill(next.child)
})

test('a server that outlived its parent after all is ended by the next start', async () => {
  using folder = engineFolder()
  const parent = await startParent(folder.path)
  const guards = processTree(parent.child.pid ?? 0).filter((info) => info.command.includes(`bellwether-guard ${parent.postgres} `))
  expect(guards.length).toBe(1)
  for (const { pid } of guards) process.kill(pid, 'SIGKILL')
  await kill(parent.child)
  await until('the other engine has ended', () => !isAlive(parent.clickhouse))
  expect(isAlive(parent.postgres)).toBe(true)
  await using next = await openPostgres({ url: null, dataDir: folder.path, logger: silentLogger, clock: systemClock })
  expect((await next.pool.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  expect(isAlive(parent.postgres)).toBe(false)
})

test('a lock of a dead program is no lock', async () => {
  using folder = engineFolder()
  const parent = spawn(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(engines)}).then((e) => e.openDataDirectory(${JSON.stringify(folder.path)})).then(() => { console.log('locked'); setInterval(() => {}, 1000) })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(parent.stdout, 'data')
  await expect(openDataDirectory(folder.path)).rejects.toMatchObject({ code: 'data_dir.locked' })
  await kill(parent)
  await using mine = await openDataDirectory(folder.path)
  expect(mine.freeBytes()).toBeGreaterThan(0)
  writeFileSync(join(mine.path, 'x'), 'x')
})

/** Ourselves, and when we are root a normal user too, where the checkout is open to others. */
function users(): { uid?: number; gid?: number }[] {
  const nobody = 65_534
  const open = (path: string): boolean => (statSync(path).mode & 0o001) !== 0 && (path === '/' || open(dirname(path)))
  const other = process.getuid?.() === 0 && open(dirname(script)) ? [{ uid: nobody, gid: nobody }] : []
  return [{}, ...other]
}

test('both engines run for root and for a normal user', async () => {
  for (const user of users()) {
    using folder = engineFolder()
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder.path, user.uid, user.gid)
    const parent = await startParent(folder.path, user)
    expect(isAlive(parent.clickhouse) && isAlive(parent.postgres)).toBe(true)
    await kill(parent.child)
    await until('both have ended', () => !isAlive(parent.clickhouse) && !isAlive(parent.postgres))
  }
})
