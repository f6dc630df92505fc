/** Traces: search, one trace (as objects, and in columns for a hundred thousand spans), a span, retention. */
import { z } from 'zod'
import { operationKinds, type OperationKind } from './performance.ts'
import { searchTextSchema } from './search.ts'
import { timeSchema } from './list.ts'

export type SpanStatus = 'unset' | 'ok' | 'error'
export const spanStatuses: readonly SpanStatus[] = ['unset', 'ok', 'error']
const statusSchema: z.ZodType<SpanStatus> = z.enum(['unset', 'ok', 'error'])
const kindSchema: z.ZodType<OperationKind> = z.enum(operationKinds)
const textsSchema: z.ZodType<Record<string, string>> = z.record(z.string(), z.string())
const rangeShape = { from: z.string().max(60).default('now-1h'), to: z.string().max(60).default('now') }
const numbersSchema: z.ZodType<number[]> = z.array(z.number())
const cursorSchema: z.ZodType<string | null> = z.string().min(1).max(400).nullable().default(null)

/** 32 hexadecimal digits. */
export const traceIdSchema: z.ZodType<string> = z.string().regex(/^[0-9a-fA-F]{32}$/, 'A trace id is 32 hexadecimal digits.')
/** 16 hexadecimal digits. */
export const spanIdSchema: z.ZodType<string> = z.string().regex(/^[0-9a-fA-F]{16}$/, 'A span id is 16 hexadecimal digits.')

export interface SpanEvent {
  name: string
  /** RFC 3339 with nanoseconds. */
  time: string
  attributes: Record<string, string>
}

export interface SpanLink {
  traceId: string
  spanId: string
  attributes: Record<string, string>
}

/** A span as it was sent. */
export interface TraceSpan {
  traceId: string
  spanId: string
  /** '' for a root. */
  parentSpanId: string
  service: string
  name: string
  kind: OperationKind
  status: SpanStatus
  statusMessage: string
  /** RFC 3339 with nanoseconds, as the sender's clock said it. */
  start: string
  durationMs: number
  /** Values are text; arrays and objects JSON. */
  attributes: Record<string, string>
  events: SpanEvent[]
  links: SpanLink[]
  host: string
  environment: string
  release: string
  scope: string
  /** How many spans it stands for, when the sender samples; 1 otherwise. */
  weight: number
}
const spanShape = {
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string(),
  service: z.string(),
  name: z.string(),
  kind: kindSchema,
  status: statusSchema,
  statusMessage: z.string(),
  start: z.string(),
  durationMs: z.number(),
  attributes: textsSchema,
  events: z.array(z.object({ name: z.string(), time: z.string(), attributes: textsSchema })),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), attributes: textsSchema })),
  host: z.string(),
  environment: z.string(),
  release: z.string(),
  scope: z.string(),
  weight: z.number(),
}
export const traceSpanSchema: z.ZodType<TraceSpan> = z.object(spanShape)

export type TraceOrder = 'newest' | 'slowest'

/** Body of `POST P/traces/query` (spans), `POST P/traces/search` (traces) and `POST P/traces/histogram`. */
export interface TracesQuery {
  /** In the search language, over spans; '' for all. */
  query: string
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
  order: TraceOrder
  limit: number
  cursor: string | null
  /** Whether a first page of spans or traces says what was probably meant otherwise; where it is empty, that takes up to a second. */
  hints: boolean
}
export const tracesQuerySchema: z.ZodType<TracesQuery> = z.strictObject({
  query: searchTextSchema.default(''),
  ...rangeShape,
  order: z.enum(['newest', 'slowest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: cursorSchema,
  hints: z.boolean().default(true),
})

/** What was probably meant otherwise; left out where there is nothing to say. */
interface SearchHints {
  hints?: string[] | undefined
}
const hintsShape = { hints: z.array(z.string()).optional() }

/** Answer of `POST P/traces/query`. */
export interface SpansAnswer extends SearchHints {
  items: TraceSpan[]
  next: string | null
}
export const spansAnswerSchema: z.ZodType<SpansAnswer> = z.object({
  items: z.array(traceSpanSchema),
  next: z.string().nullable(),
  ...hintsShape,
})

/** A service's part in a trace. */
export interface TraceService {
  service: string
  spans: number
  errors: number
}
const traceServiceSchema: z.ZodType<TraceService> = z.object({ service: z.string(), spans: z.number(), errors: z.number() })

/** A span that the search found, as much as a list shows. */
export interface FoundSpan {
  spanId: string
  service: string
  name: string
  kind: OperationKind
  status: SpanStatus
  start: string
  durationMs: number
}
const foundSpanSchema: z.ZodType<FoundSpan> = z.object({
  spanId: z.string(),
  service: z.string(),
  name: z.string(),
  kind: kindSchema,
  status: statusSchema,
  start: z.string(),
  durationMs: z.number(),
})

/** A trace in a list. */
export interface FoundTrace {
  traceId: string
  /** Of the root; of the earliest span where no root has come yet (`hasRoot` false). */
  service: string
  name: string
  hasRoot: boolean
  start: string
  durationMs: number
  spans: number
  errors: number
  /** Most spans first, at most 12. */
  services: TraceService[]
  /** Spans that the search found in it, and up to three of them. */
  matched: number
  matches: FoundSpan[]
}
const foundTraceSchema: z.ZodType<FoundTrace> = z.object({
  traceId: z.string(),
  service: z.string(),
  name: z.string(),
  hasRoot: z.boolean(),
  start: z.string(),
  durationMs: z.number(),
  spans: z.number(),
  errors: z.number(),
  services: z.array(traceServiceSchema),
  matched: z.number(),
  matches: z.array(foundSpanSchema),
})

/** Answer of `POST P/traces/search`. */
export interface TracesAnswer extends SearchHints {
  items: FoundTrace[]
  next: string | null
}
export const tracesAnswerSchema: z.ZodType<TracesAnswer> = z.object({
  items: z.array(foundTraceSchema),
  next: z.string().nullable(),
  ...hintsShape,
})

/** Answer of `POST P/traces/histogram`: spans found by step and by duration. Sampling is counted in. */
export interface TracesHistogram {
  from: string
  to: string
  stepSec: number
  /** Start of the first step. */
  first: string
  /** One value a step. */
  counts: number[]
  errors: number[]
  /** Upper ends of the classes of duration, ascending; one row of `durations` each, one value a step. */
  uppersMs: number[]
  durations: number[][]
  total: number
}
export const tracesHistogramSchema: z.ZodType<TracesHistogram> = z.object({
  from: timeSchema,
  to: timeSchema,
  stepSec: z.number(),
  first: timeSchema,
  counts: numbersSchema,
  errors: numbersSchema,
  uppersMs: numbersSchema,
  durations: z.array(numbersSchema),
  total: z.number(),
})

/** What is true of a whole trace. */
export interface TraceFacts {
  traceId: string
  start: string
  durationMs: number
  /** Spans that are stored; more than are in the answer when it is partial. */
  spanCount: number
  errorCount: number
  services: TraceService[]
  /** Spans are missing in the answer: there are more than the bound. */
  isPartial: boolean
  /** What is missing, in words; null when nothing is. */
  note: string | null
  /** Services whose clock was found to go wrong, with what was added to their times. */
  skews: ClockSkew[]
}
export interface ClockSkew {
  service: string
  host: string
  /** Added to the start of its spans, in milliseconds; negative: its clock is ahead. */
  shiftMs: number
  /** Spans that were moved. */
  spans: number
}
const factsShape = {
  traceId: z.string(),
  start: z.string(),
  durationMs: z.number(),
  spanCount: z.number(),
  errorCount: z.number(),
  services: z.array(traceServiceSchema),
  isPartial: z.boolean(),
  note: z.string().nullable(),
  skews: z.array(z.object({ service: z.string(), host: z.string(), shiftMs: z.number(), spans: z.number() })),
}

/** Query string of `GET P/traces/<traceId>`. */
export interface TraceQuery {
  /** `objects`: spans with all they carry, at most 10,000. `columns`: up to 100,000 spans as the waterfall needs them. */
  form: 'objects' | 'columns'
  /** Spans of the object form. */
  limit: number
}
export const traceQuerySchema: z.ZodType<TraceQuery> = z.object({
  form: z.enum(['objects', 'columns']).default('objects'),
  limit: z.coerce.number().int().min(1).max(10_000).default(2000),
})

/** A span of a trace in the object form. */
export interface SpanOfTrace extends TraceSpan {
  /** Added to `start` by the correction of clocks, in milliseconds; 0 where nothing was. */
  shiftMs: number
  /** The parent that it names never came. */
  isParentMissing: boolean
  /** It is its own ancestor; it is drawn as a root. */
  isLooped: boolean
}

/** `GET P/traces/<traceId>`; spans by start. */
export interface TraceObjects extends TraceFacts {
  spans: SpanOfTrace[]
}

/**
 * `GET P/traces/<traceId>?form=columns`: spans by corrected start, one value a span in each array. Everything else of a span is asked for
 * when it is opened.
 */
export interface TraceColumns extends TraceFacts {
  count: number
  /** Ids one after the other, 16 digits each. */
  spanIds: string
  /** Index of the parent: -1 for a root; `count + i`: `missing[i]`, a parent that never came. */
  parents: number[]
  missing: string[]
  /** Spans whose parents lead back to themselves; their parent is -1. */
  loops: number[]
  /** Since `start`, ns, with the clock's correction in it. */
  startNs: number[]
  durationNs: number[]
  /** What was added to the start as reported; index into `shiftsNs`, whose first is 0. */
  shift: number[]
  shiftsNs: number[]
  /** OTLP's numbers: 0 unset, 1 ok, 2 error. */
  status: number[]
  /** OTLP's numbers: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number[]
  /** Index into `names`. */
  name: number[]
  names: string[]
  /** Index into `serviceNames`. */
  service: number[]
  serviceNames: string[]
}
const objectsSchema: z.ZodType<TraceObjects> = z.object({
  ...factsShape,
  spans: z.array(z.object({ ...spanShape, shiftMs: z.number(), isParentMissing: z.boolean(), isLooped: z.boolean() })),
})
const columnsSchema: z.ZodType<TraceColumns> = z.object({
  ...factsShape,
  count: z.number(),
  spanIds: z.string(),
  parents: numbersSchema,
  missing: z.array(z.string()),
  loops: numbersSchema,
  startNs: numbersSchema,
  durationNs: numbersSchema,
  shift: numbersSchema,
  shiftsNs: numbersSchema,
  status: numbersSchema,
  kind: numbersSchema,
  name: numbersSchema,
  names: z.array(z.string()),
  service: numbersSchema,
  serviceNames: z.array(z.string()),
})
export const traceColumnsSchema: z.ZodType<TraceColumns> = columnsSchema
export const traceObjectsSchema: z.ZodType<TraceObjects> = objectsSchema
export const traceAnswerSchema: z.ZodType<TraceObjects | TraceColumns> = z.union([objectsSchema, columnsSchema])

/** `GET P/traces/<traceId>/spans/<spanId>`: everything of one span. */
export interface SpanDetail extends TraceSpan {
  resource: Record<string, string>
  /** Share (0 to 1) of its operation's calls in the hour around it that did not take longer; null when none are counted. */
  slowerThan: number | null
}
export const spanDetailSchema: z.ZodType<SpanDetail> = z.object({ ...spanShape, resource: textsSchema, slowerThan: z.number().nullable() })

/** Query string of `GET P/traces/<traceId>/logs`: log rows of the trace, oldest first; answered as `P/logs/query`. */
export interface TraceLogsQuery {
  /** Of one span only; null: of the whole trace. */
  spanId: string | null
  limit: number
  cursor: string | null
}
export const traceLogsQuerySchema: z.ZodType<TraceLogsQuery> = z.object({
  spanId: spanIdSchema.nullable().default(null),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: cursorSchema,
})

/** `GET` and `PUT P/traces/retention`. */
export interface TraceRetention {
  /** Days that spans are kept. */
  keepDays: number
}
export const traceRetentionSchema: z.ZodType<TraceRetention> = z.strictObject({ keepDays: z.number().int().min(1).max(3650) })
