/** What is made of logs beyond rows: patterns, what differs between two sets (also of spans), metrics from logs, saved views. */
import { z } from 'zod'
import { timeSchema } from './list.ts'
import { searchSignalSchema, searchTextSchema, type SearchSignal } from './search.ts'

const momentSchema = z.string().max(60)

/** Body of `POST P/logs/patterns`: the shapes that messages have. */
export interface LogPatternsQuery {
  query: string
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
  /** Most frequent first; at most 500. */
  limit: number
}
export const logPatternsQuerySchema: z.ZodType<LogPatternsQuery> = z.strictObject({
  query: searchTextSchema.default(''),
  from: momentSchema.default('now-1h'),
  to: momentSchema.default('now'),
  limit: z.number().int().min(1).max(500).default(50),
})

export interface LogPattern {
  /** 16 hexadecimal digits: `pattern:<id>` finds its rows. */
  id: string
  /** The message with its changing parts as `<num>`, `<id>`, `<ip>`, `<*>` and the like. */
  template: string
  /** Rows of the range that have it, sampling weights counted. */
  count: number
  /** Of all rows that the query found in the range, 0 to 1. */
  share: number
  /** In the range, one for each interval. */
  counts: number[]
  /** The highest severity that occurred (OpenTelemetry 0 to 24). */
  severityMax: number
  /** Most frequent first, at most five. */
  services: string[]
  /** First time that the project ever had it (as far as its logs are kept). */
  firstSeen: string
  /** Last time within the range. */
  lastSeen: string
  /** First seen within the range, while the project had logs before it. */
  isNew: boolean
  /** One message as it came. */
  example: string
}

export interface LogPatternsBody {
  items: LogPattern[]
  from: string
  to: string
  intervalSec: number
  /** Start of each interval. */
  intervals: string[]
  /** Rows that the query found, weights counted. */
  rows: number
  /** Patterns in the range, with those beyond `limit`. */
  patterns: number
  /** Rows without a pattern: the table of patterns was full, or they are older than it. */
  rowsWithout: number
}
export const logPatternsSchema: z.ZodType<LogPatternsBody> = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      template: z.string(),
      count: z.number(),
      share: z.number(),
      counts: z.array(z.number()),
      severityMax: z.number(),
      services: z.array(z.string()),
      firstSeen: timeSchema,
      lastSeen: timeSchema,
      isNew: z.boolean(),
      example: z.string(),
    }),
  ),
  from: timeSchema,
  to: timeSchema,
  intervalSec: z.number(),
  intervals: z.array(timeSchema),
  rows: z.number(),
  patterns: z.number(),
  rowsWithout: z.number(),
})

/** One of the two sets of rows that are compared. */
export interface ComparedSet {
  query: string
  from: string
  to: string
}
const comparedSetSchema: z.ZodType<ComparedSet> = z.strictObject({
  query: searchTextSchema.default(''),
  from: momentSchema.default('now-1h'),
  to: momentSchema.default('now'),
})

/** Body of `POST P/difference`: which fields and attributes tell the rows of `selected` from those of `baseline`. */
export interface DifferenceQuery {
  signal: SearchSignal
  selected: ComparedSet
  baseline: ComparedSet
  /** Fields answered, most telling first; at most 100. */
  limit: number
}
export const differenceQuerySchema: z.ZodType<DifferenceQuery> = z.strictObject({
  signal: searchSignalSchema.default('logs'),
  selected: comparedSetSchema,
  baseline: comparedSetSchema,
  limit: z.number().int().min(1).max(100).default(20),
})

export interface DifferentValue {
  /** '' stands for rows without the field. */
  value: string
  /** Rows of each set that were looked at and have it. */
  selected: number
  baseline: number
  /** Share of each set's rows, 0 to 1. */
  selectedShare: number
  baselineShare: number
  /** Probability of so different shares by chance, corrected for the number of values that were compared. */
  chance: number
}

export interface DifferentField {
  /** As the search language writes it. */
  field: string
  /** 0 (the same) to 1 (no value in common): half the sum of the differences of shares. */
  distance: number
  /** Of the value that differs most surely. */
  chance: number
  /** Largest difference first, at most ten. */
  values: DifferentValue[]
}

export interface DifferenceBody {
  items: DifferentField[]
  /** Rows looked at. */
  selectedRows: number
  baselineRows: number
  /** Rows that the two searches find; more than those looked at when a sample was taken. */
  selectedTotal: number
  baselineTotal: number
  /** Said when there is nothing to compare, or too little to be sure. */
  note: string | null
}
export const differenceSchema: z.ZodType<DifferenceBody> = z.object({
  items: z.array(
    z.object({
      field: z.string(),
      distance: z.number(),
      chance: z.number(),
      values: z.array(
        z.object({
          value: z.string(),
          selected: z.number(),
          baseline: z.number(),
          selectedShare: z.number(),
          baselineShare: z.number(),
          chance: z.number(),
        }),
      ),
    }),
  ),
  selectedRows: z.number(),
  baselineRows: z.number(),
  selectedTotal: z.number(),
  baselineTotal: z.number(),
  note: z.string().nullable(),
})

/** What a rule makes of the rows that match: how many, the distribution of a number, its last value, how many different texts. */
export type LogMetricKind = 'counter' | 'distribution' | 'gauge' | 'set'

/** Body of `POST P/log-metrics` and `PUT P/log-metrics/<id>`. */
export interface LogMetricInput {
  /** Name of the metric as it is queried: letters, digits, `_`, `.`, `:`. */
  name: string
  /** Which rows count. */
  query: string
  kind: LogMetricKind
  /** The field or attribute with the number (or the text, of a set); null for a counter. */
  field: string | null
  /** Fields and attributes that become tags, at most 10. */
  tags: string[]
  /** Unit of the number: `millisecond`, `byte`, ...; `none`. */
  unit: string
  isEnabled: boolean
}
export const logMetricInputSchema: z.ZodType<LogMetricInput> = z.strictObject({
  name: z.string().min(1).max(150),
  query: searchTextSchema.default(''),
  kind: z.enum(['counter', 'distribution', 'gauge', 'set']).default('counter'),
  field: z.string().min(1).max(200).nullable().default(null),
  tags: z.array(z.string().min(1).max(200)).max(10).default([]),
  unit: z.string().min(1).max(60).default('none'),
  isEnabled: z.boolean().default(true),
})

export interface LogMetric extends LogMetricInput {
  id: string
  /** Name under which the metrics pages and PromQL find it. */
  metric: string
  createdAt: string
  createdBy: string
  updatedAt: string
  /** Since the program started: rows that matched, and those that gave no value or were refused. */
  matched: number
  skipped: number
  /** Why it does not work now, in words; null when it does. */
  problem: string | null
}
export const logMetricSchema: z.ZodType<LogMetric> = z.object({
  id: z.string(),
  name: z.string(),
  metric: z.string(),
  query: z.string(),
  kind: z.enum(['counter', 'distribution', 'gauge', 'set']),
  field: z.string().nullable(),
  tags: z.array(z.string()),
  unit: z.string(),
  isEnabled: z.boolean(),
  createdAt: timeSchema,
  createdBy: z.string(),
  updatedAt: timeSchema,
  matched: z.number(),
  skipped: z.number(),
  problem: z.string().nullable(),
})

/** Body of `POST P/saved-views` and `PUT P/saved-views/<id>`. */
export interface SavedViewInput {
  name: string
  signal: SearchSignal
  query: string
  /** A range relative to now (`now-1h`), or null: the one that is looked at. */
  from: string | null
  /** Columns of the list beyond the usual ones. */
  columns: string[]
  /** False: only who made it sees it. */
  isShared: boolean
}
export const savedViewInputSchema: z.ZodType<SavedViewInput> = z.strictObject({
  name: z.string().trim().min(1).max(100),
  signal: searchSignalSchema.default('logs'),
  query: searchTextSchema.default(''),
  from: momentSchema.nullable().default(null),
  columns: z.array(z.string().min(1).max(200)).max(30).default([]),
  isShared: z.boolean().default(true),
})

/** Query string of `GET P/saved-views`. */
export const savedViewsQuerySchema: z.ZodType<{ signal: SearchSignal | null }> = z.object({
  signal: searchSignalSchema.nullable().default(null),
})

export interface SavedView extends SavedViewInput {
  id: string
  createdAt: string
  createdBy: string
  updatedAt: string
  /** May the caller change it? */
  isMine: boolean
}
export const savedViewSchema: z.ZodType<SavedView> = z.object({
  id: z.string(),
  name: z.string(),
  signal: searchSignalSchema,
  query: z.string(),
  from: z.string().nullable(),
  columns: z.array(z.string()),
  isShared: z.boolean(),
  createdAt: timeSchema,
  createdBy: z.string(),
  updatedAt: timeSchema,
  isMine: z.boolean(),
})
