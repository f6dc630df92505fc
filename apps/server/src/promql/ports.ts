/** PromQL as the rest of the program uses it. The engine knows nothing of HTTP, SQL or tenants. */
import type { GridHint, Labels, NativeHistogram, SelectRequest, SeriesBlock, SeriesGrid, SeriesScan } from '../metrics/index.ts'

/**
 * Where selectors read. `hint` lets a source answer a whole sub-expression itself (push-down); a source that cannot ignores it.
 * `[fromMs, toMs]` both inclusive; the evaluator applies the left-open windows.
 */
export interface SampleSource {
  select(request: SourceRequest, signal: AbortSignal): Promise<SeriesBlock>
  /** Optional: samples a series at a time, as far back as the source has them at hand; null when it has none so. */
  scan?(request: SourceRequest): SeriesScan | null
  /**
   * Optional push-down: the per-step result of `hint.func` over each series at the first steps, or null when the source takes none.
   * Values at step i of series s are `values[s * steps + i]`; `ABSENT` where there is none.
   */
  grid?(request: SourceRequest, hint: GridHint, signal: AbortSignal): Promise<SeriesGrid | null>
}

/** What a selector asks of the source. */
export type SourceRequest = SelectRequest

export type { GridHint, SeriesGrid }

export interface QueryLimits {
  readonly samplesMax: number
  readonly seriesMax: number
  readonly timeoutMs: number
  readonly stepsMax: number
  readonly lookbackMs: number
}

export type QueryValue =
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
  | { readonly type: 'vector'; readonly timeMs: number; readonly series: readonly InstantSeries[] }
  | { readonly type: 'matrix'; readonly series: readonly RangeSeries[] }

export interface InstantSeries {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number
  readonly histogram: NativeHistogram | null
}

/** Only present points; times ascending. */
export interface RangeSeries {
  readonly labels: Labels
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** Row-aligned, null when the series has no histograms. */
  readonly histograms: readonly (NativeHistogram | null)[] | null
}

export interface QueryOutcome {
  readonly value: QueryValue
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly samplesRead: number
}

/**
 * Errors by code: `promql.parse` (message has line:column), `promql.execution` (e.g. many-to-many matching),
 * `query.too_many_samples`, `query.too_many_series`, `query.too_many_steps`, `query.timeout`, `query.canceled`.
 */
export interface PromqlEngine {
  instant(query: string, timeMs: number, source: SampleSource, limits: QueryLimits, signal: AbortSignal): Promise<QueryOutcome>
  range(query: RangeQuery, source: SampleSource, limits: QueryLimits, signal: AbortSignal): Promise<QueryOutcome>
}

export interface RangeQuery {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}
