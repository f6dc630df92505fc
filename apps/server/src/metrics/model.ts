/** The metric data model shared by decoders, stores and queries. */

/**
 * Marks "the series ended here" in value columns (Prometheus' stale marker, a NaN with a payload on the wire).
 * A finite value that no one measures, because V8 may change a NaN's payload when it copies one. A real sample with
 * exactly this value is stored as its neighbour.
 */
export const STALE = -1.7976931348623155e308

/** Bit pattern of Prometheus' stale NaN on the wire: 0x7ff0000000000002. */
export const staleNanHigh = 0x7ff00000
export const staleNanLow = 0x00000002

/** Sorted by name (code units), unique names, no empty values; `__name__` included. */
export type Labels = readonly (readonly [name: string, value: string])[]

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'

export interface MetricMetadata {
  readonly name: string
  readonly type: MetricType
  /** UCUM or Prometheus unit as sent; '' when unknown. */
  readonly unit: string
  readonly help: string
}

export interface Exemplar {
  readonly seriesRef: number
  readonly timeMs: number
  readonly value: number
  /** Labels beside trace and span. */
  readonly labels: Labels
  /** Lower-case hexadecimal, '' when absent. */
  readonly traceId: string
  readonly spanId: string
}

/**
 * A native histogram with absolute bucket counts (Prometheus native histograms; OTLP exponential histograms map onto it).
 * Schema -4..8 exponential; -53 custom bounds in `customValues`. Spans and counts as in the Prometheus remote write 2 spec,
 * counts absolute (not deltas), floats.
 */
export interface NativeHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  /** `STALE` in `sum` marks a stale histogram. */
  readonly count: number
  readonly sum: number
  /** offset, length, offset, length, ... */
  readonly positiveSpans: readonly number[]
  readonly positiveCounts: readonly number[]
  readonly negativeSpans: readonly number[]
  readonly negativeCounts: readonly number[]
  readonly customValues: readonly number[]
  readonly resetHint: 'unknown' | 'yes' | 'no' | 'gauge'
}

/** A label matcher; an absent label counts as ''. Regular expressions are anchored RE2-style. */
export interface Matcher {
  readonly name: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** Samples of many series as columns: series `i` owns rows `offsets[i] .. offsets[i+1]`, times ascending and unique. */
export interface SeriesBlock {
  /** The store's number of each series, ascending: the same series has the same number in every part of one query. Absent: unknown. */
  readonly keys?: Uint32Array
  readonly labels: readonly Labels[]
  /** length `labels.length + 1` */
  readonly offsets: Uint32Array
  readonly timesMs: Float64Array
  /** `STALE` possible. For a histogram row: NaN. */
  readonly values: Float64Array
  /** Row-aligned when any selected row is a histogram, else null. */
  readonly histograms: readonly (NativeHistogram | null)[] | null
}

/** Samples of one series: rows `[start, end)` of the columns, times ascending and unique. */
export interface SeriesRows {
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly start: number
  readonly end: number
}

/** Samples of many series, read one series at a time in ascending order, each at most once. To be disposed at the end of the query. */
export interface SeriesScan extends Disposable {
  /** As of `SeriesBlock`. */
  readonly keys: Uint32Array
  readonly labels: readonly Labels[]
  /** Every acknowledged sample of the range at or after this time is in it; older ones may be missing. */
  readonly coversFromMs: number
  /** Valid until the next call. `STALE` possible; no series has histograms. */
  read(series: number): SeriesRows
}

/** What a PromQL selector asks of the store. `[fromMs, toMs]`, both inclusive. */
export interface SelectRequest {
  readonly matchers: readonly Matcher[]
  readonly fromMs: number
  readonly toMs: number
}

/** Bounds one query may use up; enforced where rows are read. Exceeding throws `query.too_many_samples` or `query.too_many_series`. */
export interface SelectBudget {
  readonly seriesMax: number
  readonly samplesMax: number
}

/** A budget, and what ends the read early. */
export interface ReadBounds extends SelectBudget {
  readonly signal: AbortSignal
}

/** A range function to be computed where the samples are; `fromMs` and `toMs` say which samples it looks at. */
export interface GridRequest extends SelectRequest {
  readonly hint: GridHint
}

/** Which names or series: any of the matcher sets (all when empty), active in `[fromMs, toMs]`, at most `limit` of them. */
export interface CatalogQuery {
  readonly matchers: readonly (readonly Matcher[])[]
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
}

/** The values of one label. */
export interface LabelQuery extends CatalogQuery {
  readonly label: string
}

/** A range function that the store may compute itself. PromQL's push-down speaks in the same terms. */
export interface GridHint {
  /** A PromQL function of one range and nothing else, or `last`: the instant selector with look-back. */
  readonly func: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** Window or look-back, ms; left-open. */
  readonly windowMs: number
  /** Only from samples. */
  readonly withoutRollups?: boolean
  /** Samples, and rollups of samples, at or before these times are not to be seen; the latter is the edge of an hour, or without end. */
  readonly hiddenToMs?: number
  readonly rollupsHiddenToMs?: number
}

/**
 * The first `steps` steps that were asked for, maybe not all. Values at step i of series s are `values[s * steps + i]`; `STALE` where
 * there is none.
 */
export interface SeriesGrid {
  /** As of `SeriesBlock`. */
  readonly keys: Uint32Array
  readonly labels: readonly Labels[]
  readonly steps: number
  readonly values: Float64Array
}
