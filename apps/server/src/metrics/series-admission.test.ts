import { expect, test } from 'vitest'
import { createConservation, type LogRecord } from '../ingest/index.ts'
import { createInstruments } from '../kernel/instruments.ts'
import { silentLogger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import { MetricsBatch } from './batch/metrics-batch.ts'
import { createMetricsHandler } from './handler.ts'
import { createMetricsIngest } from './ingest.ts'
import { defaultSeriesLimits } from './limits.ts'
import { MetadataStore } from './metadata-store.ts'
import { createMetricsInstruments } from './metrics.ts'
import type { RefusedSeries, SeriesGate } from './ports.ts'
import { decodeMetricsRecord } from './record/decode.ts'
import { Head } from './samples/head.ts'
import { HistogramHead } from './samples/histogram-head.ts'
import { SeriesRegistry } from './series/registry.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const startMs = 1_790_000_000_000

/** Metrics behind a gate that refuses series whose `n` is odd, by asking someone far away or at once. */
function open(far: boolean) {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const head = new Head({ sizeBytesMax: 1 << 20, clock: { monotonicMs: () => 0 }, pendingAgeMs: () => 0 })
  const histograms = new HistogramHead()
  const conservation = createConservation()
  const parts = { registry, head, histograms, conservation, metadata: new MetadataStore() }
  const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
  const records: LogRecord[] = []
  const log = {
    error: null as Error | null,
    append(_lane: string, record: LogRecord): Promise<void> {
      if (log.error !== null) return Promise.reject(log.error)
      records.push(record)
      return Promise.resolve()
    },
  }
  const asked: number[][] = []
  const clock = { ms: startMs, nowMs: (): number => clock.ms }
  const isOdd = (ref: number): boolean => Number(registry.labels(ref).find(([name]) => name === 'n')?.[1]) % 2 === 1
  const judgeNow = (_tenant: Tenant, refs: readonly number[]): RefusedSeries => {
    asked.push([...refs])
    return { reason: 'cardinality_limit', refs: refs.filter(isOdd) }
  }
  const gate: SeriesGate = {
    refusalSec: 60,
    judgeNow,
    judge: (of, refs) => (far ? Promise.resolve().then(() => judgeNow(of, refs)) : judgeNow(of, refs)),
  }
  const folding = { has: () => false, fold: () => new Map(), lost: () => undefined }
  const decisions = { clock, gates: [gate], folding }
  const series = (n: number): number =>
    registry.resolve(tenant, [
      ['__name__', 'm'],
      ['n', `${n}`],
    ])
  const fill = (batch: MetricsBatch, ns: readonly number[], timeMs: number): void => {
    for (const n of ns) batch.addSample(series(n), timeMs, n)
    batch.pointsReceived += ns.length
  }
  const ingest = createMetricsIngest({ ...parts, instruments, log, decisions })
  const decodeRaw = (record: LogRecord, batch: MetricsBatch): void => fill(batch, [...record.payload], startMs + 1)
  const handler = createMetricsHandler({ ...parts, instruments, logger: silentLogger, decodeRaw, decisions })
  const send = (ns: readonly number[], timeMs: number): Promise<void> => {
    const batch = new MetricsBatch()
    batch.reset(tenant)
    fill(batch, ns, timeMs)
    return ingest.accept(batch, 10)
  }
  return { ...parts, ingest, log, records, asked, clock, send, handler, series }
}

test.each([false, true])('refused series are taken out, the rest of the batch is stored; far away: %s', async (far) => {
  const { send, records, conservation, asked } = open(far)
  await send([0, 1, 2, 3, 1], startMs)
  const record = decodeMetricsRecord(records[0]!.payload)
  expect(record.sampleCount).toBe(2)
  expect([...record.series].map(({ labels }) => labels[1]?.[1])).toEqual(['0', '2'])
  expect(asked).toEqual([[0, 1, 2, 3]])
  expect(conservation.rows()).toMatchObject([{ received: 5, dropped: { duplicate_sample: 1, cardinality_limit: 2 }, queued: 2 }])
  expect(conservation.balance()).toEqual([])
})

test('nothing is asked about durable series, and refused ones are not asked about until their time is over', async () => {
  const { send, asked, clock, conservation } = open(false)
  await send([0, 1], startMs)
  await send([0, 1], startMs + 1)
  clock.ms += 30_000
  await send([0, 1], startMs + 2)
  expect(asked).toEqual([[0, 1]])
  clock.ms += 31_000
  await send([0, 1], startMs + 3)
  expect(asked).toEqual([[0, 1], [1]])
  expect(conservation.rows()).toMatchObject([{ received: 8, dropped: { cardinality_limit: 4 }, queued: 4 }])
})

test('zeros that the decoder put are not counted as points of the sender', async () => {
  const { ingest, series, conservation } = open(false)
  const batch = new MetricsBatch()
  batch.reset(tenant)
  for (const n of [0, 1, 3]) {
    batch.addSample(series(n), startMs - 1000, 0)
    batch.addSample(series(n), startMs, 7)
    batch.ownSamples++
    batch.pointsReceived++
  }
  await ingest.accept(batch, 10)
  expect(conservation.rows()).toMatchObject([{ received: 3, dropped: { cardinality_limit: 2 }, queued: 1 }])
})

test('a refused series is in no list of names and values', async () => {
  const { send, registry, series } = open(false)
  await send([0, 1], startMs)
  expect([0, 1].map((n) => registry.isActive(series(n), startMs - 1, startMs + 1))).toEqual([true, false])
})

test('a batch of refused series only is acknowledged and appends nothing', async () => {
  const { send, records, conservation } = open(true)
  await send([1, 3], startMs)
  expect(records).toEqual([])
  expect(conservation.rows()).toMatchObject([{ received: 2, dropped: { cardinality_limit: 2 }, queued: 0 }])
  expect(conservation.balance()).toEqual([])
})

test('a batch that the log refused is judged again when it is repeated', async () => {
  const { send, asked, log, conservation } = open(false)
  log.error = new Error('full')
  await expect(send([0, 1], startMs)).rejects.toThrow('full')
  log.error = null
  await send([0, 1], startMs)
  expect(asked).toEqual([[0, 1], [0]])
  expect(conservation.balance()).toEqual([])
})

test('bodies decoded later meet the same limits', () => {
  const { handler, conservation, head, series } = open(true)
  const { record } = handler.processRaw({ kind: 'metrics', tenant, rows: 4, format: 7, payload: Uint8Array.of(0, 1, 2, 3) })
  expect(record).toMatchObject({ rows: 2 })
  expect([...decodeMetricsRecord(record!.payload).series].length).toBe(2)
  expect(head.newestMs(series(1))).toBe(-Infinity)
  expect(conservation.rows()).toMatchObject([{ dropped: { cardinality_limit: 2 } }])
})

test('a series whose row is lost is not judged again, and one that was stored meanwhile keeps its times', async () => {
  const { send, asked, registry, series, records } = open(true)
  await send([0], startMs)
  registry.markLost(series(0))
  await send([0], startMs + 60_000)
  expect(asked).toEqual([[0]])
  expect([...decodeMetricsRecord(records[1]!.payload).series].length).toBe(1)
  const refused = send([1], startMs)
  const minute = startMs / 60_000
  registry.markDurable(series(1), minute, minute)
  await refused
  expect(registry.isActive(series(1), startMs, startMs)).toBe(true)
})
