/** What metrics offers the other domains. Implementations are built in `compose/`. */
import type { Clock } from '../kernel/clock.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import type { MetricsBatch } from './batch/metrics-batch.ts'
import type {
  CatalogQuery,
  LabelQuery,
  GridRequest,
  Labels,
  MetricMetadata,
  ReadBounds,
  SelectBudget,
  SelectRequest,
  SeriesBlock,
  SeriesGrid,
  SeriesScan,
} from './model.ts'

/**
 * Finds the series of a label set. Refs are dense, process-local numbers (0, 1, 2 ...) shared by all tenants;
 * they never leave the process: logs and stores hold the 64-bit series id.
 */
export interface SeriesResolver {
  /**
   * Fast path. `context` separates uses of the same bytes (protocol, OTLP resource and metric); returns a ref or -1.
   * Verified by comparing the bytes, never by hash alone.
   */
  lookup(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number): number
  /** Teaches the fast path. */
  remember(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number, ref: number): void
  /**
   * A number of the tenant in this process, to be part of what `lookupHash` is given. Read anew for each body: it changes when all that is
   * known of the tenant's bytes must be forgotten.
   */
  tenantIndex(tenant: Tenant): number
  /** As `lookup`, by the four words at `words[at]`: a hash of tenant and bytes, keyed by secrets, too wide for two keys to meet. */
  lookupHash(words: Uint32Array, at: number): number
  /** Teaches `lookupHash`. */
  rememberHash(words: Uint32Array, at: number, ref: number): void
  /** Slow path: the ref of these labels, made when new. -1 when the tenant's series limit is reached. Labels must be normalized. */
  resolve(tenant: Tenant, labels: Labels): number
  /**
   * The same from label bytes, without making strings: name and value of label i are at the four offsets `spans[4i..4i+3]` of `bytes`.
   * Names must be sorted, unique and not empty; labels without a value are left out. `notPlainAscii` when there is a byte above 0x7f: then
   * only `resolve` can tell.
   */
  resolveBytes(tenant: Tenant, bytes: Uint8Array, spans: Uint32Array, count: number): number
  /** To be called once by whoever keeps refs, or anything by ref, beyond one request. */
  holdsRefs(holder: RefHolder): void
  /** Was a sample of the series ever acknowledged, in this life of the program or an earlier one? */
  isDurable(ref: number): boolean
}

/** Series that are not seen for long leave the index; minutes later their refs mean other series, maybe of other projects. */
export interface RefHolder {
  /** Refs may stop meaning their series: whatever leads to one from outside (bytes, names) must be dropped, so that it is resolved anew. */
  unlearn?(isGone: (ref: number) => boolean): void
  /** The refs are given to other series now: whatever is kept under them must be dropped. */
  clear?(refs: Uint32Array): void
}

/** What `resolveBytes` gives for labels it cannot judge. */
export const notPlainAscii = -2

/** What `resolve` gives for series that a rule of the project drops. */
export const droppedByRule = -3

/** What a project decided about the labels of its series. Asked for every series that is not known by its bytes on the wire. */
export interface SeriesRules {
  /** Has the project any rule? */
  has(tenant: Tenant): boolean
  /** The labels to store (normalized: sorted, unique, none empty), the same when no rule applies; null: the series is dropped. */
  rewrite(tenant: Tenant, labels: Labels): Labels | null
}

/** Series of a batch that may not be stored; their samples are dropped under this reason, the rest of the batch goes on. */
export interface RefusedSeries {
  /** snake_case, as in the counters. */
  readonly reason: string
  readonly refs: readonly number[]
}

/** Decides about series that the store never had, before anything of them is logged. Asked once a series, and again when a batch was lost. */
export interface SeriesGate {
  /** A promise only where someone outside the program has to be asked. Never throws: who cannot decide lets pass. */
  judge(tenant: Tenant, refs: readonly number[]): RefusedSeries | Promise<RefusedSeries>
  /** The same by what this program knows, for who cannot wait. */
  judgeNow(tenant: Tenant, refs: readonly number[]): RefusedSeries
  /** For how long a refused series is refused without asking again. */
  readonly refusalSec: number
}

/** Rows that a project's rules took out of a batch, by reason. */
export type FoldedRows = ReadonlyMap<string, number>

/** Makes of samples of raw series what a project's rules say, before anything else looks at the batch. */
export interface SeriesFolding {
  /** Has the project rules? Nothing else is asked when it has none. */
  has(tenant: Tenant): boolean
  fold(batch: MetricsBatch): FoldedRows
  /** The batch is not in the log: what was made of it has to be said again. */
  lost(batch: MetricsBatch): void
}

/** What is asked about the series of a batch before it is logged. */
export interface SeriesDecisions {
  readonly clock: Pick<Clock, 'nowMs'>
  /** Who decides about new series, in this order. */
  readonly gates: readonly SeriesGate[]
  readonly folding: SeriesFolding
}

/** Takes decoded batches. */
export interface MetricsIngest {
  readonly series: SeriesResolver
  /**
   * Logs the batch durably, then makes it visible to queries. Counts received, refused and queued.
   * Rejects with the log's errors, nothing kept; the caller answers its protocol's "try again".
   * The batch may be reset once this settles.
   */
  accept(batch: MetricsBatch, wireBytes: number): Promise<void>
}

/** Reads samples: recent ones from memory, older ones from the engine, stitched. */
export interface MetricsStore {
  select(scope: Scope, request: SelectRequest, bounds: ReadBounds): Promise<SeriesBlock>
  /**
   * Reads from memory without a copy, as far back as memory covers; null when memory covers nothing of the range or holds more than
   * plain numbers.
   */
  scan?(scope: Scope, request: SelectRequest, bounds: SelectBudget): SeriesScan | null
  /**
   * The result of the hint's function over each selected series at the first steps, as far as it is computed where the samples are;
   * null when all must be computed from samples.
   */
  grid?(scope: Scope, request: GridRequest, bounds: ReadBounds): Promise<SeriesGrid | null>
}

/**
 * Names, labels and descriptions. Times bound the series to those active in the range. The methods that give no promise know the series in
 * the in-memory index: those in use; the others know all. Errors of these by code: `metrics.bad_regexp`, `query.too_many_series`, the engine's.
 */
export interface MetricsCatalog {
  allLabelNames(scope: Scope, query: CatalogQuery, signal: AbortSignal): Promise<string[]>
  allLabelValues(scope: Scope, query: LabelQuery, signal: AbortSignal): Promise<string[]>
  allSeries(scope: Scope, query: CatalogQuery, signal: AbortSignal): Promise<Labels[]>
  allMetrics(scope: Scope, signal: AbortSignal): Promise<MetricSummary[]>
  labelNames(scope: Scope, query: CatalogQuery): string[]
  labelValues(scope: Scope, name: string, query: CatalogQuery): string[]
  series(scope: Scope, query: CatalogQuery): Labels[]
  metadata(scope: Scope, name: string | null, limit: number): MetricMetadata[]
  /** Per metric name: how many series, first and last sample. */
  metrics(scope: Scope): MetricSummary[]
}

export interface MetricSummary {
  readonly name: string
  readonly seriesCount: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly metadata: MetricMetadata | null
}
