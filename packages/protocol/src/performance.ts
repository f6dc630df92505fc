/** Performance: operations, findings, the report of a period against the one before, and deploys. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

/** Who did the work, as spans say it. */
export type OperationKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'
export const operationKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const operationKindSchema: z.ZodType<OperationKind> = z.enum(operationKinds)

/** Figures of an operation over a time. Null where nothing was measured. */
export interface OperationFigures {
  /** Calls, sampling counted in. */
  count: number
  perMinute: number
  errorRate: number | null
  averageMs: number | null
  p50Ms: number | null
  p90Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  /** 0 to 1: satisfied within the threshold, half satisfied within four times as much; failed calls are not. */
  apdex: number | null
  /** All calls together. */
  totalMs: number
}
const figuresShape = {
  count: z.number(),
  perMinute: z.number(),
  errorRate: z.number().nullable(),
  averageMs: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p90Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  apdex: z.number().nullable(),
  totalMs: z.number(),
}
const figuresSchema: z.ZodType<OperationFigures> = z.object(figuresShape)

/** One value a step, null where nothing was measured. */
export interface OperationTrend {
  perMinute: (number | null)[]
  errorRate: (number | null)[]
  p50Ms: (number | null)[]
  p95Ms: (number | null)[]
}
const valuesSchema = z.array(z.number().nullable())
const trendSchema: z.ZodType<OperationTrend> = z.object({
  perMinute: valuesSchema,
  errorRate: valuesSchema,
  p50Ms: valuesSchema,
  p95Ms: valuesSchema,
})

export interface OperationName {
  service: string
  operation: string
  kind: OperationKind
}
const operationNameShape = { service: z.string(), operation: z.string(), kind: operationKindSchema }

export interface OperationSummary extends OperationName {
  now: OperationFigures
  /** The same length of time before; null: nothing was measured then. */
  before: OperationFigures | null
  trend: OperationTrend
  /** Findings of it that are not resolved. */
  openFindings: number
}
const operationSummarySchema: z.ZodType<OperationSummary> = z.object({
  ...operationNameShape,
  now: figuresSchema,
  before: figuresSchema.nullable(),
  trend: trendSchema,
  openFindings: z.number(),
})

export const operationOrders = ['time', 'count', 'p95', 'errors', 'apdex', 'slower'] as const
export type OperationOrder = (typeof operationOrders)[number]

export interface OperationsQuery {
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
  service: string | null
  operation: string | null
  kind: OperationKind | null
  /** Part of the name of the operation or its service. */
  search: string | null
  order: OperationOrder
  limit: number
  /** What satisfies, in milliseconds. */
  apdexMs: number
}
const rangeShape = { from: z.string().max(60).default('now-1h'), to: z.string().max(60).default('now') }
const apdexSchema = z.coerce.number().positive().max(3_600_000).default(500)
export const operationsQuerySchema: z.ZodType<OperationsQuery> = z.object({
  ...rangeShape,
  service: z.string().max(1000).nullable().default(null),
  operation: z.string().max(2000).nullable().default(null),
  kind: operationKindSchema.nullable().default(null),
  search: z.string().max(200).nullable().default(null),
  order: z.enum(operationOrders).default('time'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  apdexMs: apdexSchema,
})

export interface OperationsAnswer {
  from: string
  to: string
  stepSec: number
  /** Start of the first step of the trends. */
  trendFrom: string
  apdexMs: number
  items: OperationSummary[]
  next: null
  /** Operations that match, shown or not. */
  total: number
  /** True: the project has more operations than are looked at; those with the least time are missing. */
  isPartial: boolean
}
export const operationsAnswerSchema: z.ZodType<OperationsAnswer> = z.object({
  from: timeSchema,
  to: timeSchema,
  stepSec: z.number(),
  trendFrom: timeSchema,
  apdexMs: z.number(),
  items: z.array(operationSummarySchema),
  next: z.null(),
  total: z.number(),
  isPartial: z.boolean(),
})

export const findingKinds = [
  'latency_regression',
  'error_regression',
  'throughput_drop',
  'n_plus_one',
  'slow_query',
  'sequential_calls',
  'large_payload',
] as const
export type FindingKind = (typeof findingKinds)[number]
export const findingStates = ['new', 'known', 'resolved', 'returned'] as const
export type FindingState = (typeof findingStates)[number]

export type FactUnit = 'ms' | 'ratio' | 'bytes' | 'count' | 'perMinute' | 'probability'

/** A number that a finding rests on. */
export interface FindingFact {
  name: string
  value: number
  unit: FactUnit
}

/** The deploy that fits a regression in time and service. */
export interface FindingCause {
  deployId: string
  version: string
  service: string | null
  at: string
  source: 'api' | 'spans'
}
const findingCauseSchema: z.ZodType<FindingCause> = z.object({
  deployId: z.string(),
  version: z.string(),
  service: z.string().nullable(),
  at: timeSchema,
  source: z.enum(['api', 'spans']),
})

/** Where to look; `spanIds` are those that make the finding, at most 50. */
export interface FindingExample {
  traceId: string
  spanIds: string[]
  at: string
}

export interface PerformanceFinding extends OperationName {
  id: string
  finding: FindingKind
  state: FindingState
  /** One line for people. */
  title: string
  /** What it is about besides the operation: a normalised query, a target; '' for regressions. */
  subject: string
  firstSeenAt: string
  lastSeenAt: string
  /** Traces that show it, as far as they were looked at; for regressions how often it was confirmed. */
  occurrences: number
  /** When it changed, of regressions. */
  changeAt: string | null
  facts: FindingFact[]
  cause: FindingCause | null
  example: FindingExample | null
  stateChangedAt: string
  /** Null: Bellwether itself. */
  stateChangedBy: string | null
}
export const performanceFindingSchema: z.ZodType<PerformanceFinding> = z.object({
  ...operationNameShape,
  id: z.string(),
  finding: z.enum(findingKinds),
  state: z.enum(findingStates),
  title: z.string(),
  subject: z.string(),
  firstSeenAt: timeSchema,
  lastSeenAt: timeSchema,
  occurrences: z.number(),
  changeAt: timeSchema.nullable(),
  facts: z.array(
    z.object({ name: z.string(), value: z.number(), unit: z.enum(['ms', 'ratio', 'bytes', 'count', 'perMinute', 'probability']) }),
  ),
  cause: findingCauseSchema.nullable(),
  example: z.object({ traceId: z.string(), spanIds: z.array(z.string()), at: timeSchema }).nullable(),
  stateChangedAt: timeSchema,
  stateChangedBy: z.string().nullable(),
})

export interface FindingsQuery {
  /** `open`: all but the resolved ones. */
  state: FindingState | 'open' | 'all'
  finding: FindingKind | null
  service: string | null
  operation: string | null
  limit: number
  cursor: string | null
}
export const findingsQuerySchema: z.ZodType<FindingsQuery> = z.object({
  state: z.enum(['open', 'all', ...findingStates]).default('open'),
  finding: z.enum(findingKinds).nullable().default(null),
  service: z.string().max(1000).nullable().default(null),
  operation: z.string().max(2000).nullable().default(null),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().min(1).max(40).nullable().default(null),
})

export interface FindingChange {
  /** A resolved finding that is seen again is `returned`. */
  state: 'known' | 'resolved'
}
export const findingChangeSchema: z.ZodType<FindingChange> = z.strictObject({ state: z.enum(['known', 'resolved']) })

/** Figures of an operation whose change between two periods says something. */
export interface OperationChange extends OperationName {
  now: OperationFigures
  before: OperationFigures
  /** Time of all calls that the change of the average costs (positive) or saves within the period. */
  lostMs: number
}
const operationChangeSchema: z.ZodType<OperationChange> = z.object({
  ...operationNameShape,
  now: figuresSchema,
  before: figuresSchema,
  lostMs: z.number(),
})

export interface OperationOfPeriod extends OperationName {
  figures: OperationFigures
}
const operationOfPeriodSchema: z.ZodType<OperationOfPeriod> = z.object({ ...operationNameShape, figures: figuresSchema })

export interface Deploy {
  id: string
  version: string
  /** Null: every service. */
  service: string | null
  environment: string | null
  at: string
  /** `spans`: a version was seen for the first time. */
  source: 'api' | 'spans'
  url: string | null
  note: string
  createdBy: string | null
}
export const deploySchema: z.ZodType<Deploy> = z.object({
  id: z.string(),
  version: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  at: timeSchema,
  source: z.enum(['api', 'spans']),
  url: z.string().nullable(),
  note: z.string(),
  createdBy: z.string().nullable(),
})

export interface DeployDraft {
  version: string
  service: string | null
  environment: string | null
  /** RFC 3339, a date, or relative to now (`now-5m`); null: now. */
  at: string | null
  url: string | null
  note: string
}
export const deployDraftSchema: z.ZodType<DeployDraft> = z.strictObject({
  version: z.string().min(1).max(200),
  service: z.string().min(1).max(1000).nullable().default(null),
  environment: z.string().min(1).max(200).nullable().default(null),
  at: z.string().max(60).nullable().default(null),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable()
    .default(null),
  note: z.string().max(2000).default(''),
})

export interface DeploysQuery {
  from: string
  to: string
  service: string | null
}
export const deploysQuerySchema: z.ZodType<DeploysQuery> = z.object({
  from: z.string().max(60).default('now-30d'),
  to: z.string().max(60).default('now'),
  service: z.string().max(1000).nullable().default(null),
})

export interface ReportQuery {
  from: string
  to: string
  service: string | null
  apdexMs: number
}
export const reportQuerySchema: z.ZodType<ReportQuery> = z.object({
  from: z.string().max(60).default('now-7d'),
  to: z.string().max(60).default('now'),
  service: z.string().max(1000).nullable().default(null),
  apdexMs: apdexSchema,
})

export interface PerformanceReport {
  from: string
  to: string
  /** The period before begins here and ends at `from`. */
  beforeFrom: string
  apdexMs: number
  /** Of what services answered: operations of the kinds server and consumer, or all when there are none. */
  now: OperationFigures
  before: OperationFigures | null
  slower: OperationChange[]
  faster: OperationChange[]
  moreErrors: OperationChange[]
  fewerErrors: OperationChange[]
  appeared: OperationOfPeriod[]
  gone: OperationOfPeriod[]
  /** First seen or returned in the period. */
  found: PerformanceFinding[]
  resolved: PerformanceFinding[]
  deploys: Deploy[]
  isPartial: boolean
}
export const performanceReportSchema: z.ZodType<PerformanceReport> = z.object({
  from: timeSchema,
  to: timeSchema,
  beforeFrom: timeSchema,
  apdexMs: z.number(),
  now: figuresSchema,
  before: figuresSchema.nullable(),
  slower: z.array(operationChangeSchema),
  faster: z.array(operationChangeSchema),
  moreErrors: z.array(operationChangeSchema),
  fewerErrors: z.array(operationChangeSchema),
  appeared: z.array(operationOfPeriodSchema),
  gone: z.array(operationOfPeriodSchema),
  found: z.array(performanceFindingSchema),
  resolved: z.array(performanceFindingSchema),
  deploys: z.array(deploySchema),
  isPartial: z.boolean(),
})
