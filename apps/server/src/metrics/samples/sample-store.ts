/**
 * Samples in the engine: statements that follow the table's sort order, read as columns without an object a row. Rows of one series come
 * in runs (one an hour); runs are put together at the end. Budgets are enforced while streaming, not afterwards.
 */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { tooManySamples } from '../errors.ts'
import type { NativeHistogram } from '../model.ts'
import { resetHints } from '../record/layout.ts'
import { grownU32 } from '../series/growable.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { SelectedIds } from '../series/selected-ids.ts'
import type { TimedHistogram } from './histogram-head.ts'
import { SampleColumns } from './sample-columns.ts'
import { int64At, valueAt } from './sample-value.ts'
import type { SeriesSamples } from './series-samples.ts'
import { statementParts, type RowRange } from './statement.ts'

const order = 'ORDER BY org, project, metric, hour, series, ts'

/** Rows as they stream in, grouped into runs of one series. */
class RunCollector {
  readonly columns = new SampleColumns()
  readonly #selection: SelectedIds
  #runSeries = new Uint32Array(1024)
  #runStart = new Uint32Array(1024)
  #runs = 0
  #low = -1
  #high = -1
  #position = -1

  constructor(selection: SelectedIds) {
    this.#selection = selection
  }

  /** Adds a block; rows of series that were not selected are passed over. */
  add(block: NativeBlock): void {
    const [series, ts, i, f] = block.columns
    if (series?.kind !== 'w64' || ts?.kind !== 'w64' || i?.kind !== 'w64' || f?.kind !== 'f64')
      throw new Error('unexpected columns of samples')
    const columns = this.columns
    columns.reserve(block.rows)
    const ids = series.data
    for (let row = 0; row < block.rows; row++) {
      const low = ids[row * 2]!
      const high = ids[row * 2 + 1]!
      if (low !== this.#low || high !== this.#high) this.#begin(low, high)
      if (this.#position === -1) continue
      columns.timesMs[columns.count] = int64At(ts.data, row)
      columns.values[columns.count++] = valueAt(i.data, f.data, row)
    }
  }

  /** Per series in the order of the selection; duplicates of a time (equal neighbours) are left out. */
  finish(seriesCount: number): SeriesSamples {
    this.#runStart = grownU32(this.#runStart, this.#runs + 1)
    this.#runStart[this.#runs] = this.columns.count
    const { timesMs: fromTimes, values: fromValues } = this.columns
    const offsets = new Uint32Array(seriesCount + 1)
    for (let run = 0; run < this.#runs; run++) offsets[this.#runSeries[run]! + 1]! += this.#runStart[run + 1]! - this.#runStart[run]!
    for (let i = 0; i < seriesCount; i++) offsets[i + 1]! += offsets[i]!
    const ends = offsets.slice(0, seriesCount)
    const timesMs = new Float64Array(this.columns.count)
    const values = new Float64Array(this.columns.count)
    for (let run = 0; run < this.#runs; run++) {
      const series = this.#runSeries[run]!
      const start = this.#runStart[run]!
      const end = this.#runStart[run + 1]!
      timesMs.set(fromTimes.subarray(start, end), ends[series]!)
      values.set(fromValues.subarray(start, end), ends[series]!)
      ends[series]! += end - start
    }
    return { offsets, timesMs, values }
  }

  #begin(low: number, high: number): void {
    this.#low = low
    this.#high = high
    this.#position = this.#selection.position(low, high)
    if (this.#position === -1) return
    this.#runSeries = grownU32(this.#runSeries, this.#runs + 1)
    this.#runStart = grownU32(this.#runStart, this.#runs + 1)
    this.#runSeries[this.#runs] = this.#position
    this.#runStart[this.#runs++] = this.columns.count
  }
}

export class SampleStore {
  readonly #engine: Pick<ClickHouse, 'queryNative'>
  readonly #registry: SeriesRegistry

  constructor(engine: Pick<ClickHouse, 'queryNative'>, registry: SeriesRegistry) {
    this.#engine = engine
    this.#registry = registry
  }

  /**
   * Samples of `refs` (one organization) in the range. Duplicates in the engine are still in it, as equal neighbours.
   * Errors by code: `query.too_many_samples` beyond `samplesMax`, and the engine's.
   */
  async read(refs: Uint32Array, range: RowRange, samplesMax: number, signal: AbortSignal): Promise<SeriesSamples> {
    const runs = new RunCollector(new SelectedIds(this.#registry, refs))
    for (const part of statementParts(this.#registry, refs, range)) {
      const sql = `SELECT series, ts, i, f FROM samples WHERE ${part.condition} ${order}`
      for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
        runs.add(block)
        if (runs.columns.count > samplesMax) throw new AppError(tooManySamples, { detail: `more than ${samplesMax}` })
      }
    }
    return runs.finish(refs.length)
  }

  /** Native histograms of `refs` by position, ascending; duplicates may be in it. Errors as of `read`. */
  async readHistograms(refs: Uint32Array, range: RowRange, samplesMax: number, signal: AbortSignal): Promise<TimedHistogram[][]> {
    const selection = new SelectedIds(this.#registry, refs)
    const out: TimedHistogram[][] = Array.from(refs, () => [])
    let rows = 0
    for (const part of statementParts(this.#registry, refs, range)) {
      const sql = `SELECT series, ts, schema, zero_threshold, zero_count, count, sum, positive_spans, positive_counts, negative_spans, negative_counts, custom_values, reset_hint
        FROM histograms WHERE ${part.condition} ${order}`
      for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
        rows += readHistogramBlock(block, (low, high) => out[selection.position(low, high)])
        if (rows > samplesMax) throw new AppError(tooManySamples, { detail: `more than ${samplesMax} histograms` })
      }
    }
    return out
  }

  /** Newest time in the table, or `-Infinity` when it is empty. Errors: the engine's. */
  async newestMs(table: 'samples' | 'histograms', signal: AbortSignal): Promise<number> {
    const sql = `SELECT max(ts) AS newest, count() AS rows FROM ${table} WHERE hour >= (SELECT max(hour) FROM ${table})`
    let newestMs = -Infinity
    for await (const block of this.#engine.queryNative({ sql, class: 'internal', signal })) {
      const [newest, rows] = block.columns
      if (newest?.kind !== 'w64' || rows?.kind !== 'w64') throw new Error('unexpected columns')
      if (block.rows > 0 && int64At(rows.data, 0) > 0) newestMs = int64At(newest.data, 0)
    }
    return newestMs
  }

  /** Hashes of the metrics that have native histograms. Errors: the engine's. */
  async histogramMetrics(signal: AbortSignal): Promise<number[]> {
    const out: number[] = []
    for await (const block of this.#engine.queryNative({ sql: 'SELECT DISTINCT metric FROM histograms', class: 'internal', signal })) {
      const metric = block.columns[0]
      if (metric?.kind !== 'u32') throw new Error('unexpected columns')
      for (let row = 0; row < block.rows; row++) out.push(metric.data[row]!)
    }
    return out
  }
}

/** Gives the rows that were wanted. */
function readHistogramBlock(block: NativeBlock, listOf: (low: number, high: number) => TimedHistogram[] | undefined): number {
  const [series, ts, schema, ...rest] = block.columns
  const hint = rest[rest.length - 1]
  if (series?.kind !== 'w64' || ts?.kind !== 'w64' || schema?.kind !== 'i8' || hint?.kind !== 'u8')
    throw new Error('unexpected columns of histograms')
  const float = (column: number, row: number): number => {
    const one = rest[column]
    return one?.kind === 'f64' ? one.data[row]! : NaN
  }
  const list = (column: number, row: number): number[] => {
    const one = rest[column]
    if (one?.kind !== 'array' || (one.inner.kind !== 'f64' && one.inner.kind !== 'i32')) return []
    return Array.from(one.inner.data.subarray(row === 0 ? 0 : one.offsets[row - 1]!, one.offsets[row]!))
  }
  let rows = 0
  for (let row = 0; row < block.rows; row++) {
    const target = listOf(series.data[row * 2]!, series.data[row * 2 + 1]!)
    if (target === undefined) continue
    const histogram: NativeHistogram = {
      schema: schema.data[row]!,
      zeroThreshold: float(0, row),
      zeroCount: float(1, row),
      count: float(2, row),
      sum: float(3, row),
      positiveSpans: list(4, row),
      positiveCounts: list(5, row),
      negativeSpans: list(6, row),
      negativeCounts: list(7, row),
      customValues: list(8, row),
      resetHint: resetHints[hint.data[row]!] ?? 'unknown',
    }
    target.push({ timeMs: int64At(ts.data, row), histogram })
    rows++
  }
  return rows
}
