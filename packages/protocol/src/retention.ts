/** How long a project keeps its metrics, and deleting some of them. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

const daysSchema = z.number().int().min(1).max(36_500)

export interface RetentionRule {
  /** Of the metric's name; `*` stands for any characters. The first that matches decides. */
  pattern: string
  days: number
}

export interface RetentionPolicy {
  /** Null: for ever. */
  days: number | null
  /** Rollups (5 minutes, 1 hour) may stay longer; null: as long as samples. */
  rollupDays: number | null
  rules: RetentionRule[]
}
export const retentionPolicySchema: z.ZodType<RetentionPolicy> = z.strictObject({
  days: daysSchema.nullable(),
  rollupDays: daysSchema.nullable(),
  rules: z.array(z.strictObject({ pattern: z.string().min(1).max(500), days: daysSchema })).max(100),
})

export interface RetentionStatus {
  policy: RetentionPolicy
  changedAt: string | null
  changedBy: string | null
  lastRunAt: string | null
  lastRunRows: number
  failure: string | null
}
export const retentionStatusSchema: z.ZodType<RetentionStatus> = z.object({
  policy: retentionPolicySchema,
  changedAt: timeSchema.nullable(),
  changedBy: z.string().nullable(),
  lastRunAt: timeSchema.nullable(),
  lastRunRows: z.number(),
  failure: z.string().nullable(),
})

/** Rows that a policy would make go now. */
export interface RetentionPreviewBody {
  samples: number
  rollups: number
}
export const retentionPreviewSchema: z.ZodType<RetentionPreviewBody> = z.object({ samples: z.number(), rollups: z.number() })

export interface DeleteSeriesRequest {
  /** Series selectors, as in PromQL: `up{host="a"}`. */
  match: string[]
  /** True: only says what would go. */
  dryRun: boolean
}
export const deleteSeriesRequestSchema: z.ZodType<DeleteSeriesRequest> = z.strictObject({
  match: z.array(z.string().min(1).max(10_000)).min(1).max(20),
  dryRun: z.boolean().default(false),
})

/** Query string of `DELETE P/metrics/{name}`. */
export interface DeleteMetricQuery {
  dryRun: boolean
}
export const deleteMetricQuerySchema: z.ZodType<DeleteMetricQuery> = z.strictObject({
  dryRun: z.stringbool().default(false),
})

export interface DeletionAnswer {
  /** Null after a dry run. */
  id: string | null
  series: number
  samples: number
}
export const deletionAnswerSchema: z.ZodType<DeletionAnswer> = z.object({
  id: z.string().nullable(),
  series: z.number(),
  samples: z.number(),
})

export interface MetricDeletion {
  id: string
  match: string[]
  before: string
  state: 'running' | 'done'
  series: number
  samples: number
  requestedBy: string
  requestedAt: string
  finishedAt: string | null
}
export const metricDeletionSchema: z.ZodType<MetricDeletion> = z.object({
  id: z.string(),
  match: z.array(z.string()),
  before: timeSchema,
  state: z.enum(['running', 'done']),
  series: z.number(),
  samples: z.number(),
  requestedBy: z.string(),
  requestedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
})
