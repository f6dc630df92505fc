/**
 * The disks of the ingest log, of ClickHouse and of PostgreSQL each become full under load and get space again: refusals are orderly,
 * the program says what is wrong, queries answer, and afterwards everything acknowledged is there once. Recovery times are printed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SystemStatusBody } from '@bellwether/protocol'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { until } from '../support/wait.ts'
import { PatientSenders, type Refusal } from './patient-senders.ts'
import { SmallDisk, whyNoSmallDisks } from './small-disk.ts'
import { checkByQuery, checkInStore, checkMeanwhile } from './steady-samples.ts'

if (whyNoSmallDisks !== null) console.warn(`SKIPPING the tests of full disks: ${whyNoSmallDisks}.`)

/** More by hand: BELLWETHER_TEST_DISK_ROUNDS. */
const rounds = Number(process.env['BELLWETHER_TEST_DISK_ROUNDS'] ?? '1')

type Component = SystemStatusBody['components'][number]

async function statusOf(running: RunningBellwether): Promise<SystemStatusBody> {
  return (await (await running.fetch('/api/0/system/status')).json()) as SystemStatusBody
}

async function component(running: RunningBellwether, name: string): Promise<Component | undefined> {
  return (await statusOf(running)).components.find((one) => one.name === name)
}

async function readiness(running: RunningBellwether): Promise<{ status: number; waitingFor: string[]; degraded: string[] }> {
  const response = await fetch(new URL('/health/ready', running.url))
  return { ...((await response.json()) as { waitingFor: string[]; degraded: string[] }), status: response.status }
}

interface Scene {
  readonly running: RunningBellwether
  readonly disk: SmallDisk
  readonly senders: PatientSenders
  /** A new start on the same data, after which the senders go on. */
  readonly start: () => Promise<RunningBellwether>
  /** The same after SIGKILL. */
  readonly restart: () => Promise<RunningBellwether>
  readonly dataDir: string
}

/** A program whose `folder` of the data directory is a disk of its own, with senders at work; everything is taken down afterwards. */
async function onSmallDisk(folder: string, scenario: (facts: Scene) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-disk-full-'))
  try {
    using disk = new SmallDisk(join(dataDir, folder))
    const options = {
      dataDir,
      environment: { BELLWETHER_SELF_WATCH: 'off' },
      adminToken: 'disk-full-admin-token',
      ingestKey: 'd'.repeat(32),
    }
    let running = await startBellwether(options)
    const senders = new PatientSenders(running)
    const start = async (): Promise<RunningBellwether> => {
      running = await startBellwether(options)
      senders.target = running
      return running
    }
    const restart = async (): Promise<RunningBellwether> => {
      senders.target = null
      await running.kill()
      return await start()
    }
    try {
      for (let round = 0; round < rounds; round++) {
        const before = senders.counts()
        await until('acknowledgements', () => senders.haveGoneOn(before, 5))
        await sleep(Math.random() * 500)
        await scenario({ running, disk, senders, start, restart, dataDir })
      }
      await senders.finish()
      await checkByQuery(running, senders)
      expect(await running.stop()).toBe(0)
      await checkInStore(dataDir, senders)
    } catch (error) {
      console.error(`the program said:\n${running.stderr().slice(-4000)}`)
      throw error
    } finally {
      disk.free()
      await senders.abandon()
      await running.kill().catch(() => {})
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Statuses that made senders wait, apart by protocol (0, no answer, is left out). Every refusal says when to come again. */
function waits(refusals: readonly Refusal[]): Record<string, number[]> {
  const found: Record<string, Set<number>> = {}
  for (const refusal of refusals) {
    if (refusal.status === 0) continue
    expect(refusal).toMatchObject({ retryAfter: expect.stringMatching(/^[1-9]\d*$/) })
    const protocol = refusal.sender.replace(/-\d$/, '')
    found[protocol] = (found[protocol] ?? new Set()).add(refusal.status)
  }
  return Object.fromEntries(Object.entries(found).map(([protocol, statuses]) => [protocol, [...statuses].sort()]))
}

async function ingestLogRefuses({ running, senders }: Scene): Promise<void> {
  const detail = 'The log has nearly no disk left: senders are told to try again later.'
  await until('the program to know', async () => (await component(running, 'ingest-log'))?.detail === detail)
  await senders.everyoneIsRefused()
  // Queries answer, so it is ready; what it does not do is named.
  const said = await readiness(running)
  expect(said).toMatchObject({ status: 200, waitingFor: [] })
  expect(said.degraded).toContain('ingest-log')
  const before = senders.counts()
  await checkByQuery(running, senders)
  expect(senders.counts()).toEqual(before)
}

async function goesOn({ disk, senders }: Scene, running: RunningBellwether, what: string): Promise<void> {
  const before = senders.counts()
  const freedMs = performance.now()
  disk.free()
  await until('acknowledgements of every sender', () => senders.haveGoneOn(before))
  console.log(`${what}: all senders go on ${Math.round(performance.now() - freedMs)} ms after it has space again`)
  expect(waits(senders.refusals)).toEqual({ otlp: expect.arrayContaining([503]), 'remote-write': [503] })
  await until('readiness without a flaw', async () => (await readiness(running)).degraded.length === 0)
}

async function ingestLogFull(scene: Scene): Promise<void> {
  scene.disk.fill()
  await ingestLogRefuses(scene)
  // Also a start must do without space.
  const running = await scene.restart()
  await ingestLogRefuses({ ...scene, running })
  await goesOn(scene, running, 'disk of the ingest log')
}

async function everythingFull(scene: Scene): Promise<void> {
  scene.disk.fill()
  await ingestLogRefuses(scene)
  await goesOn(scene, scene.running, 'disk of everything')
  scene.disk.fill()
  // Engines cannot start without space, so the program does not either, and says what is needed.
  await expect(scene.restart()).rejects.toThrow(/The disk of the data directory \S+ is full: 0 MB are free and 64 MB are needed/)
  scene.disk.free()
  await goesOn(scene, await scene.start(), 'disk of everything, and a start')
}

async function clickHouseFull({ running, disk, senders }: Scene): Promise<void> {
  disk.fill()
  await until('the writer to wait', async () => (await component(running, 'writer'))?.detail?.includes('engine.disk_full') === true)
  const before = senders.counts()
  await until('data that waits', async () => (await statusOf(running)).log.oldestMs > 3_000)
  expect(senders.haveGoneOn(before)).toBe(true)
  expect(await readiness(running)).toMatchObject({ status: 200, waitingFor: [], degraded: ['clickhouse', 'writer'] })
  await checkMeanwhile(running, senders)
  const freedMs = performance.now()
  disk.free()
  await until('what waited to be inserted', async () => (await statusOf(running)).log.oldestMs < 2_000, 60_000)
  console.log(`disk of ClickHouse: what waited is inserted ${Math.round(performance.now() - freedMs)} ms after it has space again`)
  await until('readiness without a flaw', async () => (await readiness(running)).degraded.length === 0)
  expect(senders.refusals).toEqual([])
  expect(await droppedRows(running)).toEqual([{}])
}

async function postgresFull({ running, disk, senders, dataDir }: Scene): Promise<void> {
  const tokens = await Promise.all(['one', 'two', 'three', 'four'].map((name) => makeToken(running, name)))
  disk.fill()
  expect(await changeUntilRefused(running)).toMatchObject({ status: 503, code: 'accounts.unavailable' })
  const before = senders.counts()
  // Noting that a token was used is a change too; it must not cost the answer.
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token.secret}` }
    expect((await fetch(new URL('/api/v1/query?query=1', running.url), { headers })).status).toBe(200)
  }
  expect(await readiness(running)).toMatchObject({ status: 200, waitingFor: [], degraded: ['postgres'] })
  await checkMeanwhile(running, senders)
  await until('senders to go on', () => senders.haveGoneOn(before))
  // Sooner or later it needs a new file for its own log, and ends itself when it cannot have one.
  await wearOutPostgres(dataDir)
  await until('readiness to tell', async () => (await readiness(running)).waitingFor.includes('postgres'))
  const down = senders.counts()
  await until('senders to go on without it', () => senders.haveGoneOn(down))
  const freedMs = performance.now()
  disk.free()
  await until('readiness', async () => (await readiness(running)).status === 200, 60_000)
  console.log(`disk of PostgreSQL: ready ${Math.round(performance.now() - freedMs)} ms after it has space again`)
  expect((await makeToken(running, 'five')).status).toBe(201)
  expect(senders.refusals).toEqual([])
}

describe.skipIf(whyNoSmallDisks !== null)(`a disk becomes full under load and gets space again, ${rounds} times`, () => {
  const timeout = 180_000 + rounds * 60_000
  test("the ingest log's: senders wait, queries answer, nothing is lost or doubled", { timeout }, async () => {
    await onSmallDisk('ingest-log', ingestLogFull)
  })

  test('that of all together: senders wait, queries answer, a start says what is needed', { timeout }, async () => {
    await onSmallDisk('.', everythingFull)
  })

  test("ClickHouse's: data is taken and seen, inserted afterwards, nothing goes to the dead letters", { timeout }, async () => {
    await onSmallDisk('clickhouse', clickHouseFull)
  })

  test("PostgreSQL's: data and queries go on, changes are refused for now", { timeout }, async () => {
    await onSmallDisk('postgres', postgresFull)
  })
})

interface MadeToken {
  readonly status: number
  readonly secret: string
  /** Of the error, or ''. */
  readonly code: string
}

async function makeToken(running: RunningBellwether, name: string): Promise<MadeToken> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, permissions: ['read'] }) }
  const response = await running.fetch('/api/0/organizations/1/tokens', init)
  const body = (await response.json()) as { secret?: string; error?: { code: string } }
  return { status: response.status, secret: body.secret ?? '', code: body.error?.code ?? '' }
}

async function changeUntilRefused(running: RunningBellwether): Promise<MadeToken> {
  for (let change = 1; change <= 2000; change++) {
    const made = await makeToken(running, `change ${change} ${'x'.repeat(50)}`)
    if (made.status !== 201) return made
  }
  throw new Error('a full disk refused no change')
}

/** Writes megabytes to PostgreSQL's log of changes, as many changes would, until it ends for want of another file of it. */
async function wearOutPostgres(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'postgres')
  const password = readFileSync(join(folder, 'password'), 'utf8').trim()
  const client = new pg.Client({ host: join(folder, 'run'), user: 'bellwether', password, database: 'bellwether' })
  client.on('error', () => {})
  await client.connect()
  const megabytesMax = 500
  let written = 0
  try {
    for (; written < megabytesMax; written++) await client.query("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
  } catch {
    await client.end().catch(() => {})
  }
  expect(written).toBeLessThan(megabytesMax)
}

/** By project: rows that were accepted and then left out, by reason. */
async function droppedRows(running: RunningBellwether): Promise<unknown[]> {
  const { items } = (await (await running.fetch('/api/0/organizations/1/usage')).json()) as { items: { dropped: unknown }[] }
  return items.map(({ dropped }) => dropped)
}
