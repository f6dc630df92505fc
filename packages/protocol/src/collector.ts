/** Batches of the metrics collector: `POST P/metrics`. */
import { z } from 'zod'

export type CollectedType = 'counter' | 'gauge' | 'distribution' | 'set'

/** One item of a batch; a value of a set is its member. */
export interface CollectedItem {
  /** A name, or an MRI. */
  name?: string | undefined
  mri?: string | undefined
  type?: CollectedType | undefined
  value?: number | string | undefined
  values?: (number | string)[] | undefined
  unit?: string | undefined
  tags?: Record<string, string | number | boolean> | undefined
  /** RFC 3339, or ms since 1970. Gauges are stored at this time; everything else counts when it comes. */
  timestamp?: string | number | undefined
}

const value: z.ZodType<number | string> = z.union([z.number(), z.string()])

export const collectedItemSchema: z.ZodType<CollectedItem> = z.object({
  name: z.string().max(200).optional(),
  mri: z.string().optional(),
  type: z.enum(['counter', 'gauge', 'distribution', 'set']).optional(),
  value: value.optional(),
  values: z.array(value).optional(),
  unit: z.string().max(30).optional(),
  tags: z.record(z.string().max(200), z.union([z.string().max(200), z.number(), z.boolean()])).optional(),
  timestamp: z.union([z.string(), z.number()]).optional(),
})

export interface CollectedAnswer {
  /** Values recorded; they are durable. */
  accepted: number
  /** Values that were not. */
  refused: number
  /** The first of the refused items, by their place in the batch. */
  refusals: { index: number; reason: string; message: string }[]
  /** The batch came before (the same `X-Bellwether-Batch-Id`), and was not counted again. */
  repeated: boolean
}

export const collectedAnswerSchema: z.ZodType<CollectedAnswer> = z.object({
  accepted: z.number().int().nonnegative(),
  refused: z.number().int().nonnegative(),
  refusals: z.array(z.object({ index: z.number().int().nonnegative(), reason: z.string(), message: z.string() })),
  repeated: z.boolean(),
})
