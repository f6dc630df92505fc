/** Services as their spans tell: list, operations, series by time with example traces, the map of who calls whom. */
import { z } from 'zod'
import { operationKinds, type OperationKind } from './performance.ts'
import { timeSchema } from './list.ts'

const rangeShape = { from: z.string().max(60).default('now-1h'), to: z.string().max(60).default('now') }
const kindSchema: z.ZodType<OperationKind> = z.enum(operationKinds)
const valuesSchema: z.ZodType<(number | null)[]> = z.array(z.number().nullable())

/** Query string of `GET P/services`, `GET P/services/<name>/operations`, `GET P/service-map`. */
export interface ServicesQuery {
  from: string
  to: string
  /** '' for all. */
  environment: string
}
export const servicesQuerySchema: z.ZodType<ServicesQuery> = z.object({ ...rangeShape, environment: z.string().max(400).default('') })

/** Rate, errors and duration over a time; sampling counted in. Null where nothing was measured. */
export interface RedFigures {
  count: number
  perSec: number
  errors: number
  errorRate: number | null
  averageMs: number | null
  p50Ms: number | null
  p90Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}
const figuresShape = {
  count: z.number(),
  perSec: z.number(),
  errors: z.number(),
  errorRate: z.number().nullable(),
  averageMs: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p90Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
}
const figuresSchema: z.ZodType<RedFigures> = z.object(figuresShape)

/** One value a step of the list. */
export interface RedTrend {
  perSec: number[]
  errorRate: (number | null)[]
  p95Ms: (number | null)[]
}
const trendSchema: z.ZodType<RedTrend> = z.object({ perSec: z.array(z.number()), errorRate: valuesSchema, p95Ms: valuesSchema })

/** A trace that shows a point of a series. */
export interface TraceExemplar {
  traceId: string
  spanId: string
  at: string
  durationMs: number
  isError: boolean
}
const exemplarSchema: z.ZodType<TraceExemplar> = z.object({
  traceId: z.string(),
  spanId: z.string(),
  at: timeSchema,
  durationMs: z.number(),
  isError: z.boolean(),
})

const stepsShape = { from: timeSchema, to: timeSchema, stepSec: z.number(), trendFrom: timeSchema }
interface Steps {
  from: string
  to: string
  stepSec: number
  /** Start of the first step of the trends. */
  trendFrom: string
}

/** A service: what it answered (server and consumer spans), or all its spans where it answers nothing (`isEntry` false). */
export interface ServiceSummary extends RedFigures {
  service: string
  isEntry: boolean
  operations: number
  environments: string[]
  releases: string[]
  trend: RedTrend
  /** The slowest call of the range, and a failed one. */
  slowest: TraceExemplar | null
  failed: TraceExemplar | null
}
const summaryShape = {
  ...figuresShape,
  trend: trendSchema,
  slowest: exemplarSchema.nullable(),
  failed: exemplarSchema.nullable(),
}
/** Answer of `GET P/services`; most calls first. */
export interface ServicesAnswer extends Steps {
  items: ServiceSummary[]
  next: null
  environments: string[]
  /** There are more than the bound; those with the fewest calls are missing. */
  isPartial: boolean
}
export const servicesAnswerSchema: z.ZodType<ServicesAnswer> = z.object({
  ...stepsShape,
  items: z.array(
    z.object({
      ...summaryShape,
      service: z.string(),
      isEntry: z.boolean(),
      operations: z.number(),
      environments: z.array(z.string()),
      releases: z.array(z.string()),
    }),
  ),
  next: z.null(),
  environments: z.array(z.string()),
  isPartial: z.boolean(),
})

export interface ServiceOperation extends RedFigures {
  operation: string
  kind: OperationKind
  /** All calls together. */
  totalMs: number
  trend: RedTrend
  slowest: TraceExemplar | null
  failed: TraceExemplar | null
}
/** Answer of `GET P/services/<name>/operations`; most time spent first. */
export interface ServiceOperationsAnswer extends Steps {
  service: string
  items: ServiceOperation[]
  next: null
  isPartial: boolean
}
export const serviceOperationsAnswerSchema: z.ZodType<ServiceOperationsAnswer> = z.object({
  ...stepsShape,
  service: z.string(),
  items: z.array(z.object({ ...summaryShape, operation: z.string(), kind: kindSchema, totalMs: z.number() })),
  next: z.null(),
  isPartial: z.boolean(),
})

/** Query string of `GET P/services/<name>/series`. */
export interface RedSeriesQuery extends ServicesQuery {
  /** Null: all that the service answers. */
  operation: string | null
  kind: OperationKind | null
  /** Steps, about; at least a minute each. */
  points: number
}
export const redSeriesQuerySchema: z.ZodType<RedSeriesQuery> = z.object({
  ...rangeShape,
  environment: z.string().max(400).default(''),
  operation: z.string().max(2000).nullable().default(null),
  kind: kindSchema.nullable().default(null),
  points: z.coerce.number().int().min(1).max(2000).default(120),
})

/** Answer of `GET P/services/<name>/series`; one value a step. */
export interface RedSeries {
  service: string
  operation: string | null
  from: string
  to: string
  stepSec: number
  /** Start of the first step. */
  first: string
  count: number[]
  errors: number[]
  perSec: number[]
  errorRate: (number | null)[]
  p50Ms: (number | null)[]
  p90Ms: (number | null)[]
  p95Ms: (number | null)[]
  p99Ms: (number | null)[]
  /** Heat map: upper ends of the classes, ascending; one row of `durations` each, one value a step. */
  uppersMs: number[]
  durations: number[][]
  exemplars: TraceExemplar[]
  figures: RedFigures
}
export const redSeriesSchema: z.ZodType<RedSeries> = z.object({
  service: z.string(),
  operation: z.string().nullable(),
  from: timeSchema,
  to: timeSchema,
  stepSec: z.number(),
  first: timeSchema,
  count: z.array(z.number()),
  errors: z.array(z.number()),
  perSec: z.array(z.number()),
  errorRate: valuesSchema,
  p50Ms: valuesSchema,
  p90Ms: valuesSchema,
  p95Ms: valuesSchema,
  p99Ms: valuesSchema,
  uppersMs: z.array(z.number()),
  durations: z.array(z.array(z.number())),
  exemplars: z.array(exemplarSchema),
  figures: figuresSchema,
})

/** What a node stands for: `service` sends spans of its own; the others are only known by those who call them. */
export type MapNodeKind = 'service' | 'database' | 'queue' | 'external'
/** How one calls another. */
export type MapEdgeKind = 'call' | 'database' | 'message'

export interface MapNode {
  /** Unique: the service's name; `database:…`, `queue:…`, `external:…` for the others. */
  id: string
  name: string
  kind: MapNodeKind
  /** `postgresql`, `kafka`, …; '' when not known. */
  system: string
  /** Of what it answers; for nodes that send no spans as their callers see it. */
  figures: RedFigures
}
export interface MapEdge {
  /** Ids of nodes. */
  from: string
  to: string
  kind: MapEdgeKind
  figures: RedFigures
}
/** Answer of `GET P/service-map`. */
export interface ServiceMap {
  from: string
  to: string
  nodes: MapNode[]
  edges: MapEdge[]
  environments: string[]
  isPartial: boolean
}
export const serviceMapSchema: z.ZodType<ServiceMap> = z.object({
  from: timeSchema,
  to: timeSchema,
  nodes: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['service', 'database', 'queue', 'external']),
      system: z.string(),
      figures: figuresSchema,
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string(), kind: z.enum(['call', 'database', 'message']), figures: figuresSchema })),
  environments: z.array(z.string()),
  isPartial: z.boolean(),
})
