import { beforeEach, expect, test } from 'vitest'
import {
  createStringIndexer,
  createIndexerInstruments,
  StringIndexerCache,
  unlimitedWrites,
  WritesLimiter,
  type StringIndexer,
} from '../../indexer/index.ts'
import { MemoryStrings } from '../../indexer/testing/memory-strings.ts'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { createInstruments } from '../../kernel/instruments.ts'
import { silentLogger } from '../../kernel/log.ts'
import { LocalSlidingWindows } from '../../limiters/index.ts'
import { defaultSeriesLimits } from '../limits.ts'
import { SeriesRegistry } from '../series/registry.ts'
import { WritesGate } from './writes-gate.ts'

const tenant = { organizationId: 1, projectId: 1 }
let registry: SeriesRegistry
let indexer: StringIndexer
let told: string[]

/** A gate that lets so many strings in. */
function gate(limit: number): WritesGate {
  const clock = new ManualClock()
  const quota = [{ windowSeconds: 3600, granularitySeconds: 60, limit }]
  indexer = createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock, logger: silentLogger, sizeMax: 1000 }),
    storage: new MemoryStrings(),
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), { ...unlimitedWrites, perOrganization: quota }),
    instruments: createIndexerInstruments(createInstruments()),
    clock,
    logger: silentLogger,
  })
  return new WritesGate({ registry, indexer, onRefused: (_, text) => told.push(text) })
}

function series(name: string, host: string): number {
  return registry.resolve(tenant, [
    ['__name__', name],
    ['host', host],
  ])
}

beforeEach(() => {
  registry = new SeriesRegistry(defaultSeriesLimits, 1)
  told = []
})

test('a series with a string over the quota is refused, the others pass, and shared strings are free', async () => {
  const writes = gate(3)
  const refs = ['h1', 'h2', 'h3'].map((host) => series('up', host))
  const refused = await writes.judge(tenant, refs)
  expect(refused).toEqual({ reason: 'writes_limit', refs: [refs[2]] })
  expect(told).toEqual([expect.stringMatching(/^1 new series dropped, one of them of 'up': with 'h3' there would be more/)])
  expect(await writes.judge(tenant, refs)).toEqual({ reason: 'writes_limit', refs: [refs[2]] })
  expect(await writes.judge(tenant, refs.slice(0, 2))).toEqual({ reason: 'writes_limit', refs: [] })
})

test('who cannot wait is answered the same way', () => {
  const writes = gate(3)
  const refs = ['h1', 'h2', 'h3'].map((host) => series('up', host))
  expect(writes.judgeNow(tenant, refs)).toEqual({ reason: 'writes_limit', refs: [refs[2]] })
})

test('known strings are answered at once', async () => {
  const writes = gate(10)
  await indexer.bulkRecord(new Map([['custom', new Map([[1, new Set(['up', 'h1'])]])]]))
  expect(writes.judge(tenant, [series('up', 'h1'), series('up', 'production')])).toEqual({ reason: 'writes_limit', refs: [] })
  expect(
    writes.judge({ organizationId: 2, projectId: 1 }, [registry.resolve({ organizationId: 2, projectId: 1 }, [['__name__', 'up']])]),
  ).toBeInstanceOf(Promise)
})

test('strings of other use cases count under theirs', async () => {
  const writes = gate(10)
  const name = 'transaction.duration'
  await indexer.bulkRecord(new Map([['custom', new Map([[1, new Set([name, 'h1'])]])]]))
  const ref = series(name, 'h1')
  await writes.judge(tenant, [ref])
  const results = await indexer.bulkRecord(new Map([['transactions', new Map([[1, new Set([name, 'h1'])]])]]))
  expect(results.metadataOf('transactions', 1, 'h1')?.fetchType).toBe('f')
  expect(writes.judge(tenant, [ref])).toEqual({ reason: 'writes_limit', refs: [] })
})
