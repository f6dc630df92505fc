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

/** One row of `GET P/metrics`. */
export interface Metric {
  name: string
  type: MetricType
  /** As sent (UCUM or Prometheus), '' when unknown. */
  unit: string
  help: string
  seriesCount: number
  firstSeenAt: string
  lastSeenAt: string
  /** `type:namespace/name@unit`; null for names that no MRI can hold. */
  mri: string | null
  /** The namespace of the MRI. */
  useCase: string
  /** What may be asked at `POST P/metrics/query`. */
  operations: string[]
}

const metricShape = {
  name: z.string(),
  type: metricTypeSchema,
  unit: z.string(),
  help: z.string(),
  seriesCount: z.number().int().nonnegative(),
  firstSeenAt: timeSchema,
  lastSeenAt: timeSchema,
  mri: z.string().nullable(),
  useCase: z.string(),
  operations: z.array(z.string()),
}

export const metricSchema: z.ZodType<Metric> = z.object(metricShape)

/** The answer of `GET P/metrics/<name>`: with the names of its tags. */
export interface MetricDetail extends Metric {
  tags: string[]
}

export const metricDetailSchema: z.ZodType<MetricDetail> = z.object({ ...metricShape, tags: z.array(z.string()) })

/** Query string of `GET P/metrics`: `search` is part of a name, any case; `useCase` is a namespace. */
export interface MetricsQuery extends PageQuery {
  search: string
  useCase: string | null
}

export const metricsQuerySchema: z.ZodType<MetricsQuery> = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().min(1).max(400).nullable().default(null),
  search: z.string().max(200).default(''),
  useCase: z.string().min(1).max(60).nullable().default(null),
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
