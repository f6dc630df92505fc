/** A record of metrics that is damaged, in a segment with another project's. */
import { expect, test } from 'vitest'
import { createConservation, createWriter, type LogRecord } from '../ingest/index.ts'
import { ManualClock, turns } from '../ingest/testing/manual-clock.ts'
import { SegmentLog } from '../ingest/testing/segment-log.ts'
import { createInstruments } from '../kernel/instruments.ts'
import { silentLogger } from '../kernel/log.ts'
import { MetricsBatch } from './batch/metrics-batch.ts'
import { createMetricsHandler } from './handler.ts'
import { createMetricsIngest } from './ingest.ts'
import { defaultSeriesLimits } from './limits.ts'
import { MetadataStore } from './metadata-store.ts'
import { createMetricsInstruments } from './metrics.ts'
import { Head } from './samples/head.ts'
import { HistogramHead } from './samples/histogram-head.ts'
import { SeriesRegistry } from './series/registry.ts'

test('is buried alone', async () => {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const head = new Head({ sizeBytesMax: 1 << 20, clock: { monotonicMs: () => 0 }, pendingAgeMs: () => 0 })
  const histograms = new HistogramHead()
  const conservation = createConservation()
  const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
  const parts = { registry, head, histograms, metadata: new MetadataStore(), conservation, instruments }
  const records: LogRecord[] = []
  const ingest = createMetricsIngest({ ...parts, log: { append: (_, record) => Promise.resolve(void records.push(record)) } })
  for (const projectId of [1, 2]) {
    const tenant = { organizationId: 1, projectId }
    const batch = new MetricsBatch()
    batch.reset(tenant)
    batch.addSample(registry.resolve(tenant, [['__name__', 'up']]), 1_790_000_000_000, projectId)
    batch.pointsReceived = 1
    await ingest.accept(batch, 10)
  }
  const [good, bad] = records
  expect(good?.tenant.projectId).toBe(1)
  const damaged = { ...bad!, payload: bad!.payload.subarray(0, 60) }
  const log = new SegmentLog()
  const clock = new ManualClock()
  const inserted: string[] = []
  const handler = createMetricsHandler({ ...parts, logger: silentLogger, decodeRaw: () => undefined })
  const writer = createWriter({
    log,
    clock,
    conservation,
    handlers: new Map([['metrics', handler]]),
    insert: ({ table, rows }) => Promise.resolve(void inserted.push(`${table} ${rows}`)),
    isThere: () => Promise.resolve(true),
    logger: silentLogger,
    drainTimeoutMs: 0,
  })
  writer.start()
  log.add('ready', [good!, damaged])
  await turns(20)
  const done = writer[Symbol.asyncDispose]()
  await clock.advance(100)
  await done
  expect(inserted).toContain('samples 1')
  expect([log.buriedParts, log.committed]).toEqual([[[damaged]], []])
  const counts = conservation.rows().map(({ projectId, stored, queued, dropped }) => [projectId, stored, queued, dropped])
  expect(counts).toEqual([
    [1, 1, 0, {}],
    [2, 0, 0, { dead_letter: 1 }],
  ])
})
