/** Log, writer and metrics over the real engine, as the program wires them, restartable on the same folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseEngine, openClickHouse } from '../../../apps/server/src/engines/index.ts'
import {
  createConservation,
  createWriter,
  openSpool,
  recoverLog,
  type Kind,
  type KindHandler,
  type Spool,
  type Writer,
} from '../../../apps/server/src/ingest/index.ts'
import { systemClock, type Clock } from '../../../apps/server/src/kernel/clock.ts'
import { createInstruments } from '../../../apps/server/src/kernel/instruments.ts'
import {
  createIndexerInstruments,
  createStringIndexer,
  StringIndexerCache,
  unlimitedWrites,
  WritesLimiter,
} from '../../../apps/server/src/indexer/index.ts'
import { MemoryStrings } from '../../../apps/server/src/indexer/testing/memory-strings.ts'
import { LocalSlidingWindows } from '../../../apps/server/src/limiters/index.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createScope, type Tenant } from '../../../apps/server/src/kernel/scope.ts'
import {
  createMetricsCatalog,
  createMetricsHandler,
  createMetricsIngest,
  createMetricsInstruments,
  createMetricsStore,
  createRollups,
  createUniqueStore,
  defaultSeriesLimits,
  GridStore,
  Eraser,
  Head,
  Hidden,
  RetentionKeeper,
  HistogramHead,
  isThere,
  loadMetrics,
  MetadataStore,
  PastNames,
  PastSeries,
  MetricsBatch,
  metricsMigrations,
  normalizeLabels,
  SampleStore,
  SeriesExpiry,
  SeriesStrings,
  SeriesRegistry,
  SetsHead,
  STALE,
  type ExpiryPass,
  type MetricsIngest,
  type RollupsDeps,
  type SeriesBlock,
  type SeriesLimits,
} from '../../../apps/server/src/metrics/index.ts'

export const tenant: Tenant = { organizationId: 1, projectId: 1 }
export const scope = createScope(1, [1])
export const budget = { seriesMax: 100_000, samplesMax: 10_000_000 }
export const live = new AbortController().signal

export interface EngineHome extends AsyncDisposable {
  readonly dataDir: string
  readonly engine: ClickHouseEngine
}

export async function openEngine(): Promise<EngineHome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-metrics-'))
  const options = {
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  }
  const engine = await openClickHouse(options)
  for (const { up } of metricsMigrations) for (const statement of up) await engine.command(statement)
  return {
    dataDir,
    engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Empties every table, for the next test. */
export async function wipe(engine: ClickHouseEngine): Promise<void> {
  for (const table of [
    'samples',
    'histograms',
    'exemplars',
    'series_seen',
    'metric_metadata',
    'samples_5m',
    'samples_1h',
    'rollup_marks',
    'sets',
    'strings',
  ])
    await engine.command(`TRUNCATE TABLE ${table}`)
}

export interface StackOptions {
  readonly engine: ClickHouseEngine
  /** Of the log; the same one again is a restart. */
  readonly logDir: string
  readonly headSizeBytesMax?: number
  /** Leave everything in the log. */
  readonly withoutWriter?: boolean
  /** How long disposing waits for the writer. */
  readonly drainTimeoutMs?: number
  /** Makes the stack keep rollups, whose rounds the test runs; in place of the engine and clock of the stack. */
  /** For what is seen by series, and when. */
  readonly clock?: Clock
  readonly series?: Partial<SeriesLimits>
  readonly unseenMinutesMax?: number
  readonly loadRowsMax?: number
  readonly usedBytesMax?: number
  /** The database of strings; by default one that is there as long as the engine. */
  readonly storage?: MemoryStrings
  readonly rollups?: Partial<Pick<RollupsDeps, 'engine' | 'clock' | 'timing'>>
}

/** What the database of strings holds, for as long as the engine: ids are the same after a restart. */
const storages = new WeakMap<ClickHouseEngine, MemoryStrings>()

function storageOf(engine: ClickHouseEngine): MemoryStrings {
  const storage = storages.get(engine) ?? new MemoryStrings()
  storages.set(engine, storage)
  return storage
}

function openStrings(storage: MemoryStrings): SeriesStrings {
  const indexer = createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock: systemClock, logger: silentLogger, sizeMax: 10_000 }),
    storage,
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock: systemClock }), unlimitedWrites),
    instruments: createIndexerInstruments(createInstruments()),
    clock: systemClock,
    logger: silentLogger,
  })
  return new SeriesStrings({ indexer, clock: systemClock, logger: silentLogger })
}

/** One run of the program's metrics part. */
export async function openStack(options: StackOptions) {
  const { engine } = options
  const log: Spool = await openSpool({
    directory: options.logDir,
    sizeBytesMax: 1 << 30,
    clock: systemClock,
    logger: silentLogger,
    diskReserveBytes: 0,
  })
  const clock = options.clock ?? systemClock
  const registry = new SeriesRegistry({ ...defaultSeriesLimits, ...options.series }, 1)
  const hidden = new Hidden(clock)
  const past = new PastSeries({ engine, registry, clock, hidden })
  const shared = { engine, registry, hidden, log, clock: systemClock, logger: silentLogger, instruments: createInstruments() }
  const rollups = createRollups({ ...shared, ...options.rollups })
  const head = new Head({
    sizeBytesMax: options.headSizeBytesMax ?? 64 << 20,
    clock,
    pendingAgeMs: () => log.backlog().oldestMs,
    onAppend: (refs, timesMs, count) => rollups.marks.note(refs, timesMs, count),
  })
  const histograms = new HistogramHead()
  const sets = new SetsHead(registry, { clock: systemClock, pendingAgeMs: () => log.backlog().oldestMs })
  const metadata = new MetadataStore()
  const conservation = createConservation()
  const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
  registry.holdsRefs(head)
  const unseenMinutesMax = options.unseenMinutesMax ?? 10_000_000
  const load = { nowMinute: Math.floor(clock.nowMs() / 60_000), unseenMinutesMax, rowsMax: options.loadRowsMax ?? 1_000_000 }
  await loadMetrics(engine, { registry, head, histograms, metadata, load }, live)
  await sets.metrics.load(engine, live)
  const handler = createMetricsHandler({
    registry,
    head,
    histograms,
    sets,
    metadata,
    conservation,
    instruments,
    logger: silentLogger,
    strings: openStrings(options.storage ?? storageOf(engine)),
    decodeRaw: () => {
      throw new Error('no raw records here')
    },
  })
  const handlers: ReadonlyMap<Kind, KindHandler> = new Map([['metrics', handler]])
  if (options.rollups !== undefined) await rollups.roller.open()
  await recoverLog(log, handlers, conservation)
  await handler.settle((ids) => past.bringIds(ids, live))
  const ingest = createMetricsIngest({ log, registry, head, histograms, sets, metadata, conservation, instruments })
  const samples = new SampleStore(engine, registry)
  const grids = [...(options.rollups === undefined ? [] : [rollups.store]), new GridStore(engine, registry)]
  const store = createMetricsStore({ registry, head, histograms, samples, past, hidden, grids })
  const pastNames = new PastNames({ engine, clock, hidden })
  const catalog = createMetricsCatalog({ registry, metadata, clock: systemClock, past, pastNames, hidden })
  const expiryLimits = { unseenMinutesMax, usedBytesMax: options.usedBytesMax ?? 1 << 30, restMs: 180_000 }
  const eraser = new Eraser({
    engine,
    registry,
    head,
    histograms,
    metadata,
    past,
    pastNames,
    hidden,
    log,
    clock: systemClock,
    marks: rollups.marks,
    writeMarks: () => rollups.roller.beforeInsert(),
    exclusive: (run) => rollups.roller.exclusive(run),
  })
  const expiry = new SeriesExpiry({ registry, head, histograms, log, clock, limits: expiryLimits })
  const writer: Writer | null =
    options.withoutWriter === true
      ? null
      : createWriter({
          log,
          handlers,
          insert: async (request) => {
            await rollups.roller.beforeInsert()
            await engine.insertNative(request)
          },
          isThere: (probe, signal) => isThere(engine, probe, signal),
          conservation,
          clock: systemClock,
          logger: silentLogger,
          ...(options.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: options.drainTimeoutMs }),
        })
  writer?.start()
  return {
    log,
    registry,
    head,
    histograms,
    metadata,
    conservation,
    handler,
    ingest,
    samples,
    store,
    uniques: createUniqueStore({ engine, registry, sets, past }),
    sets,
    catalog,
    rollups,
    past,
    expiry,
    keeping: { hidden, eraser, keeper: new RetentionKeeper({ engine, hidden, clock }) },
    /** A whole pass of expiry at once. */
    expire(): ExpiryPass {
      const pass = expiry.pass()
      for (let step = pass.next(); ; step = pass.next()) if (step.done === true) return step.value
    },
    /** Everything acknowledged is in the engine afterwards. */
    async drain(): Promise<void> {
      await writer?.drain(live)
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await rollups.roller[Symbol.asyncDispose]()
      await writer?.[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
    },
  }
}

export type Stack = Awaited<ReturnType<typeof openStack>>

export function ref(ingest: MetricsIngest, owner: Tenant, labels: Record<string, string>): number {
  const normalized = normalizeLabels(Object.entries(labels))
  if (normalized.type === 'reject') throw new Error(normalized.reason)
  return ingest.series.resolve(owner, normalized.labels)
}

export interface TestSample {
  readonly labels: Record<string, string>
  readonly timeMs: number
  readonly value: number
}

export function batchOf(ingest: MetricsIngest, samples: readonly TestSample[], owner: Tenant = tenant): MetricsBatch {
  const batch = new MetricsBatch()
  batch.reset(owner)
  for (const { labels, timeMs, value } of samples) batch.addSample(ref(ingest, owner, labels), timeMs, value)
  batch.pointsReceived = samples.length
  return batch
}

/** A block as something to compare: label text → samples. */
export function toText(block: SeriesBlock): Record<string, [number, number][]> {
  const out: Record<string, [number, number][]> = {}
  block.labels.forEach((labels, i) => {
    const rows: [number, number][] = []
    for (let at = block.offsets[i]!; at < block.offsets[i + 1]!; at++) rows.push([block.timesMs[at]!, block.values[at]!])
    out[labels.map((pair) => pair.join('=')).join(',')] = rows
  })
  return out
}

export const startMs = Date.UTC(2026, 10, 20, 10)
export const up = [{ name: '__name__', op: '=', value: 'up' }] as const

/** Values of every sort, hours apart, two series. */
export function someSamples(count: number): TestSample[] {
  const values = [
    0,
    1,
    -1,
    0.1,
    -2.5,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2 ** 53,
    1e300,
    -1e-300,
    Infinity,
    -Infinity,
    NaN,
    STALE,
    4294967296,
    -4294967297,
  ]
  return Array.from({ length: count }, (_, i) => ({
    labels: { __name__: 'up', host: i % 2 === 0 ? 'a' : 'b ✓' },
    timeMs: startMs + i * 600_000,
    value: values[i % values.length]!,
  }))
}

export function toRecord(samples: readonly TestSample[]): Record<string, [number, number][]> {
  const out: Record<string, [number, number][]> = {}
  for (const { labels, timeMs, value } of samples) (out[`__name__=up,host=${labels['host']}`] ??= []).push([timeMs, value])
  for (const rows of Object.values(out)) rows.sort((a, b) => a[0] - b[0])
  return out
}

/** Every sample of `up` that the stack answers in the range, as text. */
export async function readAll(stack: Stack, fromMs = 0, toMs = startMs + 86_400_000): Promise<Record<string, [number, number][]>> {
  return toText(await stack.store.select(scope, { matchers: [...up], fromMs, toMs }, { ...budget, signal: live }))
}
