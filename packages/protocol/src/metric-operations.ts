/** Operations on metrics: `POST P/metrics/query`. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type TagFilterOp = '=' | '!=' | 'in' | 'not_in' | 'prefix'

/** Which values of a tag count; an absent tag has the value ''. */
export interface TagFilterBody {
  tag: string
  op: TagFilterOp
  /** Several for `in` and `not_in`. */
  value: string | string[]
}

const tagName: z.ZodType<string> = z.string().min(1).max(1024)
const tagValue: z.ZodType<string> = z.string().max(16_384)

export const tagFilterSchema: z.ZodType<TagFilterBody> = z.strictObject({
  tag: tagName,
  op: z.enum(['=', '!=', 'in', 'not_in', 'prefix']).default('='),
  value: z.union([tagValue, z.array(tagValue).min(1).max(1000)]),
})

/** Body of `POST P/metrics/query`. */
export interface MetricOperationQuery {
  /** An MRI (`d:transactions/duration@millisecond`), a public name (`transaction.duration`), or a stored name. */
  metric: string
  /** What to ask; null only for derived metrics (`session.crash_free_rate`), which are their own operation. */
  operation: string | null
  groupBy: string[]
  where: TagFilterBody[]
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
  /** `30s`, `5m`, `1h`, `1d`; null: what gives a readable number of points. At most 10,000 points. */
  interval: string | null
  /** Groups answered one by one, the largest first; the rest is one more. */
  limit: number
  /** Apdex: what satisfies, in the metric's unit; null: 300 ms. */
  threshold: number | null
  /** Failures and sessions: the tag that says how it ended; null: that of the use case. */
  statusTag: string | null
  /** Failures: statuses that are none. */
  okStatuses: string[]
  /** Of `histogram`. */
  buckets: number
}

export const metricOperationQuerySchema: z.ZodType<MetricOperationQuery> = z.strictObject({
  metric: z.string().min(1).max(1024),
  operation: z.string().max(60).nullable().default(null),
  groupBy: z.array(tagName).max(8).default([]),
  where: z.array(tagFilterSchema).max(32).default([]),
  from: z.string().max(60).default('now-1h'),
  to: z.string().max(60).default('now'),
  interval: z.string().max(20).nullable().default(null),
  limit: z.number().int().min(1).max(1000).default(50),
  threshold: z.number().positive().nullable().default(null),
  statusTag: tagName.nullable().default(null),
  okStatuses: z.array(tagValue).min(1).max(100).default(['ok', 'cancelled', 'unknown']),
  buckets: z.number().int().min(1).max(250).default(50),
})

/** Observations in `(lower, upper]`. */
export interface HistogramBucket {
  lower: number
  upper: number
  count: number
}

/** A number, buckets for `histogram`, null where there is nothing to say. */
export type MetricValue = number | HistogramBucket[] | null

const valueSchema: z.ZodType<MetricValue> = z.union([
  z.number(),
  z.null(),
  z.array(z.object({ lower: z.number(), upper: z.number(), count: z.number() })),
])

export interface MetricGroup {
  /** One value for each tag of `groupBy`, '' for an absent one; empty in the rest. */
  by: Record<string, string>
  /** All groups that are not answered one by one. */
  isOther: boolean
  /** Over the whole range. */
  total: MetricValue
  /** One for each interval. */
  values: MetricValue[]
}

export interface MetricOperationAnswer {
  /** Null when no MRI can hold the name. */
  mri: string | null
  name: string
  operation: string
  unit: {
    /** `none` for counts, `ratio` for shares. */
    name: string
    family: 'duration' | 'information' | 'fraction' | 'none' | 'custom'
    reference: string
    /** A value times this is in the reference unit. */
    toReference: number | null
    perSecond: boolean
  }
  from: string
  to: string
  intervalSec: number
  /** Start of each interval, which holds what came after it up to and with the next one. */
  intervals: string[]
  groups: MetricGroup[]
  /** False when increases were extrapolated from rollups, because the samples of the range are too many to read. */
  isExact: boolean
  warnings: string[]
}

export const metricOperationAnswerSchema: z.ZodType<MetricOperationAnswer> = z.object({
  mri: z.string().nullable(),
  name: z.string(),
  operation: z.string(),
  unit: z.object({
    name: z.string(),
    family: z.enum(['duration', 'information', 'fraction', 'none', 'custom']),
    reference: z.string(),
    toReference: z.number().nullable(),
    perSecond: z.boolean(),
  }),
  from: timeSchema,
  to: timeSchema,
  intervalSec: z.number(),
  intervals: z.array(timeSchema),
  groups: z.array(
    z.object({ by: z.record(z.string(), z.string()), isOther: z.boolean(), total: valueSchema, values: z.array(valueSchema) }),
  ),
  isExact: z.boolean(),
  warnings: z.array(z.string()),
})
