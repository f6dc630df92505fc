/** One metric as it lies in memory and on the disk. */
import { z } from 'zod'

/** Answer of `GET P/metrics/<name>/anatomy`. */
export interface MetricAnatomyBody {
  name: string
  /** The `metric` column of every table. */
  metricHash: number
  /** A series that was active lately, name included; null where the projects asked for are several. */
  example: { labels: Record<string, string>; seriesId: string } | null
  /** Rows are counted over so many of the newest days. */
  daysCounted: number
  tables: { table: string; rows: number; bytesPerRow: number | null }[]
}

export const metricAnatomyBodySchema: z.ZodType<MetricAnatomyBody> = z.object({
  name: z.string(),
  metricHash: z.number().int().nonnegative(),
  example: z.object({ labels: z.record(z.string(), z.string()), seriesId: z.string() }).nullable(),
  daysCounted: z.number().int().positive(),
  tables: z.array(z.object({ table: z.string(), rows: z.number().int().nonnegative(), bytesPerRow: z.number().nonnegative().nullable() })),
})
