/** What came in: by project and kind, by source, what was refused, what waits in the dead letters. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

const count = z.number().int().nonnegative()

/** received = stored + refused + dropped + queued, since the program started. */
export interface UsageRow {
  projectId: string
  projectName: string
  kind: string
  received: number
  stored: number
  /** By reason. */
  refused: Record<string, number>
  /** By reason. */
  dropped: Record<string, number>
  queued: number
  bytes: number
  /**
   * Parts of rows that were stored without them, by reason; they are no rows, so the equation leaves them out. `attributes_limit`: more
   * attributes than a row takes; `attribute_names_limit`: more distinct names than a request takes, or no name; `attribute_unreadable`: a
   * value that is broken or nested too deeply; `events_limit`: events and links beyond those that a span takes.
   */
  leftOut: Record<string, number>
}

export const usageRowSchema: z.ZodType<UsageRow> = z.object({
  projectId: z.string(),
  projectName: z.string(),
  kind: z.string(),
  received: count,
  stored: count,
  refused: z.record(z.string(), count),
  dropped: z.record(z.string(), count),
  queued: count,
  bytes: count,
  leftOut: z.record(z.string(), count),
})

/** A protocol that sent data to the project since the program started. */
export interface SourceRow {
  /** `otlp-http`, `otlp-grpc`, `remote-write`, `self`, ... */
  protocol: string
  points: number
  firstSeenAt: string
  lastSeenAt: string
}

export const sourceRowSchema: z.ZodType<SourceRow> = z.object({
  protocol: z.string(),
  points: count,
  firstSeenAt: timeSchema,
  lastSeenAt: timeSchema,
})

/** One refusal out of the recent ones. */
export interface RefusalRow {
  at: string
  protocol: string
  /** As in the counters. */
  reason: string
  /** What and why, in words. */
  text: string
}

export const refusalRowSchema: z.ZodType<RefusalRow> = z.object({
  at: timeSchema,
  protocol: z.string(),
  reason: z.string(),
  text: z.string(),
})

/** What the store refused for ever, kept for a replay. */
export interface DeadLetter {
  id: string
  at: string
  kind: string
  reason: string
  /** Rows of this project; the letter may hold other projects' too. */
  rows: number
  /** Of the whole letter. */
  sizeBytes: number
}

export const deadLetterSchema: z.ZodType<DeadLetter> = z.object({
  id: z.string(),
  at: timeSchema,
  kind: z.string(),
  reason: z.string(),
  rows: count,
  sizeBytes: count,
})

/** `POST P/dead-letters/replay`; null replays all of the project's. */
export interface ReplayRequest {
  ids: string[] | null
}

export const replayRequestSchema: z.ZodType<ReplayRequest> = z.strictObject({
  ids: z.array(z.string().max(200)).min(1).max(1000).nullable(),
})

export interface ReplayAnswer {
  letters: number
  /** Rows of this project on their way again. */
  rows: number
}

export const replayAnswerSchema: z.ZodType<ReplayAnswer> = z.object({ letters: count, rows: count })
