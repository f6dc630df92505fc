/**
 * Takes decoded batches: leaves out what the series already have, writes one log record, and only when it is durable shows it to queries.
 * received = refused + dropped + queued holds per batch in the protocol's own count of points.
 */
import type { Conservation, IngestLog, Kind } from '../ingest/index.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import { foreignSeries } from './errors.ts'
import { BatchFilter } from './batch-filter.ts'
import type { MetricsBatch } from './batch/metrics-batch.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { MetricsInstruments } from './metrics.ts'
import type { MetricsIngest, SeriesDecisions } from './ports.ts'
import { encodeMetricsRecord } from './record/encode.ts'
import { metricsRecordFormat } from './record/layout.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead } from './samples/histogram-head.ts'
import { grownU32 } from './series/growable.ts'
import type { SeriesRegistry } from './series/registry.ts'
import { retired } from './series/series-columns.ts'
import { SeriesAdmission, type Refusals } from './series-admission.ts'
import type { SetsHead } from './sets/sets-head.ts'

export type { SeriesDecisions } from './ports.ts'

export interface MetricsIngestDeps {
  readonly log: Pick<IngestLog, 'append'>
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  /** Without it members of sets are seen once they are in the engine. */
  readonly sets?: SetsHead
  readonly metadata: MetadataStore
  readonly conservation: Conservation
  readonly instruments: MetricsInstruments
  /** Told how long a tenant's batch took of this thread; waiting for the disk is not in it. */
  readonly cost?: CostSink
  /** Without it every series is taken as it comes. */
  readonly decisions?: SeriesDecisions
}

/** Takes what the processing of a project's data costs. */
export interface CostSink {
  /** Monotonic, ms. */
  nowMs(): number
  spent(tenant: Tenant, ms: number): void
}

const kind: Kind = 'metrics'

/** Series of a batch whose rows must go into the log, each once. */
export class RowCollector {
  readonly #registry: SeriesRegistry
  #markOf = new Uint32Array(1024)
  #mark = 0

  constructor(registry: SeriesRegistry) {
    this.#registry = registry
  }

  /**
   * Are all series of the batch its project's? They always are; this is the last look before anything is stored under a ref. What led to
   * other refs is forgotten, so that the same bytes are resolved anew.
   */
  owns(batch: MetricsBatch): boolean {
    const { index } = this.#registry.tenant(batch.tenant)
    const { tenantOf } = this.#registry.columns
    let owned = true
    for (let i = 0; i < batch.sampleCount; i++) if (tenantOf[batch.seriesRefs[i] ?? 0] !== index) owned = false
    for (const ref of batch.histogramRefs) if (tenantOf[ref] !== index) owned = false
    for (let row = 0; row < batch.sets.count; row++) if (tenantOf[batch.sets.refs[row] ?? 0] !== index) owned = false
    for (const { seriesRef } of batch.exemplars) if (tenantOf[seriesRef] !== index) owned = false
    if (!owned) this.#registry.forgetTenant(batch.tenant)
    return owned
  }

  /** Brings back series that left the index since the batch found them. */
  revive(batch: MetricsBatch): void {
    const registry = this.#registry
    const { state } = registry.columns
    if (registry.life.restingCount === 0) return
    for (let i = 0; i < batch.sampleCount; i++) if (state[batch.seriesRefs[i] ?? 0] === retired) registry.revive(batch.seriesRefs[i] ?? 0)
    for (const ref of batch.histogramRefs) registry.revive(ref)
    for (let row = 0; row < batch.sets.count; row++) registry.revive(batch.sets.refs[row] ?? 0)
    for (const { seriesRef } of batch.exemplars) registry.revive(seriesRef)
  }

  /** Notes the times of all samples in the registry on the way. */
  collect(batch: MetricsBatch): number[] {
    this.#mark++
    const refs: number[] = []
    for (let i = 0; i < batch.sampleCount; i++) this.#touch(batch.seriesRefs[i] ?? 0, batch.timesMs[i] ?? 0, refs)
    batch.histogramRefs.forEach((ref, i) => this.#touch(ref, batch.histogramTimesMs[i] ?? 0, refs))
    for (let row = 0; row < batch.sets.count; row++) this.#touch(batch.sets.refs[row] ?? 0, batch.sets.timesMs[row] ?? 0, refs)
    for (const exemplar of batch.exemplars) this.#touch(exemplar.seriesRef, exemplar.timeMs, refs)
    return refs
  }

  #touch(ref: number, timeMs: number, refs: number[]): void {
    if (!this.#registry.touch(ref, timeMs)) return
    this.#markOf = grownU32(this.#markOf, ref + 1)
    if (this.#markOf[ref] === this.#mark) return
    this.#markOf[ref] = this.#mark
    refs.push(ref)
  }
}

/**
 * How many of `points` the `rows` of `total` rows stand for. A protocol's point may be several rows (an OTLP histogram); then the share is
 * rounded, so that the sum still adds up.
 */
function pointsOf(rows: number, total: number, points: number): number {
  if (rows === 0 || total === 0) return 0
  return total === points ? rows : Math.min(points, Math.round((rows / total) * points))
}

/** Counts rows that were taken out, by reason, and gives the points that remain of `points`. */
export function countDropped(
  conservation: Pick<Conservation, 'dropped'>,
  { tenant }: MetricsBatch,
  { dropped, rows, points }: { dropped: ReadonlyMap<string, number>; rows: number; points: number },
): number {
  let left = points
  for (const [reason, out] of dropped) {
    const gone = Math.min(pointsOf(out, rows, points), left)
    if (gone > 0) conservation.dropped(tenant, kind, reason, gone)
    left -= gone
  }
  return left
}

/**
 * Why points left no row: the protocol counts what carries nothing (an OTLP point without a value), or a rule made of them a value that is
 * stored already.
 */
export function emptyReason({ tenant }: MetricsBatch, decisions: SeriesDecisions | undefined): string {
  return decisions?.folding.has(tenant) === true ? 'rule_unchanged' : 'empty_point'
}

/** Rows that the sender knows of. */
export function countedRows({ sampleCount, histogramCount, ownSamples }: MetricsBatch): number {
  // Each stands before another sample; some may be gone already.
  return sampleCount + histogramCount - Math.min(ownSamples, Math.floor(sampleCount / 2))
}

/** Makes the batch's native histograms visible. */
export function showHistograms(batch: MetricsBatch, registry: SeriesRegistry, histograms: HistogramHead): void {
  batch.histograms.forEach((histogram, i) => {
    const ref = batch.histogramRefs[i] ?? 0
    histograms.noteMetric(registry.metricHash(ref))
    histograms.append(ref, batch.histogramTimesMs[i] ?? 0, histogram)
  })
}

class Ingest implements MetricsIngest {
  readonly series: SeriesRegistry
  readonly #deps: MetricsIngestDeps
  readonly #filter: BatchFilter
  readonly #rows: RowCollector
  readonly #admission: SeriesAdmission

  constructor(deps: MetricsIngestDeps) {
    this.#deps = deps
    this.#admission = new SeriesAdmission(deps.registry, deps.decisions)
    this.series = deps.registry
    this.#filter = new BatchFilter(deps.head, deps.histograms)
    this.#rows = new RowCollector(deps.registry)
  }

  async accept(batch: MetricsBatch, wireBytes: number): Promise<void> {
    const { conservation, instruments, head, histograms, metadata, registry, cost } = this.#deps
    const { tenant } = batch
    const startedMs = cost?.nowMs() ?? 0
    registry.releaseWire()
    conservation.received(tenant, kind, batch.pointsReceived, wireBytes)
    for (const [reason, points] of batch.refused) conservation.refused(tenant, kind, reason, points)
    let points = this.#fold(batch, batch.pointsReceived - batch.refusedTotal)
    // Refs keep their meaning until this batch is visible, also those of series that leave the index meanwhile.
    using _pin = registry.life.pin()
    this.#refuseForeign(batch, points)
    this.#rows.revive(batch)
    points = this.#leaveOut(batch, points)
    const rowRefs = this.#rows.collect(batch)
    const judged = rowRefs.length === 0 ? null : this.#admission.judge(tenant, rowRefs)
    const refusals = judged instanceof Promise ? await judged : judged
    if (refusals !== null) points = this.#takeOut(batch, { rowRefs, refusals, points })
    const news = metadata.news(tenant, batch.metadata)
    if (batch.sampleCount + batch.histogramCount + batch.sets.count + batch.exemplars.length + news.length === 0) {
      if (points > 0) conservation.dropped(tenant, kind, emptyReason(batch, this.#deps.decisions), points)
      return
    }
    const seen = rowRefs.map((ref) => [registry.firstMinute(ref), registry.lastMinute(ref)] as const)
    const payload = encodeMetricsRecord(batch, registry, rowRefs, news)
    cost?.spent(tenant, cost.nowMs() - startedMs)
    try {
      await this.#deps.log.append('ready', { kind, tenant, rows: points, format: metricsRecordFormat, payload })
    } catch (error) {
      const code = isAppError(error) ? error.code : 'log_failed'
      conservation.refused(tenant, kind, code.slice(code.indexOf('.') + 1), points)
      this.#deps.decisions?.folding.lost(batch)
      throw error
    }
    const durableMs = cost?.nowMs() ?? 0
    this.#rows.revive(batch)
    conservation.queued(tenant, kind, points)
    rowRefs.forEach((ref, i) => registry.markDurable(ref, seen[i]?.[0] ?? 0, seen[i]?.[1] ?? 0))
    metadata.put(tenant, news)
    head.append(batch.seriesRefs, batch.timesMs, batch.values, batch.sampleCount)
    showHistograms(batch, registry, histograms)
    this.#deps.sets?.show(batch.sets)
    instruments.appendedSamples.inc(batch.sampleCount + batch.histogramCount)
    instruments.seriesRows.inc(rowRefs.length)
    cost?.spent(tenant, cost.nowMs() - durableMs)
  }

  /** Applies the project's rules, counts what they dropped and gives the points that remain. */
  #fold(batch: MetricsBatch, points: number): number {
    const { conservation, decisions } = this.#deps
    if (decisions?.folding.has(batch.tenant) !== true) return points
    const rows = batch.sampleCount + batch.histogramCount
    return countDropped(conservation, batch, { dropped: decisions.folding.fold(batch), rows, points })
  }

  /** Throws `metrics.foreign_series`. */
  #refuseForeign(batch: MetricsBatch, points: number): void {
    if (this.#rows.owns(batch)) return
    this.#deps.conservation.refused(batch.tenant, kind, 'foreign_series', points)
    throw new AppError(foreignSeries)
  }

  /** Takes refused series out, counts their points and gives those that remain. */
  #takeOut(batch: MetricsBatch, { rowRefs, refusals, points }: { rowRefs: number[]; refusals: Refusals; points: number }): number {
    const rows = countedRows(batch)
    const dropped = this.#admission.takeOut(batch, rowRefs, refusals)
    return countDropped(this.#deps.conservation, batch, { dropped, rows, points })
  }

  /** Takes duplicates out, counts them and gives the points that remain. */
  #leaveOut(batch: MetricsBatch, before: number): number {
    const { conservation } = this.#deps
    const rows = batch.sampleCount + batch.histogramCount
    let points = before
    const filtered = this.#filter.apply(batch)
    const conflicts = Math.min(pointsOf(filtered.conflicts, rows, points), points)
    const duplicates = Math.min(pointsOf(filtered.duplicates, rows, points), points - conflicts)
    if (conflicts > 0) {
      conservation.refused(batch.tenant, kind, 'duplicate_timestamp', conflicts)
      batch.refuse('duplicate_timestamp', conflicts, 'another value was already stored for the same series and time')
    }
    if (duplicates > 0) conservation.dropped(batch.tenant, kind, 'duplicate_sample', duplicates)
    batch.duplicates = duplicates
    points -= conflicts + duplicates
    return points
  }
}

/** One per process; all decoders share it. Errors of `accept`: the log's. */
export function createMetricsIngest(deps: MetricsIngestDeps): MetricsIngest {
  return new Ingest(deps)
}
