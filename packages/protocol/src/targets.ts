/** What is scraped: targets, how their last scrape went, and where they came from. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type TargetHealth = 'up' | 'down' | 'unknown'

export interface ScrapeTarget {
  job: string
  url: string
  /** On every series of the target. */
  labels: Record<string, string>
  /** Before relabelling. */
  discoveredLabels: Record<string, string>
  /** `unknown`: not scraped yet. */
  health: TargetHealth
  /** In words; null when the last scrape was good. */
  lastError: string | null
  lastScrapeAt: string | null
  lastDurationMs: number
  samplesScraped: number
  /** Left after relabelling. */
  samplesKept: number
  seriesAdded: number
  nextScrapeAt: string | null
  intervalMs: number
  timeoutMs: number
}

export interface DroppedScrapeTarget {
  job: string
  discoveredLabels: Record<string, string>
  reason: string
}

export interface ScrapeJobStatus {
  name: string
  targets: number
  dropped: number
  /** Of discovery and limits, in words. */
  problems: string[]
}

export interface TargetsBody {
  /** Is there a file of targets at all? */
  isConfigured: boolean
  /** The file's path; null for callers who do not run the program. */
  configPath: string | null
  loadedAt: string | null
  /** Why the file as it is now is not in use; null: it is. */
  configError: string | null
  notes: string[]
  jobs: ScrapeJobStatus[]
  targets: ScrapeTarget[]
  dropped: DroppedScrapeTarget[]
}

const labelsSchema: z.ZodType<Record<string, string>> = z.record(z.string(), z.string())

const targetSchema: z.ZodType<ScrapeTarget> = z.object({
  job: z.string(),
  url: z.string(),
  labels: labelsSchema,
  discoveredLabels: labelsSchema,
  health: z.enum(['up', 'down', 'unknown']),
  lastError: z.string().nullable(),
  lastScrapeAt: timeSchema.nullable(),
  lastDurationMs: z.number(),
  samplesScraped: z.number(),
  samplesKept: z.number(),
  seriesAdded: z.number(),
  nextScrapeAt: timeSchema.nullable(),
  intervalMs: z.number(),
  timeoutMs: z.number(),
})

export const targetsBodySchema: z.ZodType<TargetsBody> = z.object({
  isConfigured: z.boolean(),
  configPath: z.string().nullable(),
  loadedAt: timeSchema.nullable(),
  configError: z.string().nullable(),
  notes: z.array(z.string()),
  jobs: z.array(z.object({ name: z.string(), targets: z.number(), dropped: z.number(), problems: z.array(z.string()) })),
  targets: z.array(targetSchema),
  dropped: z.array(z.object({ job: z.string(), discoveredLabels: labelsSchema, reason: z.string() })),
})
