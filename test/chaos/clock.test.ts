/**
 * The machine's clock is set an hour forward, two hours back and right again while the program runs, and it starts on a wrong clock:
 * data is taken and seen, nothing is lost or doubled, ages stay what they are. The engines keep the true time, as on machines of
 * their own. What is on the clock of the program is shifted by test/support/shifted-clock.mjs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SystemStatusBody } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { until } from '../support/wait.ts'
import { PatientSenders } from './patient-senders.ts'
import { checkByQuery, checkInStore, checkMeanwhile } from './steady-samples.ts'

const hourMs = 3_600_000
const preload = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url))
/** Nothing here lasts much longer, and an hour is far from it. */
const minuteMs = 60_000

interface Scene {
  readonly running: RunningBellwether
  readonly senders: PatientSenders
  /** How far the program's clock is ahead, ms. */
  readonly aheadMs: number
}

async function get<T>(running: RunningBellwether, path: string): Promise<T> {
  const response = await running.fetch(path)
  expect(response.status, path).toBe(200)
  return (await response.json()) as T
}

async function checkAges({ running, aheadMs }: Scene): Promise<void> {
  const status = await get<SystemStatusBody>(running, '/api/0/system/status')
  const nowMs = Date.now() + aheadMs
  expect(status.log.oldestMs).toBeGreaterThanOrEqual(0)
  expect(status.log.oldestMs).toBeLessThan(minuteMs)
  expect(status.uptimeSec * 1000).toBeLessThan(5 * minuteMs)
  const times = [status.startedAt, ...status.components.map(({ since }) => since ?? '')]
  const { items } = await get<{ items: { lastSeenAt: string }[] }>(running, '/api/0/projects/1/sources')
  expect(items.length).toBeGreaterThan(0)
  times.push(...items.map(({ lastSeenAt }) => lastSeenAt))
  for (const time of times) {
    expect(nowMs - Date.parse(time)).toBeGreaterThan(-2_000)
    expect(nowMs - Date.parse(time)).toBeLessThan(5 * minuteMs)
  }
}

/** What waits is as old as it is while the engine stands still, whatever the wall clock says. */
async function checkAgeOfWhatWaits({ running, senders }: Scene): Promise<void> {
  const engine = running.processes().find(({ command }) => /child\.mjs/.test(command))
  if (engine === undefined) throw new Error('ClickHouse is not among the children')
  const oldestMs = async (): Promise<number> => (await get<SystemStatusBody>(running, '/api/0/system/status')).log.oldestMs
  const before = senders.counts()
  process.kill(engine.pid, 'SIGSTOP')
  try {
    const stoppedMs = performance.now()
    const thenMs = await oldestMs()
    let ageMs = thenMs
    await until('data that waits longer and longer', async () => (ageMs = await oldestMs()) > thenMs + 2_000)
    // It ages as time passes: what another clock says is an hour away.
    expect(ageMs - thenMs).toBeLessThanOrEqual(performance.now() - stoppedMs)
    expect(senders.haveGoneOn(before)).toBe(true)
  } finally {
    process.kill(engine.pid, 'SIGCONT')
  }
  await until('what waited to be inserted', async () => (await oldestMs()) < 2_500)
}

async function checkScene(scene: Scene): Promise<void> {
  const before = scene.senders.counts()
  await until('senders to go on', () => scene.senders.haveGoneOn(before, 10))
  await checkMeanwhile(scene.running, scene.senders)
  await checkAges(scene)
}

test('the clock is set an hour forward and back while the program runs', { timeout: 300_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-clock-'))
  const clockFile = join(dataDir, 'clock')
  const environment = { NODE_OPTIONS: `--import ${preload}`, TEST_CLOCK_FILE: clockFile }
  const options = { dataDir, environment, adminToken: 'token-of-the-clock-test', ingestKey: 'e'.repeat(32) }
  writeFileSync(clockFile, '0')
  let running = await startBellwether(options)
  const senders = new PatientSenders(running)
  try {
    for (const aheadMs of [0, hourMs, -hourMs]) {
      writeFileSync(clockFile, String(aheadMs))
      await until('the clock to be set', async () => Math.abs((await clockOf(running)) - Date.now() - aheadMs) < minuteMs)
      await checkScene({ running, senders, aheadMs })
    }
    await checkAgeOfWhatWaits({ running, senders, aheadMs: -hourMs })
    senders.target = null
    await running.kill()
    // What it finds was begun in its future.
    writeFileSync(clockFile, String(-2 * hourMs))
    const sinceMs = performance.now()
    running = await startBellwether(options)
    console.log(`ready ${Math.round(performance.now() - sinceMs)} ms after a start two hours back`)
    await checkMeanwhile(running, senders)
    writeFileSync(clockFile, '0')
    await until('the clock to be right', async () => Math.abs((await clockOf(running)) - Date.now()) < minuteMs)
    senders.target = running
    await checkScene({ running, senders, aheadMs: 0 })
    await senders.finish()
    expect(senders.refusals.filter(({ status }) => status !== 0)).toEqual([])
    await checkByQuery(running, senders)
    expect(await running.stop()).toBe(0)
    await checkInStore(dataDir, senders)
  } finally {
    await senders.abandon()
    await running.kill().catch(() => {})
    rmSync(dataDir, { recursive: true, force: true })
  }
})

/** What time the program thinks it is, ms since 1970: of an instant query that names none. */
async function clockOf(running: RunningBellwether): Promise<number> {
  const answer = await get<{ data: { result: [number, string] } }>(running, '/api/v1/query?query=time()')
  return Number(answer.data.result[1]) * 1000
}
