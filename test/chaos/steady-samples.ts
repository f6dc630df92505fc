/** What became of the patient senders' samples: all that was acknowledged is there, once, with its value, and nothing else is. */
import { expect } from 'vitest'
import { openClickHouse } from '../../apps/server/src/engines/index.ts'
import { systemClock } from '../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../apps/server/src/kernel/log.ts'
import type { RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { steadyMetric, slotsPerBody, type Acknowledged, type PatientSenders } from './patient-senders.ts'

/** One sender's samples as a query sees them, by slot. Times span what was acknowledged, whatever any clock says. */
export async function slotsOf(running: RunningBellwether, sender: string, acknowledged: Acknowledged): Promise<Map<number, number>[]> {
  const times = [...acknowledged.keys()]
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)]
  const query = `${steadyMetric}{sender="${sender}"}[${Math.ceil((lastMs - firstMs) / 1000) + 3}s]`
  const answer = await asker(running.url, running.adminToken)('/api/v1/query', { query, time: String(lastMs / 1000 + 1) })
  expect(answer.status, answer.error).toBe('success')
  return [...comparable(answer).values()].map((points) => {
    const found = new Map(points.map(([timeSec, value]) => [Math.round(timeSec * 1000), Number(value)]))
    expect(found.size).toBe(points.length)
    return found
  })
}

/** For senders that got no answer but refusals, or have finished: nothing of theirs is under way. */
export async function checkByQuery(running: RunningBellwether, senders: PatientSenders): Promise<void> {
  await check(running, senders, true)
}

/** For senders at work: what they had acknowledged before is there. */
export async function checkMeanwhile(running: RunningBellwether, senders: PatientSenders): Promise<void> {
  await check(running, senders, false)
}

async function check(running: RunningBellwether, senders: PatientSenders, isAll: boolean): Promise<void> {
  const snapshot = [...senders.acknowledged].map(([sender, live]) => [sender, new Map(live)] as const)
  for (const [sender, acknowledged] of snapshot) {
    if (acknowledged.size === 0) continue
    const slots = await slotsOf(running, sender, acknowledged)
    expect(slots.length).toBe(slotsPerBody)
    for (const found of slots) {
      const lost = [...acknowledged].filter(([timeMs, value]) => found.get(timeMs) !== value)
      const invented = isAll ? [...found].filter(([timeMs, value]) => acknowledged.get(timeMs) !== value) : []
      expect({ sender, lost, invented }).toEqual({ sender, lost: [], invented: [] })
    }
  }
}

/** What the engine holds after an orderly end: each row once, none missing. Reading hides duplicates; this does not. */
export async function checkInStore(dataDir: string, senders: PatientSenders): Promise<void> {
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
    WHERE series IN (SELECT series FROM series_seen WHERE name = '${steadyMetric}')`
  const found: (number | undefined)[] = []
  for await (const block of engine.queryNative({ sql, class: 'internal' })) {
    for (const column of block.columns) if (column.kind === 'f64') found.push(column.data[0])
  }
  const wanted = senders.count() * slotsPerBody
  expect(found).toEqual([wanted, wanted])
}
