import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RotatingLog } from '../../../apps/server/src/engines/supervisor/rotating-log.ts'
import { type Heard, SupervisedProcess, type SuperviseOptions } from '../../../apps/server/src/engines/supervisor/supervised-process.ts'
import { type Clock, systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { isAlive } from '../../support/processes.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from './engine-folder.ts'

/** Waits pass a hundred times faster; what is measured is real. */
const hurriedClock: Clock = { ...systemClock, sleep: (delayMs, signal) => systemClock.sleep(delayMs / 100, signal) }

function options(folder: string, script: () => string, more: Partial<SuperviseOptions> = {}): SuperviseOptions {
  return {
    name: 'Child',
    prepare: async () => ({ command: process.execPath, args: ['-e', script()], env: {}, cwd: folder }),
    probe: async () => true,
    stopSignal: 'SIGTERM',
    stopDeadlineMs: 5_000,
    logFile: join(folder, 'child.log'),
    logger: silentLogger,
    clock: hurriedClock,
    ...more,
  }
}

const idle = 'setInterval(() => {}, 1000)'

test('a child that ends is started again; one that cannot start is failed and comes back when it can', async () => {
  using folder = engineFolder()
  let script = idle
  let starts = 0
  const setup = options(folder.path, () => script, { probe: async () => script === idle })
  await using child = await SupervisedProcess.start({
    ...setup,
    prepare: () => {
      starts++
      return setup.prepare()
    },
  })
  const first = child.pid
  script = 'console.error("cannot go on"); process.exit(3)'
  process.kill(first ?? 0, 'SIGKILL')
  await until('it is failed', () => child.state() === 'failed')
  expect(starts).toBeGreaterThanOrEqual(5)
  expect(child.failure).toBe('it ended with exit code 3; cannot go on')
  script = idle
  await until('it is ready again', () => child.state() === 'ready')
  expect(child.pid).not.toBe(first)
})

test('a first start that goes wrong is an error with the last words of the child', async () => {
  using folder = engineFolder()
  const setup = options(folder.path, () => 'console.log("noise"); console.error("FATAL: no such thing"); process.exit(7)', {
    probe: async () => false,
  })
  await expect(SupervisedProcess.start(setup)).rejects.toMatchObject({
    code: 'engine.start_failed',
    publicText: 'Child did not start: it ended with exit code 7; FATAL: no such thing',
  })
  const missing = { ...setup, prepare: async () => ({ command: join(folder.path, 'nothing'), args: [], env: {}, cwd: folder.path }) }
  await expect(SupervisedProcess.start(missing)).rejects.toMatchObject({ publicText: expect.stringContaining('ENOENT') })
})

test('a child that ignores the request to stop is killed at the deadline', async () => {
  using folder = engineFolder()
  const file = join(folder.path, 'ready')
  const deaf = `process.on('SIGTERM', () => {}); require('fs').writeFileSync(${JSON.stringify(file)}, ''); ${idle}`
  const child = await SupervisedProcess.start(options(folder.path, () => deaf, { probe: async () => existsSync(file) }))
  const { pid } = child
  await child[Symbol.asyncDispose]()
  expect(child.state()).toBe('stopped')
  expect(isAlive(pid ?? 0)).toBe(false)
})

test('a child that says nothing is silent at the second time, ready again when it speaks; one silence is none', async () => {
  using folder = engineFolder()
  const silences = [false, true, false, true, true, true, false]
  let asked = 0
  const listen = async (): Promise<Heard> => ((silences[asked++] ?? false) ? 'silent' : 'well')
  await using child = await SupervisedProcess.start(options(folder.path, () => idle, { listen }))
  const states: unknown[] = []
  using _ = child.onState((state) => states.push({ state, asked, failure: child.failure }))
  const first = child.pid
  await until('it was asked often enough', () => asked > silences.length)
  expect(states).toEqual([
    { state: 'silent', asked: 5, failure: 'it is there and does not answer' },
    { state: 'ready', asked: 7, failure: null },
  ])
  expect(child.pid).toBe(first)
})

test('a child that could not be asked is taken for what it was', async () => {
  using folder = engineFolder()
  const answers: Heard[] = [
    'unknown',
    'silent',
    'unknown',
    'unknown',
    'silent',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'well',
  ]
  let asked = 0
  await using child = await SupervisedProcess.start(options(folder.path, () => idle, { listen: async () => answers[asked++] ?? 'well' }))
  const states: unknown[] = []
  using _ = child.onState((state) => states.push({ state, asked }))
  const first = child.pid
  await until('it was asked often enough', () => asked > answers.length)
  expect(states).toEqual([
    { state: 'silent', asked: 5 },
    { state: 'ready', asked: 11 },
  ])
  expect(child.pid).toBe(first)
})

test('a child that recovers by itself is not ready meanwhile, and is not started again', async () => {
  using folder = engineFolder()
  const answers: Heard[] = [
    'well',
    'recovering',
    'recovering',
    'recovering',
    'recovering',
    'recovering',
    'recovering',
    'recovering',
    'well',
  ]
  let asked = 0
  await using child = await SupervisedProcess.start(options(folder.path, () => idle, { listen: async () => answers[asked++] ?? 'well' }))
  const states: unknown[] = []
  using _ = child.onState((state) => states.push({ state, asked, failure: child.failure }))
  const first = child.pid
  await until('it was asked often enough', () => asked > answers.length)
  expect(states).toEqual([
    { state: 'restarting', asked: 2, failure: 'it recovers and takes no questions yet' },
    { state: 'ready', asked: 9, failure: null },
  ])
  expect(child.pid).toBe(first)
})

test('a child that says nothing for too long is killed in its own way and started again', async () => {
  using folder = engineFolder()
  let heard: Heard = 'silent'
  const killed: number[] = []
  const kill = (pid: number): void => {
    killed.push(pid)
    heard = 'well'
    process.kill(pid, 'SIGKILL')
  }
  await using child = await SupervisedProcess.start(options(folder.path, () => idle, { listen: async () => heard, kill }))
  const first = child.pid
  await until('another one is ready', () => child.state() === 'ready' && child.pid !== first && child.pid !== null)
  expect(killed).toEqual([first])
})

test('a silent child is not asked to stop', async () => {
  using folder = engineFolder()
  const child = await SupervisedProcess.start(
    options(folder.path, () => idle, { listen: async () => 'silent', stopDeadlineMs: 1_000_000_000, clock: { ...hurriedClock } }),
  )
  const { pid } = child
  if (pid === null) throw new Error('no process')
  process.kill(pid, 'SIGSTOP')
  await until('it is silent', () => child.state() === 'silent')
  await child[Symbol.asyncDispose]()
  expect(isAlive(pid)).toBe(false)
})

test('the log is bounded and remembers the last lines', () => {
  using folder = engineFolder()
  const path = join(folder.path, 'logs', 'child.log')
  using log = new RotatingLog(path, 1000)
  for (let i = 0; i < 200; i++) log.write(Buffer.from(`line ${i} é\n`))
  log.write(Buffer.from('half a li'))
  expect(log.lastLines(2)).toEqual(['line 199 é', 'half a li'])
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(2000)
  expect(readFileSync(path, 'utf8')).toContain('line 199')
  log.forget()
  expect(log.lastLines()).toEqual([])
})
