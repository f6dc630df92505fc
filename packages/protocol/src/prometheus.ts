/**
 * Shapes of the Prometheus HTTP API as Bellwether answers it (`/api/v1/*`, `/api/0/projects/<project>/prometheus/api/v1/*`).
 * Values are strings: `+Inf`, `-Inf`, `NaN` or a decimal number; times are seconds since 1970.
 */
import { z } from 'zod'

export type PromSample = [timeSec: number, value: string]

export interface PromHistogram {
  count: string
  sum: string
  /** Boundary rule (0 left open, 1 right open, 2 both open, 3 both closed), left, right, count. */
  buckets?: [number, string, string, string][] | undefined
}

export type PromHistogramSample = [timeSec: number, histogram: PromHistogram]

export interface PromInstantSeries {
  metric: Record<string, string>
  value?: PromSample | undefined
  histogram?: PromHistogramSample | undefined
}

export interface PromRangeSeries {
  metric: Record<string, string>
  values?: PromSample[] | undefined
  histograms?: PromHistogramSample[] | undefined
}

export type PromQueryData =
  | { resultType: 'scalar'; result: PromSample }
  | { resultType: 'string'; result: PromSample }
  | { resultType: 'vector'; result: PromInstantSeries[] }
  | { resultType: 'matrix'; result: PromRangeSeries[] }

export interface PromSuccess<Data> {
  status: 'success'
  data: Data
  warnings?: string[] | undefined
  infos?: string[] | undefined
}

export type PromErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'unavailable'
  | 'not_found'
  | 'unauthorized'
  | 'forbidden'

export interface PromError {
  status: 'error'
  errorType: PromErrorType
  error: string
}

const labels = z.record(z.string(), z.string())
const sample: z.ZodType<PromSample> = z.tuple([z.number(), z.string()])
const histogram: z.ZodType<PromHistogram> = z.object({
  count: z.string(),
  sum: z.string(),
  buckets: z.array(z.tuple([z.number(), z.string(), z.string(), z.string()])).optional(),
})
const histogramSample: z.ZodType<PromHistogramSample> = z.tuple([z.number(), histogram])

export const promQueryDataSchema: z.ZodType<PromQueryData> = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('scalar'), result: sample }),
  z.object({ resultType: z.literal('string'), result: sample }),
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labels, value: sample.optional(), histogram: histogramSample.optional() })),
  }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labels, values: z.array(sample).optional(), histograms: z.array(histogramSample).optional() })),
  }),
])

export function promSuccessSchema<Data>(data: z.ZodType<Data>): z.ZodType<PromSuccess<Data>> {
  return z.object({
    status: z.literal('success'),
    data,
    warnings: z.array(z.string()).optional(),
    infos: z.array(z.string()).optional(),
  })
}

export const promErrorSchema: z.ZodType<PromError> = z.object({
  status: z.literal('error'),
  errorType: z.enum(['bad_data', 'execution', 'timeout', 'canceled', 'internal', 'unavailable', 'not_found', 'unauthorized', 'forbidden']),
  error: z.string(),
})
