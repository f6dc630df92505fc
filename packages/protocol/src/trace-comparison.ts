/** Two traces, or two groups of them, compared: how long they take and where the time goes. */
import { z } from 'zod'
import { operationKinds, type OperationKind } from './performance.ts'
import { searchTextSchema } from './search.ts'
import { traceIdSchema } from './traces.ts'

const rangeShape = { from: z.string().max(60).default('now-1h'), to: z.string().max(60).default('now') }
const kindSchema: z.ZodType<OperationKind> = z.enum(operationKinds)
const numbersSchema: z.ZodType<number[]> = z.array(z.number())

/** One side of a comparison: one trace, or the traces that a search finds. */
export interface ComparedTraces {
  /** Null: `query`, `from` and `to` say which. */
  traceId: string | null
  query: string
  from: string
  to: string
}
const comparedSchema: z.ZodType<ComparedTraces> = z.strictObject({
  traceId: traceIdSchema.nullable().default(null),
  query: searchTextSchema.default(''),
  ...rangeShape,
})

/** Body of `POST P/traces/compare`. What attributes tell the sets apart: `POST P/difference`. */
export interface TracesCompareQuery {
  left: ComparedTraces
  right: ComparedTraces
  limit: number
}
export const tracesCompareQuerySchema: z.ZodType<TracesCompareQuery> = z.strictObject({
  left: comparedSchema,
  right: comparedSchema,
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export interface ComparedSide {
  /** Traces looked at, and those that are found. */
  traces: number
  tracesTotal: number
  spans: number
  errors: number
  /** Of whole traces. Null: there is none. */
  p50Ms: number | null
  p90Ms: number | null
  p99Ms: number | null
}
const sideSchema: z.ZodType<ComparedSide> = z.object({
  traces: z.number(),
  tracesTotal: z.number(),
  spans: z.number(),
  errors: z.number(),
  p50Ms: z.number().nullable(),
  p90Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
})

/** What an operation does in one side, a trace. */
export interface OperationInTraces {
  spans: number
  errors: number
  totalMs: number
  /** Time not covered by its children. */
  selfMs: number
  averageMs: number
}
export interface ComparedOperation {
  service: string
  operation: string
  kind: OperationKind
  /** Null: it does not occur there. Numbers are averages over the traces of the side. */
  left: OperationInTraces | null
  right: OperationInTraces | null
  /** Self time a trace, right minus left. */
  changeMs: number
}
const inTracesSchema: z.ZodType<OperationInTraces> = z.object({
  spans: z.number(),
  errors: z.number(),
  totalMs: z.number(),
  selfMs: z.number(),
  averageMs: z.number(),
})

/** Answer of `POST P/traces/compare`; operations with the largest change first. */
export interface TracesComparison {
  left: ComparedSide
  right: ComparedSide
  /** How long traces took: upper ends of classes, and how many traces of each side are in them. */
  uppersMs: number[]
  leftCounts: number[]
  rightCounts: number[]
  operations: ComparedOperation[]
}
export const tracesComparisonSchema: z.ZodType<TracesComparison> = z.object({
  left: sideSchema,
  right: sideSchema,
  uppersMs: numbersSchema,
  leftCounts: numbersSchema,
  rightCounts: numbersSchema,
  operations: z.array(
    z.object({
      service: z.string(),
      operation: z.string(),
      kind: kindSchema,
      left: inTracesSchema.nullable(),
      right: inTracesSchema.nullable(),
      changeMs: z.number(),
    }),
  ),
})
