/** What metrics bring to the common path of ingest: inserts of a segment, decoding of raw bodies, recovery at start. */
import type { Conservation, Kind, KindHandler, LogRecord, ProcessedRaw, TableInsert } from '../ingest/index.ts'
import { AppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import { MetricsBatch } from './batch/metrics-batch.ts'
import { countDropped, countedRows, emptyReason, RowCollector, showHistograms } from './ingest.ts'
import { foreignSeries } from './errors.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { MetricsInstruments } from './metrics.ts'
import type { SeriesDecisions } from './ports.ts'
import { ColumnPool } from './record/column-pool.ts'
import { decodeMetricsRecord, type MetricsRecord } from './record/decode.ts'
import { encodeMetricsRecord } from './record/encode.ts'
import { buildMetricsInserts, ownedRecord, ownedRecords } from './record/inserts.ts'
import { metricsRecordFormat } from './record/layout.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead } from './samples/histogram-head.ts'
import type { SeriesRegistry } from './series/registry.ts'
import { SeriesAdmission } from './series-admission.ts'
import type { OwnedRecord } from './record/sorted-samples.ts'
import type { SetsHead } from './sets/sets-head.ts'
import type { RecordIds, SeriesStrings } from './strings/series-strings.ts'
import { stringsTable } from './tables.ts'

const kind: Kind = 'metrics'

export interface MetricsHandlerDeps {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  /** Without it members of sets are seen once they are in the engine. */
  readonly sets?: SetsHead
  readonly metadata: MetadataStore
  /** Without it rows of series carry their labels as text. */
  readonly strings?: SeriesStrings
  readonly conservation: Pick<Conservation, 'received' | 'refused' | 'dropped'>
  readonly instruments: MetricsInstruments
  readonly logger: Logger
  /** Decodes a raw body (`record.format` says which protocol) into the batch, counting refusals there. Given by `compose`. */
  readonly decodeRaw: (record: LogRecord, batch: MetricsBatch) => void
  /** As of `MetricsIngestDeps`. */
  readonly decisions?: SeriesDecisions
}

export class MetricsHandler implements KindHandler {
  readonly kind = kind
  readonly #deps: MetricsHandlerDeps
  readonly #rows: RowCollector
  readonly #columns = new ColumnPool()
  readonly #batch = new MetricsBatch()
  /** Recovered records with samples of series that are not in the index, and the ids of these; no more than the log holds. */
  #waiting: LogRecord[] = []
  readonly #unknownIds = new Map<string, readonly [low: number, high: number]>()
  readonly #admission: SeriesAdmission
  /** Decoded and given ids, until their inserts are built. */
  readonly #prepared = new WeakMap<LogRecord, { readonly owned: OwnedRecord; readonly ids: RecordIds }>()

  constructor(deps: MetricsHandlerDeps) {
    this.#deps = deps
    this.#admission = new SeriesAdmission(deps.registry, deps.decisions)
    this.#rows = new RowCollector(deps.registry)
  }

  /** Ids for the strings of series rows. A damaged record is left to `buildInserts`. */
  async prepare(records: readonly LogRecord[]): Promise<void> {
    const { strings } = this.#deps
    if (strings === undefined) return
    try {
      const owned = ownedRecords(records)
      const ids = await strings.prepare(owned)
      for (const [i, record] of records.entries()) {
        const [one, own] = [owned[i], ids[i]]
        if (one !== undefined && own !== undefined) this.#prepared.set(record, { owned: one, ids: own })
      }
    } catch (error) {
      this.#deps.logger.error('records of metrics could not be given ids', { error })
    }
  }

  /** Throws `metrics.record_damaged`. */
  buildInserts(records: readonly LogRecord[]): readonly TableInsert[] {
    const idsOf = new Map<MetricsRecord, RecordIds>()
    const owned = records.map((record) => {
      const prepared = this.#prepared.get(record)
      if (prepared === undefined) return ownedRecord(record)
      idsOf.set(prepared.owned.record, prepared.ids)
      return prepared.owned
    })
    const inserts = buildMetricsInserts(owned, this.#columns, (record) => idsOf.get(record) ?? null)
    return inserts.map((insert) => (insert.table === stringsTable ? { ...insert, release: () => this.#inserted(idsOf.values()) } : insert))
  }

  #inserted(all: Iterable<RecordIds>): void {
    for (const { strings } of all) this.#deps.strings?.mirrored(strings)
  }

  /** The body is durable in the log already, so its samples become visible here. */
  processRaw(record: LogRecord): ProcessedRaw {
    const { registry, metadata, conservation } = this.#deps
    const { tenant } = record
    const batch = this.#batch
    batch.reset(tenant)
    this.#deps.decodeRaw(record, batch)
    if (!this.#rows.owns(batch)) {
      batch.reset(tenant)
      this.#deps.decodeRaw(record, batch)
      if (!this.#rows.owns(batch)) throw new AppError(foreignSeries)
    }
    const points = batch.pointsReceived
    if (points !== record.rows) conservation.received(tenant, kind, points - record.rows, 0)
    for (const [reason, refused] of batch.refused) conservation.refused(tenant, kind, reason, refused)
    const rowRefs: number[] = []
    const rows = this.#decide(batch, rowRefs)
    const news = metadata.news(tenant, batch.metadata)
    if (batch.sampleCount + batch.histogramCount + batch.sets.count + batch.exemplars.length + news.length === 0) {
      if (rows > 0) conservation.dropped(tenant, kind, emptyReason(batch, this.#deps.decisions), rows)
      return { record: null, rows: points }
    }
    const payload = encodeMetricsRecord(batch, registry, rowRefs, news)
    metadata.put(tenant, news)
    for (const ref of rowRefs) registry.markDurable(ref, registry.firstMinute(ref), registry.lastMinute(ref))
    this.#deps.head.append(batch.seriesRefs, batch.timesMs, batch.values, batch.sampleCount)
    showHistograms(batch, registry, this.#deps.histograms)
    this.#deps.sets?.show(batch.sets)
    return { record: { kind, tenant, rows, format: metricsRecordFormat, payload }, rows: points }
  }

  /** Applies rules and limits, gives the points that remain and the series whose rows must go along. */
  #decide(batch: MetricsBatch, rowRefs: number[]): number {
    const { conservation, decisions } = this.#deps
    let points = Math.max(batch.pointsReceived - batch.refusedTotal, 0)
    let rows = batch.sampleCount + batch.histogramCount
    if (decisions?.folding.has(batch.tenant) === true) {
      points = countDropped(conservation, batch, { dropped: decisions.folding.fold(batch), rows, points })
      rows = batch.sampleCount + batch.histogramCount
    }
    this.#rows.revive(batch)
    for (const ref of this.#rows.collect(batch)) rowRefs.push(ref)
    const refusals = this.#admission.judgeNow(batch.tenant, rowRefs)
    if (refusals === null) return points
    rows = countedRows(batch)
    return countDropped(conservation, batch, { dropped: this.#admission.takeOut(batch, rowRefs, refusals), rows, points })
  }

  /**
   * To be called once the log is recovered: shows samples of series that are not in the index, brought in by their ids (low and high halves in
   * turn). Errors: those of `bringIds`.
   */
  async settle(bringIds: (ids: readonly number[]) => Promise<void>): Promise<void> {
    if (this.#unknownIds.size > 0) await bringIds([...this.#unknownIds.values()].flat())
    const waiting = this.#waiting
    this.#waiting = []
    this.#unknownIds.clear()
    let samples = 0
    for (const record of waiting) samples += this.#show(record, decodeMetricsRecord(record.payload))
    if (samples === 0) return
    this.#deps.instruments.unknownSeries.inc(samples)
    this.#deps.logger.warn('recovered samples of series that are not in the index', { samples })
  }

  /** To be called after the series were loaded from the engine, and followed by `settle`. Damaged records are logged and left to the writer. */
  recover(record: LogRecord): void {
    if (record.format !== metricsRecordFormat) return
    let decoded: MetricsRecord
    try {
      decoded = decodeMetricsRecord(record.payload)
    } catch (error) {
      this.#deps.logger.error('a record of metrics in the log is damaged', { error })
      return
    }
    // Showing a record again changes nothing but what was missing.
    if (this.#show(record, decoded) > 0) this.#waiting.push(record)
  }

  buried(records: readonly LogRecord[]): void {
    const { registry } = this.#deps
    for (const { format, payload } of records) {
      if (format !== metricsRecordFormat) continue
      try {
        for (const { idLow, idHigh } of decodeMetricsRecord(payload).series) registry.markLost(registry.findId(idLow, idHigh))
      } catch (error) {
        this.#deps.logger.error('a buried record of metrics is damaged', { error })
      }
    }
  }

  #find(low: number, high: number): number {
    const ref = this.#deps.registry.findId(low, high)
    if (ref === -1) this.#unknownIds.set(`${low}/${high}`, [low, high])
    return ref
  }

  /** Puts series and samples into memory; gives the number of samples without a series. */
  #show(record: LogRecord, decoded: MetricsRecord): number {
    const { registry, head, histograms, metadata } = this.#deps
    for (const { idLow, idHigh, labels, firstMinute, lastMinute } of decoded.series) {
      registry.restore(record.tenant, { low: idLow, high: idHigh }, labels, { firstMinute, lastMinute })
    }
    metadata.put(record.tenant, decoded.metadata)
    const refs = new Uint32Array(decoded.sampleCount)
    const timesMs = new Float64Array(decoded.sampleCount)
    const values = new Float64Array(decoded.sampleCount)
    let count = 0
    for (let i = 0; i < decoded.sampleCount; i++) {
      const ref = this.#find(decoded.idLow[i] ?? 0, decoded.idHigh[i] ?? 0)
      if (ref === -1) continue
      const timeMs = decoded.timesMs[i] ?? 0
      registry.touch(ref, timeMs)
      refs[count] = ref
      timesMs[count] = timeMs
      values[count++] = decoded.values[i] ?? 0
    }
    head.append(refs, timesMs, values, count)
    for (let row = 0; row < decoded.sets.count; row++) this.#find(decoded.sets.idLow[row] ?? 0, decoded.sets.idHigh[row] ?? 0)
    let unknown = decoded.sampleCount - count + (this.#deps.sets?.recover(decoded.sets) ?? 0)
    for (const { idLow, idHigh, timeMs, histogram } of decoded.histograms) {
      const ref = this.#find(idLow, idHigh)
      if (ref === -1) unknown++
      else {
        registry.touch(ref, timeMs)
        histograms.noteMetric(registry.metricHash(ref))
        histograms.append(ref, timeMs, histogram)
      }
    }
    return unknown
  }
}

export function createMetricsHandler(deps: MetricsHandlerDeps): MetricsHandler {
  return new MetricsHandler(deps)
}
