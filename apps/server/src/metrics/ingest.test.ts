import { describe, expect, test } from 'vitest'
import { createConservation, type LogRecord } from '../ingest/index.ts'
import { AppError } from '../kernel/errors.ts'
import { createInstruments } from '../kernel/instruments.ts'
import { silentLogger } from '../kernel/log.ts'
import { createScope, type Tenant } from '../kernel/scope.ts'
import { MetricsBatch } from './batch/metrics-batch.ts'
import { createMetricsCatalog } from './catalog.ts'
import { createMetricsHandler } from './handler.ts'
import { createMetricsIngest } from './ingest.ts'
import { defaultSeriesLimits } from './limits.ts'
import { MetadataStore } from './metadata-store.ts'
import { createMetricsInstruments } from './metrics.ts'
import type { Labels, NativeHistogram } from './model.ts'
import { decodeMetricsRecord } from './record/decode.ts'
import { Head } from './samples/head.ts'
import { HistogramHead } from './samples/histogram-head.ts'
import { SampleColumns } from './samples/sample-columns.ts'
import { SeriesRegistry } from './series/registry.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const up: Labels = [['__name__', 'up']]
const startMs = 1_790_000_000_000

/** Metrics over a log that keeps records in an array, or refuses. */
function open() {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const head = new Head({ sizeBytesMax: 1 << 20, clock: { monotonicMs: () => 0 }, pendingAgeMs: () => 0 })
  const histograms = new HistogramHead()
  const metadata = new MetadataStore()
  const conservation = createConservation()
  const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
  const records: LogRecord[] = []
  /** Samples of the first series that queries saw when a record reached the log. */
  const visibleBefore: number[] = []
  const log = {
    error: null as Error | null,
    async append(_lane: string, record: LogRecord) {
      await Promise.resolve()
      if (log.error !== null) throw log.error
      visibleBefore.push(read(0).length)
      records.push(record)
    },
  }
  const read = (ref: number): [number, number][] => {
    const out = new SampleColumns()
    head.read(ref, -Infinity, Infinity, out)
    return Array.from(out.timesMs.subarray(0, out.count), (time, i): [number, number] => [time, out.values[i]!])
  }
  const parts = { registry, head, histograms, metadata, conservation, instruments }
  const ingest = createMetricsIngest({ ...parts, log })
  const decodeRaw = (record: LogRecord, batch: MetricsBatch): void => {
    const [count] = record.payload
    const known = registry.lookup(record.tenant, 0, record.payload, 0, 1)
    if (known !== -1) return batch.addSample(known, startMs, 7)
    for (let i = 0; i < (count ?? 0); i++) batch.addSample(registry.resolve(record.tenant, up), startMs + i, i)
    batch.pointsReceived = record.rows
    if (record.rows > (count ?? 0)) batch.refuse('bad_point', record.rows - (count ?? 0), 'x')
  }
  const handler = createMetricsHandler({ ...parts, logger: silentLogger, decodeRaw })
  return { ...parts, log, records, visibleBefore, read, ingest, handler }
}

function batch(fill: (one: MetricsBatch) => void): MetricsBatch {
  const one = new MetricsBatch()
  one.reset(tenant)
  fill(one)
  return one
}

const histogram: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [0, 1],
  positiveCounts: [1],
  negativeSpans: [],
  negativeCounts: [],
  customValues: [],
  resetHint: 'unknown',
}

describe('accept', () => {
  test('shows samples only once the log has them, with the row of a new series in the record', async () => {
    const { ingest, registry, records, visibleBefore, read } = open()
    const ref = registry.resolve(tenant, up)
    const one = batch((to) => {
      to.addSample(ref, startMs, 1)
      to.pointsReceived = 1
    })
    await ingest.accept(one, 10)
    expect(visibleBefore).toEqual([0])
    expect(read(ref)).toEqual([[startMs, 1]])
    expect(records).toMatchObject([{ kind: 'metrics', tenant, rows: 1, format: 1 }])
    expect([...decodeMetricsRecord(records[0]!.payload).series].map((row) => row.labels)).toEqual([up])
  })

  test('nothing is stored under the series of another project, and what led to it is forgotten', async () => {
    const { ingest, registry, records, conservation } = open()
    const ref = registry.resolve({ organizationId: 2, projectId: 1 }, up)
    registry.remember(tenant, 0, Buffer.from('raw'), 0, 3, ref)
    const one = batch((to) => {
      to.addSample(ref, startMs, 1)
      to.pointsReceived = 1
    })
    await expect(ingest.accept(one, 10)).rejects.toMatchObject({ code: 'metrics.foreign_series' })
    expect(records).toEqual([])
    expect(registry.isSeen(ref)).toBe(false)
    expect(registry.lookup(tenant, 0, Buffer.from('raw'), 0, 3)).toBe(-1)
    expect(conservation.rows()).toMatchObject([{ received: 1, refused: { foreign_series: 1 } }])
  })

  test('does not write the row again, until it lags', async () => {
    const { ingest, registry, records } = open()
    const ref = registry.resolve(tenant, up)
    const accept = (timeMs: number): Promise<void> =>
      ingest.accept(
        batch((to) => {
          to.addSample(ref, timeMs, 1)
          to.pointsReceived = 1
        }),
        10,
      )
    const hour = 3_600_000
    for (const offset of [0, 1, 6 * hour, 6 * hour + 120_000, 6 * hour + 240_000]) await accept(startMs + offset)
    expect(records.map((record) => decodeMetricsRecord(record.payload).series.length)).toEqual([1, 0, 0, 1, 0])
  })

  test('a log that refuses leaves nothing behind, and the next try writes everything', async () => {
    const { ingest, registry, records, read, conservation, log, metadata } = open()
    const ref = registry.resolve(tenant, up)
    const description = { name: 'up', type: 'gauge', unit: '', help: 'h' } as const
    const make = (): MetricsBatch =>
      batch((to) => {
        to.addSample(ref, startMs, 1)
        to.metadata.push(description)
        to.pointsReceived = 1
      })
    log.error = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'full' })
    await expect(ingest.accept(make(), 10)).rejects.toMatchObject({ code: 'ingest.log_full' })
    expect(read(ref)).toEqual([])
    expect(metadata.find(createScope(1, [1]), 'up')).toBeNull()
    log.error = null
    await ingest.accept(make(), 10)
    const record = decodeMetricsRecord(records[0]!.payload)
    expect(record).toMatchObject({ sampleCount: 1, metadata: [description] })
    expect([...record.series]).toMatchObject([{ labels: up }])
    expect(conservation.rows()).toMatchObject([{ received: 2, refused: { log_full: 1 }, queued: 1 }])
    expect(conservation.balance()).toEqual([])
  })

  test('a batch of which everything was refused, or that carries nothing, appends nothing', async () => {
    const { ingest, records, conservation } = open()
    const refused = batch((to) => {
      to.pointsReceived = 3
      to.refuse('bad_label', 3, 'x')
    })
    await ingest.accept(refused, 10)
    const empty = batch((to) => {
      to.pointsReceived = 2
    })
    await ingest.accept(empty, 10)
    expect(records).toEqual([])
    expect(conservation.rows()).toMatchObject([{ received: 5, refused: { bad_label: 3 }, dropped: { empty_point: 2 }, queued: 0 }])
    expect(conservation.balance()).toEqual([])
  })

  test('descriptions go into the log only when they say something new', async () => {
    const { ingest, records } = open()
    const describe = (help: string): Promise<void> =>
      ingest.accept(
        batch((to) => {
          to.metadata.push({ name: 'up', type: 'gauge', unit: '', help })
        }),
        10,
      )
    await describe('a')
    await describe('a')
    await describe('b')
    expect(records.map((record) => decodeMetricsRecord(record.payload).metadata.map((one) => one.help))).toEqual([['a'], ['b']])
  })

  test('points of several rows are counted in points, and the law holds when some rows are repeated', async () => {
    const { ingest, registry, conservation } = open()
    const refs = Array.from({ length: 10 }, (_, i) =>
      registry.resolve(tenant, [
        ['__name__', 'h'],
        ['le', `${i}`],
      ]),
    )
    const make = (): MetricsBatch =>
      batch((to) => {
        for (const ref of refs) to.addSample(ref, startMs, ref)
        to.addHistogram(refs[0]!, startMs + 5, histogram)
        to.pointsReceived = 2
      })
    await ingest.accept(make(), 10)
    await ingest.accept(make(), 10)
    expect(conservation.balance()).toEqual([])
    expect(conservation.rows()).toMatchObject([{ received: 4, dropped: { duplicate_sample: 2 }, queued: 2 }])
  })
})

describe('the handler', () => {
  test('decodes a raw record, shows its samples and gives a ready one; refused points are counted', () => {
    const { handler, read, conservation } = open()
    const raw: LogRecord = { kind: 'metrics', tenant, rows: 3, format: 7, payload: Uint8Array.of(2) }
    const { record: ready, rows } = handler.processRaw(raw)
    expect(rows).toBe(3)
    expect(ready).toMatchObject({ kind: 'metrics', tenant, rows: 2, format: 1 })
    expect(read(0)).toEqual([
      [startMs, 0],
      [startMs + 1, 1],
    ])
    expect(conservation.rows()).toMatchObject([{ refused: { bad_point: 1 } }])
    expect(handler.processRaw({ ...raw, rows: 1, payload: Uint8Array.of(0) }).record).toBeNull()
    expect(handler.buildInserts([ready!]).map((insert) => [insert.table, insert.rows])).toEqual([
      ['series_seen', 1],
      ['samples', 2],
    ])
  })

  test('a raw body that leads to the series of another project is resolved anew', () => {
    const { handler, registry, read } = open()
    const foreign = registry.resolve({ organizationId: 2, projectId: 1 }, up)
    registry.remember(tenant, 0, Uint8Array.of(1), 0, 1, foreign)
    const raw: LogRecord = { kind: 'metrics', tenant, rows: 1, format: 64, payload: Uint8Array.of(1) }
    expect(handler.processRaw(raw).record).toMatchObject({ tenant, rows: 1 })
    expect(registry.isSeen(foreign)).toBe(false)
    expect(read(registry.resolve(tenant, up))).toEqual([[startMs, 0]])
  })

  test('a series whose row was buried gets another one with its next sample, from its first sample on', async () => {
    const { handler, ingest, registry, records } = open()
    const ref = registry.resolve(tenant, up)
    const one = (minutes: number): MetricsBatch =>
      batch((to) => {
        to.addSample(ref, startMs + minutes * 60_000, minutes)
        to.pointsReceived = 1
      })
    await ingest.accept(one(0), 10)
    await ingest.accept(one(1), 10)
    handler.buried([records[0]!, { ...records[0]!, payload: Uint8Array.of(1) }, { ...records[0]!, format: 9 }])
    await ingest.accept(one(2), 10)
    const rows = records.map((record) => [...decodeMetricsRecord(record.payload.slice()).series])
    expect(rows.map((row) => row.length)).toEqual([1, 0, 1])
    expect(rows[2]?.[0]).toMatchObject({ firstMinute: rows[0]?.[0]?.firstMinute, lastMinute: (rows[0]?.[0]?.lastMinute ?? 0) + 2 })
  })

  test('gives the same inserts for the same records', async () => {
    const { handler, ingest, registry, records } = open()
    const ref = registry.resolve(tenant, up)
    const one = batch((to) => {
      for (let i = 0; i < 300; i++) to.addSample(ref, startMs - i * 7 * 86_400_000, i)
      to.addHistogram(ref, startMs, histogram)
      to.pointsReceived = 301
    })
    await ingest.accept(one, 10)
    const first = handler.buildInserts(records)
    expect(handler.buildInserts(records)).toEqual(first)
    expect(first.map((insert) => [insert.table, insert.rows])).toEqual([
      ['series_seen', 1],
      ['samples', 90],
      ['samples', 90],
      ['samples', 90],
      ['samples', 30],
      ['histograms', 1],
    ])
  })

  test('recovers what a record holds; a damaged one is passed over', async () => {
    const first = open()
    const ref = first.registry.resolve(tenant, up)
    const one = batch((to) => {
      to.addSample(ref, startMs, 4)
      to.addHistogram(ref, startMs + 1, histogram)
      to.metadata.push({ name: 'up', type: 'gauge', unit: '', help: 'h' })
      to.pointsReceived = 2
    })
    await first.ingest.accept(one, 10)
    const second = open()
    const record = first.records[0]!
    second.handler.recover({ ...record, payload: record.payload.subarray(1) })
    second.handler.recover(record)
    second.handler.recover(record)
    expect(second.read(0)).toEqual([[startMs, 4]])
    expect(second.histograms.read(0, 0, Infinity)).toMatchObject([{ timeMs: startMs + 1, histogram }])
    expect(second.metadata.find(createScope(1, [1]), 'up')?.help).toBe('h')
  })
})

/** The index knows all. */
const nothingPast = {
  covers: () => true,
  bring: () => Promise.resolve(),
  bringAny: () => Promise.resolve(),
  labelNames: () => Promise.resolve([]),
  labelValues: () => Promise.resolve([]),
  metrics: () => Promise.resolve([]),
}

test('the catalog knows names, values and series by time, and nothing of other projects', async () => {
  const { ingest, registry, metadata } = open()
  const catalog = createMetricsCatalog({
    registry,
    metadata,
    clock: { nowMs: () => startMs + 86_400_000 },
    past: nothingPast,
    pastNames: nothingPast,
  })
  const hour = 3_600_000
  const put = (labels: Labels, timeMs: number): void => void registry.touch(registry.resolve(tenant, labels), timeMs)
  put(
    [
      ['__name__', 'a'],
      ['host', 'x'],
    ],
    startMs,
  )
  put(
    [
      ['__name__', 'a'],
      ['host', 'y'],
    ],
    startMs + 5 * hour,
  )
  put(
    [
      ['__name__', 'b'],
      ['zone', 'z'],
    ],
    startMs + 5 * hour,
  )
  ingest.series.resolve({ organizationId: 1, projectId: 2 }, [['__name__', 'secret']])
  const scope = createScope(1, [1])
  const whole = { fromMs: startMs, toMs: startMs + 10 * hour }
  expect(catalog.labelNames(scope, { matchers: [], ...whole, limit: 10 })).toEqual(['__name__', 'host', 'zone'])
  expect(catalog.labelNames(scope, { matchers: [], fromMs: startMs, toMs: startMs + hour, limit: 10 })).toEqual(['__name__', 'host'])
  expect(catalog.labelNames(scope, { matchers: [], ...whole, limit: 2 })).toEqual(['__name__', 'host'])
  expect(catalog.labelValues(scope, 'host', { matchers: [], fromMs: startMs + hour, toMs: startMs + 10 * hour, limit: 10 })).toEqual(['y'])
  expect(catalog.labelValues(scope, 'host', { matchers: [[{ name: '__name__', op: '=', value: 'a' }]], ...whole, limit: 10 })).toEqual([
    'x',
    'y',
  ])
  expect(catalog.labelValues(scope, 'host', { matchers: [[{ name: '__name__', op: '=', value: 'b' }]], ...whole, limit: 10 })).toEqual([])
  expect(catalog.labelValues(scope, 'none', { matchers: [], ...whole, limit: 10 })).toEqual([])
  const either = [[{ name: 'host', op: '=', value: 'x' }], [{ name: '__name__', op: '=~', value: 'a|b' }]] as const
  expect(catalog.series(scope, { matchers: either, ...whole, limit: 10 }).length).toBe(3)
  expect(catalog.series(scope, { matchers: either, ...whole, limit: 2 }).length).toBe(2)
  expect(catalog.metrics(scope).map(({ name, seriesCount }) => [name, seriesCount])).toEqual([
    ['a', 2],
    ['b', 1],
  ])
  expect(Math.abs((catalog.metrics(scope)[0]?.lastSeenMs ?? 0) - (startMs + 5 * hour))).toBeLessThan(60_000)
})
