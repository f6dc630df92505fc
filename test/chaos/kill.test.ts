/**
 * The program and each of its engines are killed with SIGKILL at random moments under load, and afterwards every acknowledged sample
 * is there, with the right value, once. A few rounds in `npm test`; `npm run test:chaos` does 200. The seed is printed: a run with
 * BELLWETHER_TEST_CHAOS_SEED kills in the same order after the same delays.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openClickHouse } from '../../apps/server/src/engines/index.ts'
import { systemClock } from '../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../apps/server/src/kernel/log.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { processTree } from '../support/processes.ts'
import { until } from '../support/wait.ts'
import { metricName, slotsPerRequest, Writers, type Ledger } from './acknowledged.ts'

const rounds = Number(process.env['BELLWETHER_TEST_CHAOS_ROUNDS'] ?? '6')
const seed = Number(process.env['BELLWETHER_TEST_CHAOS_SEED'] ?? Date.now() % 1_000_000)
const writerCount = 4
const startOptions = {
  environment: { BELLWETHER_SELF_WATCH: 'off' },
  adminToken: 'chaos-token-for-the-kill-test',
  ingestKey: 'c'.repeat(32),
}

type Victim = 'program' | 'ClickHouse' | 'PostgreSQL'

/** Numbers in [0, 1) that a seed decides (a linear congruential generator, constants of Numerical Recipes). */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x100000000
  }
}

function engineOf(running: RunningBellwether, victim: Victim): number | null {
  const children = running.processes().filter(({ parentPid }) => parentPid === running.pid)
  const pattern = victim === 'ClickHouse' ? /child\.mjs/ : /postgres/
  return children.find(({ command }) => pattern.test(command))?.pid ?? null
}

async function isReady(running: RunningBellwether): Promise<boolean> {
  return (await fetch(new URL('/health/ready', running.url))).status === 200
}

test(`everything acknowledged is there once after ${rounds} kills (seed ${seed})`, { timeout: 60_000 + rounds * 30_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-chaos-'))
  const random = randomFrom(seed)
  const writers = new Writers(writerCount)
  const fromMs = Date.now()
  let running = await startBellwether({ ...startOptions, dataDir })
  try {
    for (let round = 0; round < rounds; round++) {
      writers.target = running
      const before = writers.acknowledgedRequests
      await until('acknowledged writes', () => writers.acknowledgedRequests > before + 5, 30_000)
      await sleep(random() * 1_500)
      const victim: Victim = (['program', 'ClickHouse', 'program', 'PostgreSQL'] as const)[round % 4] ?? 'program'
      running = victim === 'program' ? await killProgram(running, writers, dataDir) : await killEngine(running, victim)
    }
    writers.target = running
    await sleep(300)
    await writers.stop()
    expect(writers.acknowledgedRequests).toBeGreaterThan(rounds * 5)
    await checkByQuery(running, writers.ledger, fromMs)
    expect(await running.stop()).toBe(0)
    await checkInStore(dataDir, writers.ledger)
  } finally {
    await writers.stop()
    await running.kill().catch(() => {})
    rmSync(dataDir, { recursive: true, force: true })
  }
})

async function killProgram(running: RunningBellwether, writers: Writers, dataDir: string): Promise<RunningBellwether> {
  await running.kill()
  writers.target = null
  return await startBellwether({ ...startOptions, dataDir })
}

async function killEngine(running: RunningBellwether, victim: Victim): Promise<RunningBellwether> {
  const pid = engineOf(running, victim)
  if (pid === null) throw new Error(`${victim} is not among the children: ${JSON.stringify(processTree(running.pid))}`)
  process.kill(pid, 'SIGKILL')
  await until(
    `another ${victim}, and readiness`,
    async () => {
      const now = engineOf(running, victim)
      return now !== null && now !== pid && (await isReady(running))
    },
    30_000,
  )
  return running
}

/** What a query sees: all that was acknowledged, and nothing that was never sent. */
async function checkByQuery(running: RunningBellwether, { acknowledged, sent }: Ledger, fromMs: number): Promise<void> {
  const untilSec = Date.now() / 1000 + 5
  const range = `${Math.ceil(untilSec - fromMs / 1000) + 5}s`
  for (let writer = 0; writer < writerCount; writer++) {
    const query = `${metricName}{writer="${writer}"}[${range}]`
    const answer = await asker(running.url, running.adminToken)('/api/v1/query', { query, time: String(untilSec) })
    expect(answer.status, answer.error).toBe('success')
    const series = comparable(answer)
    expect(series.size).toBe(slotsPerRequest)
    for (const points of series.values()) {
      const found = new Map(points.map(([timeSec, value]) => [Math.round(timeSec * 1000), Number(value)]))
      expect(found.size).toBe(points.length)
      const lost = [...(acknowledged[writer] ?? [])].filter(([timeMs, value]) => found.get(timeMs) !== value)
      const invented = [...found].filter(([timeMs, value]) => sent[writer]?.get(timeMs) !== value)
      expect({ lost, invented }).toEqual({ lost: [], invented: [] })
    }
  }
}

/** What the engine holds after an orderly end: each row once, none missing. Reading hides duplicates; this does not. */
async function checkInStore(dataDir: string, { acknowledged }: Ledger): Promise<void> {
  await using engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
  const sql = `SELECT toFloat64(count()) AS rows, toFloat64(uniqExact(series, ts)) AS different FROM samples
    WHERE series IN (SELECT series FROM series WHERE name = '${metricName}')`
  let blocks = 0
  for await (const block of engine.queryNative({ sql, class: 'internal' })) {
    blocks += 1
    const [rows, different] = block.columns.map((column) => (column.kind === 'f64' ? column.data[0] : undefined))
    expect(rows).toBe(different)
    const least = acknowledged.reduce((sum, each) => sum + each.size, 0) * slotsPerRequest
    expect(different).toBeGreaterThanOrEqual(least)
  }
  expect(blocks).toBe(1)
}
