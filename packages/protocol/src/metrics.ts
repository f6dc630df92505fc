/** Metadata of a project's metrics. Samples are asked through the Prometheus API. */
import { z } from 'zod'
import { timeSchema, type PageQuery } from './list.ts'

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'
export const metricTypeSchema: z.ZodType<MetricType> = z.enum([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
])

/** One row of `GET P/metrics`, and the answer of `GET P/metrics/<name>`. */
export interface Metric {
  name: string
  type: MetricType
  /** As sent (UCUM or Prometheus), '' when unknown. */
  unit: string
  help: string
  seriesCount: number
  firstSeenAt: string
  lastSeenAt: string
}

export const metricSchema: z.ZodType<Metric> = z.object({
  name: z.string(),
  type: metricTypeSchema,
  unit: z.string(),
  help: z.string(),
  seriesCount: z.number().int().nonnegative(),
  firstSeenAt: timeSchema,
  lastSeenAt: timeSchema,
})

/** Query string of `GET P/metrics`: `search` is part of a name, any case. */
export interface MetricsQuery extends PageQuery {
  search: string
}

export const metricsQuerySchema: z.ZodType<MetricsQuery> = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().min(1).max(400).nullable().default(null),
  search: z.string().max(200).default(''),
})

/** One row of `GET P/metrics/<name>/tags`. */
export interface MetricTag {
  name: string
  /** Distinct values; `valueCountIsExact` is false when counting stopped at its bound. */
  valueCount: number
  valueCountIsExact: boolean
}

export const metricTagSchema: z.ZodType<MetricTag> = z.object({
  name: z.string(),
  valueCount: z.number().int().nonnegative(),
  valueCountIsExact: z.boolean(),
})

/** One row of `GET P/metrics/<name>/tags/<tag>`. */
export interface MetricTagValue {
  value: string
}

export const metricTagValueSchema: z.ZodType<MetricTagValue> = z.object({ value: z.string() })
