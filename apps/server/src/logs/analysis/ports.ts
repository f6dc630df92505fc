/** Vocabulary of the analysis of logs. Bodies of the API stand in packages/protocol and are answered as they are. */
import type {
  DifferenceBody,
  LogMetric,
  LogMetricInput,
  LogPatternsBody,
  SavedView,
  SavedViewInput,
  SearchCheckBody,
  SearchPartsBody,
  SearchSignal,
} from '@bellwether/protocol'
import type { Access } from '../../accounts/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Completion, SearchFields, ValueProvider } from '../../search/index.ts'
import type { LogSelection, TimeRange } from '../ports.ts'

export interface PatternsRequest extends LogSelection {
  readonly limit: number
}

export interface DifferenceRequest {
  readonly signal: SearchSignal
  readonly selected: LogSelection
  readonly baseline: LogSelection
  readonly limit: number
}

export interface CompletionRequest {
  readonly signal: SearchSignal
  readonly text: string
  /** Character offset in `text`. */
  readonly cursor: number
}

/** The range is where rows are looked for that have the names of the search. */
export interface CheckRequest extends TimeRange {
  readonly signal: SearchSignal
  readonly text: string
  /** Whether to look for names that nothing has. */
  readonly hasNames: boolean
}

/** A search that was answered. */
export interface HintsRequest extends LogSelection {
  readonly signal: SearchSignal
  /** It found nothing: then its names are looked for, too. */
  readonly isNothing: boolean
}

export interface PartsRequest extends LogSelection {
  readonly signal: SearchSignal
}

/** Rows of a kind that are searched, completed and compared. Each kind's domain brings its own. */
export interface SearchedRows {
  readonly table: string
  /** What the reader can ask. */
  fields(scope: Scope): SearchFields
  /** The reader's rows in the range, as a condition; the only place where the scope gets into a statement. */
  rowsOf(scope: Scope, range: TimeRange): string
  /** Values and names that occur, for completion. */
  values(scope: Scope, signal: AbortSignal): ValueProvider
  /** Columns of words, and how the language writes them. */
  readonly comparedColumns: readonly ComparedColumn[]
}

/** A column that two sets are compared by. */
export interface ComparedColumn {
  readonly field: string
  /** An expression over the table's columns that gives a text; '' where the row has none. */
  readonly sql: string
}

/** Patterns, differences, saved views, metrics from logs, completion. Reads take a scope, changes the access of the caller. */
export interface LogAnalysis {
  /** Errors: `search.invalid`, `logs.bad_range`, the engine's. */
  patterns(scope: Scope, request: PatternsRequest, signal: AbortSignal): Promise<LogPatternsBody>
  /** Errors: the same. */
  difference(scope: Scope, request: DifferenceRequest, signal: AbortSignal): Promise<DifferenceBody>
  /** Errors: the engine's. */
  complete(scope: Scope, request: CompletionRequest, signal: AbortSignal): Promise<Completion>
  /** Errors: `logs.bad_range`, the engine's, which is asked about names that are no fields. */
  check(scope: Scope, request: CheckRequest, signal: AbortSignal): Promise<SearchCheckBody>
  /** What was probably meant otherwise, in sentences; of what is not known in a second nothing is said. Errors: as `check`. */
  hints(scope: Scope, request: HintsRequest, signal: AbortSignal): Promise<string[]>
  /** Errors: `search.invalid`, `logs.bad_range`, the engine's. */
  parts(scope: Scope, request: PartsRequest, signal: AbortSignal): Promise<SearchPartsBody>
  readonly views: SavedViews
  readonly metrics: LogMetrics
}

/** Errors by code: `logs.view_not_found`, `logs.too_many_views`, `logs.analysis_unavailable`. */
export interface SavedViews {
  list(access: Access, signal: SearchSignal | null): Promise<SavedView[]>
  create(access: Access, view: SavedViewInput): Promise<SavedView>
  replace(access: Access, id: string, view: SavedViewInput): Promise<SavedView>
  remove(access: Access, id: string): Promise<void>
}

/** Errors by code: `logs.metric_not_found`, `logs.metric_exists`, `logs.too_many_metrics`, `logs.bad_metric`, `search.invalid`, `logs.analysis_unavailable`. */
export interface LogMetrics {
  list(access: Access): Promise<LogMetric[]>
  create(access: Access, rule: LogMetricInput): Promise<LogMetric>
  replace(access: Access, id: string, rule: LogMetricInput): Promise<LogMetric>
  remove(access: Access, id: string): Promise<void>
}
