/**
 * What performance analysis needs from the rest (rows of operations, a sample of traces) and what it gives to the API. Times are
 * milliseconds since 1970, durations milliseconds, ids of traces and spans lower-case hexadecimal.
 */
import type { Access } from '../accounts/index.ts'
import type { Scope } from '../kernel/scope.ts'

/** OTLP numbers of span kinds: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
export type SpanKind = 0 | 1 | 2 | 3 | 4 | 5

export interface OperationKey {
  readonly service: string
  readonly operation: string
  readonly kind: SpanKind
}

/**
 * Rows of one step of one operation, added up. The histogram is sparse: `counts[i]` calls took more than `lowersMs[i]` and at most
 * `uppersMs[i]`. Counts are weighted by sampling.
 */
export interface OperationStep extends OperationKey {
  /** Start of the step. */
  readonly timeMs: number
  readonly count: number
  readonly errors: number
  readonly totalMs: number
  readonly lowersMs: readonly number[]
  readonly uppersMs: readonly number[]
  readonly counts: readonly number[]
}

export interface OperationsRange {
  readonly fromMs: number
  readonly toMs: number
  /** Whole minutes; steps start at multiples of it. */
  readonly stepMs: number
}

export interface OperationsFilter {
  readonly service?: string
  readonly operation?: string
  readonly kind?: SpanKind
  /** The operations with the most time spent in the range; the others are left out. */
  readonly operationsMax: number
}

/** Rows of operations as the traces are stored. Errors: those of the engine. */
export interface OperationSource {
  /** In no order. */
  steps(scope: Scope, asked: OperationsRange & OperationsFilter, signal: AbortSignal): Promise<OperationStep[]>
  /** Distinct operations in the range. */
  count(scope: Scope, range: Pick<OperationsRange, 'fromMs' | 'toMs'>, signal: AbortSignal): Promise<number>
  /** Versions (`service.version`) with the time of their first span in the range. */
  versions(scope: Scope, range: Pick<OperationsRange, 'fromMs' | 'toMs'>, signal: AbortSignal): Promise<SeenVersion[]>
  /** A trace of the operation, for a finding to show; null: none is known. */
  example(scope: Scope, asked: ExampleAsked, signal: AbortSignal): Promise<FoundExample | null>
}

export interface SeenVersion {
  readonly service: string
  readonly version: string
  readonly environment: string
  readonly firstMs: number
}

/** A span as the detectors look at it. */
export interface SampledSpan {
  readonly spanId: string
  /** '' for a root. */
  readonly parentId: string
  readonly service: string
  readonly name: string
  readonly kind: SpanKind
  readonly startMs: number
  readonly durationMs: number
  readonly isError: boolean
  readonly attributes: ReadonlyMap<string, string>
}

export interface SampledTrace {
  readonly traceId: string
  /** False: there are more spans than were read. */
  readonly isWhole: boolean
  readonly spans: readonly SampledSpan[]
}

export interface TraceSample {
  readonly fromMs: number
  readonly toMs: number
  readonly tracesMax: number
  readonly spansPerTraceMax: number
}

/** Some recent traces, those with errors and long ones among them. Errors: those of the engine. */
export interface TraceSource {
  sample(scope: Scope, asked: TraceSample, signal: AbortSignal): Promise<SampledTrace[]>
}

export interface ExampleAsked extends OperationKey {
  readonly fromMs: number
  readonly toMs: number
  /** One that failed, or a slow one. */
  readonly isError: boolean
}

export interface FoundExample {
  readonly traceId: string
  readonly spanId: string
  readonly atMs: number
}

export type FindingKind =
  | 'latency_regression'
  | 'error_regression'
  | 'throughput_drop'
  | 'n_plus_one'
  | 'slow_query'
  | 'sequential_calls'
  | 'large_payload'

export type FindingState = 'new' | 'known' | 'resolved' | 'returned'

export interface FindingFact {
  readonly name: string
  readonly value: number
  readonly unit: 'ms' | 'ratio' | 'bytes' | 'count' | 'perMinute' | 'probability'
}

export interface FindingExample {
  readonly traceId: string
  readonly spanIds: readonly string[]
  readonly atMs: number
}

/** What a detector saw, to be opened, refreshed or brought back. */
export interface Sighting extends OperationKey {
  readonly finding: FindingKind
  /** A normalised query or a target; '' for regressions. With the operation and the kind of finding it is what makes findings the same. */
  readonly subject: string
  readonly title: string
  readonly firstMs: number
  readonly lastMs: number
  readonly occurrences: number
  readonly changeMs: number | null
  readonly facts: readonly FindingFact[]
  readonly example: FindingExample | null
  readonly cause: Deploy | null
  /** Regressions: what to compare with, to know when it is over. */
  readonly levels: Levels | null
}

export interface Levels {
  readonly measure: 'p50' | 'p95' | 'errorRate' | 'perMinute'
  readonly before: number
  readonly after: number
}

export interface Finding extends Omit<Sighting, 'firstMs' | 'lastMs' | 'cause' | 'levels'> {
  readonly id: string
  readonly state: FindingState
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly cause: Pick<Deploy, 'id' | 'version' | 'service' | 'atMs' | 'source'> | null
  readonly stateChangedMs: number
  readonly stateChangedBy: string | null
}

export interface FindingsAsked {
  readonly state: FindingState | 'open' | 'all'
  readonly finding: FindingKind | null
  readonly service: string | null
  readonly operation: string | null
  readonly limit: number
  readonly cursor: string | null
}

export interface Deploy {
  readonly id: string
  readonly version: string
  readonly service: string | null
  readonly environment: string | null
  readonly atMs: number
  readonly source: 'api' | 'spans'
  readonly url: string | null
  readonly note: string
  readonly createdBy: string | null
}

export interface DeployDraft {
  readonly version: string
  readonly service: string | null
  readonly environment: string | null
  readonly atMs: number | null
  readonly url: string | null
  readonly note: string
}

/** Figures of an operation over a time; null where nothing was measured. */
export interface OperationFigures {
  readonly count: number
  readonly perMinute: number
  readonly errorRate: number | null
  readonly averageMs: number | null
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly apdex: number | null
  readonly totalMs: number
}

export interface OperationTrend {
  readonly perMinute: readonly (number | null)[]
  readonly errorRate: readonly (number | null)[]
  readonly p50Ms: readonly (number | null)[]
  readonly p95Ms: readonly (number | null)[]
}

export interface OperationSummary extends OperationKey {
  readonly now: OperationFigures
  readonly before: OperationFigures | null
  readonly trend: OperationTrend
  readonly openFindings: number
}

export type OperationOrder = 'time' | 'count' | 'p95' | 'errors' | 'apdex' | 'slower'

export interface OperationsAsked {
  readonly from: string
  readonly to: string
  readonly service: string | null
  readonly operation: string | null
  readonly kind: SpanKind | null
  readonly search: string | null
  readonly order: OperationOrder
  readonly limit: number
  readonly apdexMs: number
}

export interface OperationsAnswer {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  readonly trendFromMs: number
  readonly items: readonly OperationSummary[]
  readonly total: number
  readonly isPartial: boolean
}

export interface OperationChange extends OperationKey {
  readonly now: OperationFigures
  readonly before: OperationFigures
  readonly lostMs: number
}

export interface OperationOfPeriod extends OperationKey {
  readonly figures: OperationFigures
}

export interface ReportAsked {
  readonly from: string
  readonly to: string
  readonly service: string | null
  readonly apdexMs: number
}

export interface PerformanceReport {
  readonly fromMs: number
  readonly toMs: number
  readonly beforeFromMs: number
  readonly now: OperationFigures
  readonly before: OperationFigures | null
  readonly slower: readonly OperationChange[]
  readonly faster: readonly OperationChange[]
  readonly moreErrors: readonly OperationChange[]
  readonly fewerErrors: readonly OperationChange[]
  readonly appeared: readonly OperationOfPeriod[]
  readonly gone: readonly OperationOfPeriod[]
  readonly found: readonly Finding[]
  readonly resolved: readonly Finding[]
  readonly deploys: readonly Deploy[]
  readonly isPartial: boolean
}

/**
 * What the API asks. Errors by code: `performance.bad_range`, `performance.finding_not_found`, `performance.bad_cursor`,
 * `performance.too_many_deploys`, `performance.unavailable`, those of the engine.
 */
export interface Performance {
  operations(access: Access, asked: OperationsAsked, signal: AbortSignal): Promise<OperationsAnswer>
  report(access: Access, asked: ReportAsked, signal: AbortSignal): Promise<PerformanceReport>
  findings(access: Access, asked: FindingsAsked): Promise<{ items: Finding[]; next: string | null }>
  finding(access: Access, id: string): Promise<Finding>
  changeFinding(access: Access, id: string, state: 'known' | 'resolved'): Promise<Finding>
  /** Newest first. */
  deploys(access: Access, asked: { from: string; to: string; service: string | null }): Promise<Deploy[]>
  addDeploy(access: Access, draft: DeployDraft): Promise<Deploy>
}
