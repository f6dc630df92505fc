/** Vocabulary of the domain: rows, questions about them, answers. Shapes that are answered as they are stand in packages/protocol too. */
import type { Scope } from '../kernel/scope.ts'

/** One log record as it is shown. */
export interface LogRow {
  /** 32 hexadecimal digits: time in ns, batch, number in it. */
  readonly id: string
  /** RFC 3339 in UTC with nanoseconds. */
  readonly timestamp: string
  readonly severity: number
  readonly service: string
  readonly host: string
  readonly environment: string
  readonly release: string
  readonly scope: string
  readonly source: string
  readonly body: string
  readonly attributes: Record<string, string>
  readonly resource: Record<string, string>
  readonly traceId: string
  readonly spanId: string
  readonly pattern: string
  readonly problem: string
  readonly weight: number
  readonly isScrubbed: boolean
  /** Message or values of attributes are cut, as they are in lists when very long, and end with `…`. */
  readonly isCut?: true
}

/** Who reads, and until when. */
export interface Reading {
  readonly scope: Scope
  readonly signal: AbortSignal
}

/** `[fromMs, toMs)`, ms since 1970. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Which rows: a search in the language of `search/`, within a time. */
export interface LogSelection extends TimeRange {
  readonly query: string
}

export interface LogListRequest extends LogSelection {
  readonly order: 'newest' | 'oldest'
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | null
}

export interface LogList {
  readonly items: LogRow[]
  readonly next: string | null
}

export type LogMeasure = 'count' | 'unique' | 'avg' | 'sum' | 'min' | 'max' | 'p50' | 'p90' | 'p95' | 'p99'

export interface HistogramRequest extends LogSelection {
  /** Null: one that gives about `intervals`. */
  readonly stepSec: number | null
  readonly intervals: number
  readonly by: string | null
  readonly measure: LogMeasure
  readonly field: string | null
  /** Series; the rest is counted together. */
  readonly limit: number
}

export interface HistogramSeries {
  readonly value: string
  readonly isRest: boolean
  readonly total: number | null
  readonly values: (number | null)[]
}

export interface Histogram {
  readonly startMs: number
  readonly stepSec: number
  readonly intervals: number
  readonly series: HistogramSeries[]
  readonly total: number
  readonly isByMinute: boolean
}

export interface FacetsRequest extends LogSelection {
  readonly fields: readonly string[] | null
  readonly limit: number
}

export interface Facet {
  readonly field: string
  readonly kind: 'field' | 'attribute'
  readonly values: { value: string; count: number }[]
  readonly rows: number
  readonly isCut: boolean
}

export interface Facets {
  readonly items: Facet[]
  readonly rows: number
  readonly basis: 'rows' | 'sample' | 'batches'
  readonly sampled: number
}

export type ContextKind = 'resource' | 'service' | 'host' | 'trace' | 'all'

export interface ContextRequest {
  readonly id: string
  readonly of: ContextKind
  readonly before: number
  readonly after: number
}

export interface LogContext {
  /** Oldest first. */
  readonly before: LogRow[]
  readonly row: LogRow
  /** Oldest first. */
  readonly after: LogRow[]
  readonly hasMoreBefore: boolean
  readonly hasMoreAfter: boolean
}

export interface LogRetentionPolicy {
  readonly days: number
  readonly severities: readonly {
    readonly severity: 'unknown' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
    readonly days: number
  }[]
}

/** Which table a condition is for; they have different columns. */
export type LogTable = 'rows' | 'counts' | 'facets'

/** What retention hides. */
export interface Shown {
  /** A condition that rows of the table must meet to be shown; null: all of the range are. */
  shownSql(scope: Scope, range: TimeRange, table: LogTable): string | null
}
