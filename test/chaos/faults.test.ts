/**
 * The built program under full load, with real faults: kills, hangs, a damaged log, senders that stop. After each, every
 * acknowledged sample is there once with its value, readiness told the truth, and how long it took is printed in a table.
 * Short in `npm test`; `npm run test:chaos` plays every fault on its own, for longer and more often. The seed is printed:
 * a run with BELLWETHER_TEST_CHAOS_SEED kills after the same delays.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/wait.ts'
import { Installation, signal, type Engine } from './installation.ts'
import { report, type Outcome } from './outcomes.ts'
import { SlowSenders } from './slow-senders.ts'
import { damages, damageSegment, type DamageName } from './spool-damage.ts'
import { settle, Stage, type Noticed, type Played, type TruthLimits } from './stage.ts'

/** Rounds of kills, a fifth of each sort. Given: the long form. */
const rounds = Number(process.env['BELLWETHER_TEST_CHAOS_ROUNDS'] ?? '4')
const isLong = process.env['BELLWETHER_TEST_CHAOS_ROUNDS'] !== undefined
const seed = Number(process.env['BELLWETHER_TEST_CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** An engine hangs at least until that was noticed. */
const hangMs = isLong ? 60_000 : 0
const slowSenders = 1_000
const engines: readonly Engine[] = ['ClickHouse', 'PostgreSQL']
type Victim = Engine | 'both engines' | 'program' | 'all at once'
const victims: readonly Victim[] = ['both engines', 'program', 'ClickHouse', 'PostgreSQL', 'all at once']
/** What the program promises for SIGTERM. */
const stopMsMax = 15_000

const timeout = 120_000 + (isLong ? 60_000 + rounds * 15_000 : 0)

/** An engine that ends is seen at once, one that hangs within ten seconds; a question that gets no answer adds its own patience. */
const afterKill: TruthLimits = { wronglyReadyMsMax: 5_000, wronglyNotReadyMsMax: 5_000 }
const afterHang: TruthLimits = { wronglyReadyMsMax: 13_000, wronglyNotReadyMsMax: 8_000 }

/** Numbers in [0, 1) that a seed decides (a linear congruential generator, constants of Numerical Recipes). */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x100000000
  }
}

describe(`faults under load (seed ${seed})`, () => {
  const random = randomFrom(seed)
  const outcomes: Outcome[] = []
  /** What is not counted yet. */
  const played: Played[] = []
  let installation: Installation

  beforeAll(async () => {
    installation = await Installation.open()
  }, timeout)

  afterAll(async () => {
    report(outcomes)
    await installation[Symbol.asyncDispose]()
  }, timeout)

  /** Plays one fault; in the long form its samples are counted at once. */
  async function play(run: (stage: Stage) => Promise<Played>): Promise<void> {
    // A fault that the program did not survive is one failure, not that of all tests after it.
    if (installation.isDown) await installation.start()
    {
      await using stage = new Stage(installation)
      await stage.load.goesOn(20)
      played.push(await run(stage))
    }
    if (!isLong) return
    await count()
    await installation.start()
  }

  async function count(): Promise<void> {
    outcomes.push(...(await settle(installation, played.splice(0))))
  }

  test.for(isLong ? victims : victims.slice(1))('SIGKILL: %s', { timeout }, async (victim) => {
    const times = Math.ceil(rounds / victims.length)
    await play(async (stage) => {
      const noticed: Noticed[] = []
      for (let round = 0; round < times; round++) {
        await stage.load.goesOn(20)
        await sleep(random() * 1_000)
        noticed.push(await kill(stage, victim))
      }
      return await stage.finish(`SIGKILL ${victim} x${times}`, slowest(noticed), { limits: afterKill })
    })
  })

  test.for(isLong ? engines : [])('SIGSTOP: %s', { timeout }, async (engine) => {
    await play(async (stage) => await stage.finish(`SIGSTOP ${engine}`, await hang(stage, engine), { limits: afterHang }))
  })

  // Neither engine is asked anything when data comes in, so all of it can be seen at the same time.
  test.for(isLong ? [] : [slowSenders])('SIGSTOP: one engine after the other; %i senders that stop', { timeout }, async () => {
    await play(async (stage) => {
      const hangs = async (): Promise<Noticed> => slowest([await hang(stage, 'ClickHouse'), await hang(stage, 'PostgreSQL')])
      const [noticed] = await Promise.all([hangs(), bearSlowSenders(stage)])
      return await stage.finish('SIGSTOP each engine, slow senders', noticed, { limits: afterHang })
    })
  })

  const each = Object.keys(damages) as DamageName[]
  test.for(isLong ? each : ['bits flipped, end zeroed'])('a damaged end of the log: %s', { timeout }, async (title) => {
    const names = each.filter((name) => title.includes(name))
    await play(async (stage) => {
      const { destroyed, noticed } = await crashAndDamage(stage, names)
      return await stage.finish(`log: ${title}`, noticed, { destroyed, limits: afterHang })
    })
  })

  test.for(isLong ? [slowSenders] : [])('%i senders that stop', { timeout }, async () => {
    await play(async (stage) => {
      const beganMs = performance.now()
      await bearSlowSenders(stage)
      const noticed = { toldMs: stage.watch.toldAfter(beganMs), recoveryMs: 0 }
      expect(noticed.toldMs).toBeNull()
      return await stage.finish(`${slowSenders} senders that stop`, noticed, { limits: afterKill })
    })
  })

  test.for(isLong ? engines : [])('the program is stopped while %s hangs', { timeout }, async (engine) => {
    await play(async (stage) => {
      const stop = await stopWhileHanging(stage, engine)
      console.log(
        `stopped while ${engine} hung: ${Math.round(stop.atOnceMs)} ms at once, ${Math.round(stop.onceNoticedMs)} ms once it was noticed`,
      )
      return await stage.finish(`SIGTERM, ${engine} hangs`, stop.noticed, { limits: afterHang })
    })
  })

  test('everything acknowledged is there once', { timeout }, async () => {
    if (!isLong) await count()
    expect(outcomes.length).toBeGreaterThan(0)
  })
})

function slowest(all: readonly Noticed[]): Noticed {
  const told = all.map(({ toldMs }) => toldMs).filter((toldMs) => toldMs !== null)
  return { toldMs: told.length === 0 ? null : Math.max(...told), recoveryMs: Math.max(...all.map(({ recoveryMs }) => recoveryMs)) }
}

async function kill(stage: Stage, victim: Victim): Promise<Noticed> {
  const { installation, watch } = stage
  const killedMs = performance.now()
  if (victim === 'program' || victim === 'all at once') {
    stage.pause()
    await (victim === 'program' ? installation.kill() : installation.killEverything())
    await stage.restart()
  } else {
    const killed = victim === 'both engines' ? engines : [victim]
    const pids = killed.map((engine) => installation.engine(engine)[0])
    for (const pid of pids) {
      if (pid === undefined) throw new Error(`${victim}: an engine does not run`)
      signal(pid, 'SIGKILL')
    }
    const isReplaced = (engine: Engine, at: number): boolean => {
      const [now] = installation.engine(engine)
      return now !== undefined && now !== pids[at]
    }
    await until(`a successor of ${victim}`, () => killed.every(isReplaced), 60_000)
  }
  const recoveryMs = (await watch.recovered(killedMs, 60_000)) - killedMs
  return { toldMs: watch.toldAfter(killedMs), recoveryMs }
}

/** The recovery is measured from the engine's going on; it is 0 when another engine had taken over before. */
async function hang(stage: Stage, engine: Engine): Promise<Noticed> {
  const { installation, load, watch } = stage
  const pids = installation.engine(engine)
  const hungMs = performance.now()
  for (const pid of pids) signal(pid, 'SIGSTOP')
  await watch.notReady(hungMs, afterHang.wronglyReadyMsMax)
  // The log takes what comes all the same.
  await load.goesOn(20)
  await sleep(Math.max(0, hungMs + hangMs - performance.now()))
  const endedMs = performance.now()
  for (const pid of pids) signal(pid, 'SIGCONT')
  const recoveryMs = Math.max(0, (await watch.recovered(hungMs, 60_000)) - endedMs)
  return { toldMs: watch.toldAfter(hungMs), recoveryMs }
}

/** SIGTERM at once after an engine began to hang, and once that was noticed. Both end in time, and leave the rest to the next start. */
async function stopWhileHanging(stage: Stage, engine: Engine): Promise<{ atOnceMs: number; onceNoticedMs: number; noticed: Noticed }> {
  const { installation, load, watch } = stage
  const times: number[] = []
  const beganMs = performance.now()
  let startedMs = beganMs
  for (const isNoticed of [false, true]) {
    const hungMs = performance.now()
    for (const pid of installation.engine(engine)) signal(pid, 'SIGSTOP')
    if (isNoticed) await watch.notReady(hungMs, afterHang.wronglyReadyMsMax)
    stage.pause()
    const { code, tookMs } = await installation.stop()
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(stopMsMax)
    times.push(tookMs)
    startedMs = performance.now()
    await stage.restart()
    await load.goesOn(20)
  }
  const [atOnceMs = 0, onceNoticedMs = 0] = times
  const noticed = { toldMs: watch.toldAfter(beganMs), recoveryMs: (await watch.recovered(startedMs, 60_000)) - startedMs }
  return { atOnceMs, onceNoticedMs, noticed }
}

/** Lets segments pile up behind an engine that hangs, kills everything, damages the last of them and starts again. */
async function crashAndDamage(stage: Stage, names: readonly DamageName[]): Promise<{ destroyed: number; noticed: Noticed }> {
  const { installation, load, watch } = stage
  const beganMs = performance.now()
  for (const pid of installation.engine('ClickHouse')) signal(pid, 'SIGSTOP')
  const ready = join(installation.dataDir, 'ingest-log', 'ready')
  await until('segments to pile up', () => readdirSync(ready).length >= names.length + 2)
  await load.goesOn(5)
  stage.pause()
  await installation.killEverything()
  const damaged = names.map((name, at) => damageSegment(installation.dataDir, name, names.length - 1 - at))
  const startedMs = performance.now()
  await stage.restart()
  const recoveryMs = (await watch.recovered(startedMs, 60_000)) - startedMs
  await expectDamageTold(installation, names)
  const noticed = { toldMs: watch.toldAfter(beganMs), recoveryMs }
  return { destroyed: damaged.reduce((sum, { samples }) => sum + samples, 0), noticed }
}

/** A log file that merely ends too early cannot be told from an unfinished write; everything else has a line, a count and a copy. */
async function expectDamageTold(installation: Installation, names: readonly DamageName[]): Promise<void> {
  expect(await installation.metric('bellwether_ingest_log_torn_bytes_total')).toBeGreaterThan(0)
  const obvious = names.filter((name) => name !== 'truncated').length
  expect(await installation.metric('bellwether_ingest_log_damaged_files_total')).toBeGreaterThanOrEqual(obvious)
  expect(readdirSync(join(installation.dataDir, 'ingest-log', 'damaged')).length).toBeGreaterThanOrEqual(obvious)
  if (obvious > 0) expect(installation.running.stderr()).toContain('a segment is damaged')
}

/** What the slow ones hold is little; healthy senders do not notice; every slow one is cut off, and nothing of them stays. */
async function bearSlowSenders({ installation, load }: Stage): Promise<void> {
  const { running } = installation
  const refusedBefore = refusals(load.byStatus)
  // Nothing else comes meanwhile, so that what grows is theirs.
  const { target } = load
  load.target = null
  await until('what is under way to be answered', () => load.underWay === 0)
  const filesBefore = openFiles(running.pid)
  const memoryBefore = memoryBytes(running.pid)
  using slow = new SlowSenders(running, slowSenders)
  await slow.allOpen()
  await until('the program to have taken them', () => openFiles(running.pid) > filesBefore + slowSenders * 0.9)
  const memoryMost = memoryBytes(running.pid)
  load.target = target
  while (slow.open > 0) {
    await load.goesOn(20)
    await sleep(200)
  }
  console.log(`slow senders: memory ${mib(memoryBefore)} MiB, with them ${mib(memoryMost)} MiB`)
  expect(memoryMost - memoryBefore).toBeLessThan(150 * 1024 ** 2)
  expect(refusals(load.byStatus)).toBe(refusedBefore)
  await until('the files of the slow senders to be closed', () => openFiles(running.pid) < filesBefore + 50)
}

function refusals(byStatus: ReadonlyMap<number, number>): number {
  return [...byStatus].reduce((sum, [status, count]) => (status === 200 || status === 204 ? sum : sum + count), 0)
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

function memoryBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 ** 2)
}
