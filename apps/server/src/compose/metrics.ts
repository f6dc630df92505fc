/** The metrics path: log, index, head, writer, and the store that queries read. */
import { join } from 'node:path'

import type { OpenedCardinality } from '../cardinality/index.ts'
import type { Config } from '../config/index.ts'
import type { MemoryBudget } from '../engines/index.ts'
import {
  createConservation,
  createIngestMetrics,
  createWriter,
  openSpool,
  recoverLog,
  type BalancedConservation,
  type Kind,
  type KindHandler,
  type LogRecord,
  type Spool,
  type Writer,
} from '../ingest/index.ts'
import type { StringIndexer } from '../indexer/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  createAggregates,
  createDescriptions,
  createMetricsCatalog,
  createMetricsHandler,
  createMetricsIngest,
  createMetricsInstruments,
  createMetricsStore,
  createUniqueStore,
  Eraser,
  GridStore,
  Head,
  Hidden,
  HistogramHead,
  isThere,
  loadMetrics,
  RetentionKeeper,
  SampleStore,
  SeriesExpiry,
  SeriesRegistry,
  SeriesStrings,
  warmHead,
  watchAggregates,
  WritesGate,
  type Aggregates,
  type DescriptionOf,
  type MetricsBatch,
  type MetricsCatalog,
  type MetricsIngest,
  type MetricsStore,
  type Rollups,
  type SeriesDecisions,
  type UniqueStore,
} from '../metrics/index.ts'
import type { CardinalityState } from './cardinality.ts'
import type { Engines } from './engines.ts'
import { lowLane, type Lanes } from './lanes.ts'
import { createMetricsState, expiryLimits, type MetricsMemory, type Pending } from './metrics-state.ts'

export interface MetricsPath {
  readonly log: Spool
  readonly writer: Writer
  readonly conservation: BalancedConservation
  readonly ingest: MetricsIngest
  readonly store: MetricsStore
  /** The same without what is in memory: answers as after a restart, or on a program that only queries. */
  readonly engineStore: MetricsStore
  readonly catalog: MetricsCatalog
  /** What is hidden of it, and what deletes. */
  readonly keeping: { readonly hidden: Hidden; readonly eraser: Eraser; readonly keeper: RetentionKeeper }
  /** Null as in the dependencies. */
  readonly cardinality: OpenedCardinality | null
  readonly descriptionOf: DescriptionOf
  /** Distinct members of sets. */
  readonly uniques: UniqueStore
  /** Where single observations are summed up. */
  readonly aggregates: Aggregates
  /** Acknowledged samples and histograms that no query sees until the writer has come that far: memory is used up. */
  readonly hiddenSamples: () => number
}

export interface MetricsPathDeps {
  readonly config: Pick<Config, 'logSizeBytesMax' | 'seriesMax' | 'aggregateIntervalSec' | 'seriesUnseenHours' | 'queryTimeoutSec'>
  readonly dataDir: string
  readonly memory: MemoryBudget
  readonly engines: Engines
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  /** The low-priority lane, and whether bodies of the ready one wait for their turn; null: everything is ready. */
  readonly low: { readonly lanes: Lanes; readonly isIntakeBusy: () => boolean } | null
  /** Who decides about new series, over this state; null: nobody, every series is taken. Rules are in force before the first sample comes. */
  readonly openCardinality: ((state: CardinalityState) => Promise<OpenedCardinality>) | null
  /** Who gives strings their ids; null: nobody, rows of series carry their labels. */
  readonly indexer: StringIndexer | null
  /** Series with strings over a quota were dropped, in a sentence for the people of the project. */
  readonly onWritesLimit?: (tenant: Tenant, text: string) => void
  /** Further kinds of data on the same log and writer. */
  readonly otherHandlers?: (conservation: BalancedConservation) => readonly KindHandler[]
  /** Decodes bodies of the raw lanes; called only once the writer runs. */
  readonly decodeRaw: (record: LogRecord, batch: MetricsBatch) => void
}

/** Segments of the ready lane inserted at once. Two keep the engine busy while the next body is built. */
export const insertsAtOnce = 2

/**
 * Opens everything in the order that makes a crash harmless: index and watermark from the engine, then what the log still
 * holds becomes visible, and only then does the writer begin. The writer closes before the log, the log before the engines.
 */
export async function composeMetrics(deps: MetricsPathDeps, resources: ResourceScope): Promise<MetricsPath> {
  const { config, engines, clock, logger, instruments } = deps
  const ingestMetrics = createIngestMetrics(instruments)
  const conservation = createConservation(ingestMetrics.conservation)
  const log = resources.use(await openLog(deps))
  ingestMetrics.watchLog(log)
  const writing: { writer: Writer | null } = { writer: null }
  // What is visible and not inserted: bodies of the low lane are neither until they are read, and may be hours old.
  const pending: Pending = { backlog: () => visibleBacklog(log, writing.writer) }
  const memoryState = createMetricsState(deps, pending)
  const { registry, head, histograms, sets, metadata, past, rollups, load } = memoryState
  const state = { registry, head, histograms, metadata, load }
  const shared = {
    ...state,
    sets,
    conservation,
    instruments: createMetricsInstruments(instruments, { series: registry, head, histograms }),
    clock,
    logger,
  }
  const cardinality = (await deps.openCardinality?.(state)) ?? null
  const deciding = decisionsOf(deps, registry, cardinality)
  const strings = deps.indexer === null ? {} : { strings: new SeriesStrings({ indexer: deps.indexer, clock, logger }) }
  const handler = createMetricsHandler({ ...shared, ...deciding, ...strings, decodeRaw: deps.decodeRaw })
  const others = deps.otherHandlers?.(conservation) ?? []
  const handlers = new Map<Kind, KindHandler>([handler, ...others].map((one) => [one.kind, one]))
  await loadMetrics(engines.clickhouse, state, AbortSignal.timeout(loadTimeoutMs))
  await sets.metrics.load(engines.clickhouse, AbortSignal.timeout(loadTimeoutMs))
  await rollups.roller.open()
  await recoverLog(recordsOf(log, deps.low?.lanes.book ?? null), handlers, conservation)
  await handler.settle((ids) => past.bringIds(ids, AbortSignal.timeout(loadTimeoutMs)))
  await cardinality?.countLoaded()
  const writer = resources.use(composeWriter(deps, { log, handlers, conservation, rollups, observer: ingestMetrics.writer }))
  writing.writer = writer
  writer.start()
  resources.use(new SeriesExpiry({ registry, head, histograms, log: pending, clock, limits: expiryLimits(deps) })).start()
  resources.use(warmHead({ engine: engines.clickhouse, registry, head, logger }))
  resources.use(rollups.roller).start()
  const ingest = createMetricsIngest({ ...shared, ...deciding, log, ...(deps.low === null ? {} : { cost: deps.low.lanes.cost }) })
  const flushIntervalMs = config.aggregateIntervalSec * 1000
  const labelCountOf = (ref: number): number => registry.labels(ref).length
  const aggregates = resources.use(createAggregates({ ingest, clock, logger, flushIntervalMs, labelCountOf }))
  registry.holdsRefs(aggregates)
  watchAggregates(instruments, { aggregates, sets })
  return { ...readersOf(deps, memoryState, pending), log, writer, cardinality, conservation, ingest, aggregates }
}

type Readers = Pick<MetricsPath, 'keeping' | 'store' | 'engineStore' | 'catalog' | 'descriptionOf' | 'uniques' | 'hiddenSamples'>

/** What reads the path, hides parts of it, and deletes. */
function readersOf({ engines, clock }: MetricsPathDeps, memory: MetricsMemory, pending: Pending): Readers {
  const { registry, head, histograms, sets, metadata, hidden, past, pastNames, rollups } = memory
  const engine = engines.clickhouse
  const reading = {
    samples: new SampleStore(engine, registry),
    past,
    hidden,
    grids: [rollups.store, new GridStore(engine, registry)],
  }
  const eraser = new Eraser({
    ...memory,
    engine,
    clock,
    log: pending,
    marks: rollups.marks,
    writeMarks: () => rollups.roller.beforeInsert(),
    exclusive: (run) => rollups.roller.exclusive(run),
  })
  return {
    keeping: { hidden, eraser, keeper: new RetentionKeeper({ engine, hidden, clock }) },
    store: createMetricsStore({ registry, head, histograms, ...reading }),
    engineStore: createMetricsStore({ ...emptyHeads({ registry, histograms }, clock), ...reading }),
    catalog: createMetricsCatalog({ registry, metadata, clock, past, pastNames, hidden }),
    descriptionOf: createDescriptions({ metadata, sets }),
    uniques: createUniqueStore({ engine, registry, sets, past, hidden }),
    hiddenSamples: () => head.hiddenSamples + histograms.hiddenHistograms,
  }
}

interface WriterParts {
  readonly log: Spool
  readonly handlers: ReadonlyMap<Kind, KindHandler>
  readonly conservation: BalancedConservation
  readonly rollups: Rollups
  readonly observer: ReturnType<typeof createIngestMetrics>['writer']
}

/** Marks of late samples are written before the samples themselves. */
function composeWriter({ engines, clock, logger, low }: MetricsPathDeps, parts: WriterParts): Writer {
  const { rollups, ...rest } = parts
  return createWriter({
    ...rest,
    insert: async (request) => {
      await rollups.roller.beforeInsert()
      await engines.clickhouse.insertNative(request)
    },
    isThere: (probe, signal) => isThere(engines.clickhouse, probe, signal),
    clock,
    logger: logger.child('writer'),
    concurrency: insertsAtOnce,
    isStoreReady: () => engines.clickhouse.state() === 'ready',
    ...(low === null ? {} : { low: lowLane(low.lanes, low.isIntakeBusy) }),
  })
}

function visibleBacklog(log: Spool, writer: Writer | null): ReturnType<Spool['backlog']> {
  const ready = log.backlog(['ready'])
  const heldMs = writer?.state().heldMs ?? 0
  return { ...ready, segments: ready.segments + (heldMs > 0 ? 1 : 0), oldestMs: Math.max(ready.oldestMs, heldMs) }
}

/** What the log holds, with the lanes told of what nobody has read. */
function recordsOf(log: Spool, book: Lanes['book'] | null): Pick<Spool, 'recoveredRecords'> {
  return {
    async *recoveredRecords() {
      for await (const found of log.recoveredRecords()) {
        if (found.lane === 'low') book?.recovered(found.record.tenant.projectId, found.record.payload.length)
        yield found
      }
    },
  }
}

/** Distinct series first: strings of a series that is refused cost nothing. */
function decisionsOf(
  { indexer, onWritesLimit }: Pick<MetricsPathDeps, 'indexer' | 'onWritesLimit'>,
  registry: SeriesRegistry,
  cardinality: OpenedCardinality | null,
): { decisions?: SeriesDecisions } {
  if (cardinality === null) return {}
  const { decisions } = cardinality
  if (indexer === null) return { decisions }
  return {
    decisions: {
      ...decisions,
      gates: [
        ...decisions.gates,
        new WritesGate({ registry, indexer, ...(onWritesLimit === undefined ? {} : { onRefused: onWritesLimit }) }),
      ],
    },
  }
}

function openLog({ config, dataDir, memory, clock, logger }: MetricsPathDeps): Promise<Spool> {
  return openSpool({
    directory: join(dataDir, 'ingest-log'),
    sizeBytesMax: config.logSizeBytesMax,
    retainBytesMax: memory.ingestBytes,
    clock,
    logger: logger.child('ingest-log'),
  })
}

/** Heads that hold nothing and cover nothing, so that every sample comes from the engine. */
function emptyHeads(
  state: { registry: SeriesRegistry; histograms: HistogramHead },
  clock: Clock,
): { registry: SeriesRegistry; head: Head; histograms: HistogramHead } {
  const head = new Head({ sizeBytesMax: 0, clock, pendingAgeMs: () => 0 })
  head.coverFrom(Number.POSITIVE_INFINITY)
  const histograms = state.histograms.withoutContent()
  return { registry: state.registry, head, histograms }
}

/** Reading the index of ten million series must end some time. */
const loadTimeoutMs = 600_000
