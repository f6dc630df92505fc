/** Logs: rows newest first, their counts over time, facets, what stands around a row, the live tail, how long they are kept. */
import { z } from 'zod'
import { searchTextSchema } from './search.ts'

const momentSchema = z.string().max(60)
const fieldNameSchema = z.string().min(1).max(200)
/** RFC 3339 in UTC with nanoseconds. */
const preciseTimeSchema = z.iso.datetime()

/** 32 hexadecimal digits: time in nanoseconds, number of the request, number in it. Ascending ids are ascending times. */
export const logIdSchema: z.ZodType<string> = z.string().regex(/^[0-9a-f]{32}$/, 'is not the id of a row')

export interface LogRow {
  id: string
  /** RFC 3339 in UTC with nanoseconds. */
  timestamp: string
  /** OpenTelemetry's 1 to 24; 0 where the sender said none. */
  severity: number
  service: string
  host: string
  environment: string
  release: string
  /** The library that logged (OpenTelemetry's instrumentation scope). */
  scope: string
  /** The protocol it came by: `otlp`, `loki`, `json`, `syslog`, `sentry`, `file`. */
  source: string
  body: string
  /** Of the row itself. */
  attributes: Record<string, string>
  /** Of where it came from: service, host, container. */
  resource: Record<string, string>
  /** 32 hexadecimal digits; '' for none. */
  traceId: string
  /** 16 hexadecimal digits; '' for none. */
  spanId: string
  /** 16 hexadecimal digits; '' for none. */
  pattern: string
  problem: string
  /** How many rows it stands for, where the sender took samples. */
  weight: number
  /** Something was taken out at the door. */
  isScrubbed: boolean
  /** In lists: the message or values of attributes are longer than 16 KiB, are cut there and end with `…`. `GET P/logs/row` has all. */
  isCut?: true | undefined
}
export const logRowSchema: z.ZodType<LogRow> = z.object({
  id: logIdSchema,
  timestamp: preciseTimeSchema,
  severity: z.number().int().min(0).max(24),
  service: z.string(),
  host: z.string(),
  environment: z.string(),
  release: z.string(),
  scope: z.string(),
  source: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), z.string()),
  resource: z.record(z.string(), z.string()),
  traceId: z.string(),
  spanId: z.string(),
  pattern: z.string(),
  problem: z.string(),
  weight: z.number(),
  isScrubbed: z.boolean(),
  isCut: z.literal(true).optional(),
})

const rangeShape = {
  query: searchTextSchema.default(''),
  /** RFC 3339, or relative: `now-1h`. */
  from: momentSchema.default('now-1h'),
  to: momentSchema.default('now'),
}

/** Body of `POST P/logs/query`. */
export interface LogsQuery {
  query: string
  from: string
  to: string
  order: 'newest' | 'oldest'
  /** 1 to 1,000. */
  limit: number
  /** `next` of the page before. Rows that came in meanwhile do not move the pages. */
  cursor: string | null
  /** Whether a first page says what was probably meant otherwise; where it is empty, names are looked for, which takes up to a second. */
  hints: boolean
}
export const logsQuerySchema: z.ZodType<LogsQuery> = z.strictObject({
  ...rangeShape,
  order: z.enum(['newest', 'oldest']).default('newest'),
  limit: z.number().int().min(1).max(1000).default(100),
  cursor: z.string().min(1).max(100).nullable().default(null),
  hints: z.boolean().default(true),
})

export interface LogsPage {
  /** As many as were asked for, or fewer when they would be more than 8 MiB. */
  items: LogRow[]
  /** Null: there are no more. */
  next: string | null
  /** The range as it was understood. */
  from: string
  to: string
  /** What was probably meant otherwise: `No row of the range has servce. Did you mean service?`; left out where there is nothing to say. */
  hints?: string[] | undefined
}
export const logsPageSchema: z.ZodType<LogsPage> = z.object({
  items: z.array(logRowSchema),
  next: z.string().nullable(),
  from: preciseTimeSchema,
  to: preciseTimeSchema,
  hints: z.array(z.string()).optional(),
})

export const logMeasures = ['count', 'unique', 'avg', 'sum', 'min', 'max', 'p50', 'p90', 'p95', 'p99'] as const
export type LogMeasure = (typeof logMeasures)[number]

/** Body of `POST P/logs/histogram`. */
export interface LogsHistogramQuery {
  query: string
  from: string
  to: string
  /** Length of an interval; null: one that gives about `intervals` of them. */
  stepSec: number | null
  intervals: number
  /** A series for each value of this field or attribute (`severity`, `service`, ...); null: one series. */
  by: string | null
  /** Of the field, except `count`, which counts rows with their weight. */
  measure: LogMeasure
  field: string | null
  /**
   * Series at most: of the values with most rows, of `sum` and `unique` those where it is greatest; the rest is counted together in one
   * named '' with `isRest`.
   */
  limit: number
}
export const logsHistogramQuerySchema: z.ZodType<LogsHistogramQuery> = z.strictObject({
  ...rangeShape,
  stepSec: z.number().int().min(1).max(31_536_000).nullable().default(null),
  intervals: z.number().int().min(1).max(500).default(60),
  by: fieldNameSchema.nullable().default('severity'),
  measure: z.enum(logMeasures).default('count'),
  field: fieldNameSchema.nullable().default(null),
  limit: z.number().int().min(1).max(50).default(10),
})

export interface LogsHistogramSeries {
  /** Of the field; by `severity` one of `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `unknown`. '' for rows without it. */
  value: string
  /** All other values together. */
  isRest: boolean
  /** Of all intervals; null where a measure has no value. */
  total: number | null
  /** One for each interval. Counts are 0 where there is nothing, measures null. */
  values: (number | null)[]
}

export interface LogsHistogram {
  from: string
  to: string
  stepSec: number
  /** Start of the first interval: a multiple of the step; the first and the last may be cut by the range. */
  start: string
  intervals: number
  /** Most first; by `severity` the worst first. */
  series: LogsHistogramSeries[]
  /** Rows that match, weights counted. */
  total: number
  /** True: the first minute or the last is counted whole, because the answer comes from counts of minutes. */
  isByMinute: boolean
}
export const logsHistogramSchema: z.ZodType<LogsHistogram> = z.object({
  from: preciseTimeSchema,
  to: preciseTimeSchema,
  stepSec: z.number(),
  start: preciseTimeSchema,
  intervals: z.number(),
  series: z.array(
    z.object({
      value: z.string(),
      isRest: z.boolean(),
      total: z.number().nullable(),
      values: z.array(z.number().nullable()),
    }),
  ),
  total: z.number(),
  isByMinute: z.boolean(),
})

/** Body of `POST P/logs/facets`. */
export interface LogsFacetsQuery {
  query: string
  from: string
  to: string
  /** Fields and attributes to count; null: the usual fields and the most frequent attributes. */
  fields: string[] | null
  /** Values of each field at most. */
  limit: number
}
export const logsFacetsQuerySchema: z.ZodType<LogsFacetsQuery> = z.strictObject({
  ...rangeShape,
  fields: z.array(fieldNameSchema).min(1).max(40).nullable().default(null),
  limit: z.number().int().min(1).max(100).default(10),
})

export interface LogsFacet {
  /** As the search language writes it. */
  field: string
  kind: 'field' | 'attribute'
  /** Most frequent first; of `severity` names, the worst first. */
  values: { value: string; count: number }[]
  /** Rows that have the field. */
  rows: number
  /** There are more values than these. */
  isCut: boolean
}

export interface LogsFacets {
  items: LogsFacet[]
  from: string
  to: string
  /** Rows of the range that match, weights counted. */
  rows: number
  /**
   * `rows`: counted among all rows that match; `sample`: among the newest of them, `sampled` many, when very many match or are looked through;
   * `batches`: of three hours and more without a search, from what was noted as rows came in, in steps of ten minutes (the ends of the range
   * from its rows; `rows` is counted in any case). Then fields are counted in all rows, and attributes estimated from a sample of them where
   * many came at once.
   */
  basis: 'rows' | 'sample' | 'batches'
  sampled: number
}
export const logsFacetsSchema: z.ZodType<LogsFacets> = z.object({
  items: z.array(
    z.object({
      field: z.string(),
      kind: z.enum(['field', 'attribute']),
      values: z.array(z.object({ value: z.string(), count: z.number() })),
      rows: z.number(),
      isCut: z.boolean(),
    }),
  ),
  from: preciseTimeSchema,
  to: preciseTimeSchema,
  rows: z.number(),
  basis: z.enum(['rows', 'sample', 'batches']),
  sampled: z.number(),
})

/** What rows around a row must have in common with it. */
export const logContextKinds = ['resource', 'service', 'host', 'trace', 'all'] as const
export type LogContextKind = (typeof logContextKinds)[number]

/** Query string of `GET P/logs/context`. */
export interface LogContextQuery {
  id: string
  /** `resource`: rows of the same place, as `tail -f` would have shown them. */
  of: LogContextKind
  before: number
  after: number
}
export const logContextQuerySchema: z.ZodType<LogContextQuery> = z.object({
  id: logIdSchema,
  of: z.enum(logContextKinds).default('resource'),
  before: z.coerce.number().int().min(0).max(500).default(20),
  after: z.coerce.number().int().min(0).max(500).default(20),
})

export interface LogContext {
  /** Oldest first. */
  before: LogRow[]
  row: LogRow
  /** Oldest first. */
  after: LogRow[]
  hasMoreBefore: boolean
  hasMoreAfter: boolean
}
export const logContextSchema: z.ZodType<LogContext> = z.object({
  before: z.array(logRowSchema),
  row: logRowSchema,
  after: z.array(logRowSchema),
  hasMoreBefore: z.boolean(),
  hasMoreAfter: z.boolean(),
})

/** Query string of `GET P/logs/row`, which answers a `LogRow`. */
export interface LogRowQuery {
  id: string
}
export const logRowQuerySchema: z.ZodType<LogRowQuery> = z.object({ id: logIdSchema })

/** Query string of `GET P/logs/tail`: server-sent events, see `LogTailEvent`. */
export interface LogTailQuery {
  query: string
  /** Ends after so many seconds; null: when the reader leaves. */
  seconds: number | null
}
export const logTailQuerySchema: z.ZodType<LogTailQuery> = z.object({
  query: searchTextSchema.default(''),
  seconds: z.coerce.number().min(0).max(86_400).nullable().default(null),
})

/**
 * Data of the events of the tail, which are all named `rows`: rows that match, in the order they came in; at most a few a second,
 * each with what gathered meanwhile. A comment line every 15 seconds says that the connection lives. The first event comes at once and is empty.
 */
export interface LogTailEvent {
  items: LogRow[]
  /** Rows that are not shown since the event before: they match and came faster than the reader takes them, or nobody had the time to look. */
  missed: number
  /** Of the missed ones, those that nobody looked at: they may match or not. */
  unseen: number
}
export const logTailEventSchema: z.ZodType<LogTailEvent> = z.object({
  items: z.array(logRowSchema),
  missed: z.number().int(),
  unseen: z.number().int(),
})

/**
 * Data of the last event of a tail, named `end`, when it does not go on: its `seconds` are over, or its reader may look no longer (a token
 * revoked, a session over, a member removed, the project gone). A tail that ends without it may be opened again.
 */
export interface LogTailEnd {
  code: string
  message: string
}
export const logTailEndSchema: z.ZodType<LogTailEnd> = z.object({ code: z.string(), message: z.string() })

/** One field of `GET P/logs/fields`. */
export interface LogField {
  /** As the search language writes it. */
  name: string
  kind: 'field' | 'attribute'
  type: 'word' | 'text' | 'number' | 'duration' | 'size' | 'time' | 'names' | 'id' | 'hash' | 'flag'
  description: string
  /** Rows of the last day that have the attribute; null for fields. */
  rows: number | null
}
export const logFieldSchema: z.ZodType<LogField> = z.object({
  name: z.string(),
  kind: z.enum(['field', 'attribute']),
  type: z.enum(['word', 'text', 'number', 'duration', 'size', 'time', 'names', 'id', 'hash', 'flag']),
  description: z.string(),
  rows: z.number().nullable(),
})

export const logSeverityNames = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogSeverityName = (typeof logSeverityNames)[number]

/** How long a project keeps its logs. Body of `PUT P/logs/retention`. Applies to what comes in from then on, and hides what is older at once. */
export interface LogRetentionPolicy {
  /** 1 to 3,650. */
  days: number
  /** Other times for some severities. */
  severities: { severity: LogSeverityName; days: number }[]
}
const keptDaysSchema = z.number().int().min(1).max(3650)
export const logRetentionPolicySchema: z.ZodType<LogRetentionPolicy> = z.strictObject({
  days: keptDaysSchema,
  severities: z
    .array(z.strictObject({ severity: z.enum(logSeverityNames), days: keptDaysSchema }))
    .max(logSeverityNames.length)
    .default([])
    .refine((all) => new Set(all.map(({ severity }) => severity)).size === all.length, 'name each severity once'),
})

export interface LogRetentionStatus {
  policy: LogRetentionPolicy
  /** Null: nobody changed it yet. */
  changedAt: string | null
  changedBy: string | null
  /** Rows kept. */
  rows: number
  oldestAt: string | null
}
export const logRetentionStatusSchema: z.ZodType<LogRetentionStatus> = z.object({
  policy: logRetentionPolicySchema,
  changedAt: z.iso.datetime().nullable(),
  changedBy: z.string().nullable(),
  rows: z.number(),
  oldestAt: preciseTimeSchema.nullable(),
})
