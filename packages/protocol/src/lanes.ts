/** The low-priority queue: what the processing of each project's data costs, and who is in which lane. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type LaneSwitchState = 'auto' | 'always' | 'never'
const switchSchema: z.ZodType<LaneSwitchState> = z.enum(['auto', 'always', 'never'])

export interface LaneProjectStatus {
  projectId: string
  /** Null: not one that the caller may see by name, or no longer there. */
  name: string | null
  lane: 'ready' | 'low'
  /** Seconds of processor time a second, on average over the window. */
  usedBudget: number
  /** What an operator or a setting says; `auto`: the budget decides. */
  switch: LaneSwitchState
  /** The switch stands in the settings and cannot be changed here. */
  isSetInSettings: boolean
  /** Bodies that wait unread in the low lane, and their bytes. */
  queuedBodies: number
  queuedBytes: number
  /** Used budget over time, oldest first. */
  history: number[]
}

export interface LaneQueue {
  lane: 'ready' | 'low'
  /** Points; in the low lane bodies, because nobody has read them. */
  rows: number
  segments: number
  sizeBytes: number
  oldestMs: number
  workers: number
}

export interface LaneMoveEntry {
  projectId: string
  name: string | null
  change: 'added' | 'removed'
  /** `budget`, `eligible`, `no metrics`, `switch always`, ... */
  reason: string
  usedBudget: number
  actor: string
  at: string
}

export interface LanesStatusBody {
  /** Whether the budget moves anyone. */
  isAutomatic: boolean
  /** Seconds of processor time a second that a project may take. */
  projectBudget: number
  windowSec: number
  backoffSec: number
  /** Of one processor, for the whole low lane. */
  lowShare: number
  /** Seconds between two points of a history. */
  historyStepSec: number
  /** `process`, `redis`, or `none`: nothing is measured. */
  backend: string
  /** Why the back end that is configured is not used now, in words; null: it is. */
  backendFailure: string | null
  projects: LaneProjectStatus[]
  lanes: LaneQueue[]
  /** Newest first. */
  moves: LaneMoveEntry[]
}

const count = z.number().int().nonnegative()
const amount = z.number().nonnegative()

export const lanesStatusBodySchema: z.ZodType<LanesStatusBody> = z.object({
  isAutomatic: z.boolean(),
  projectBudget: amount,
  windowSec: count,
  backoffSec: count,
  lowShare: amount,
  historyStepSec: amount,
  backend: z.string(),
  backendFailure: z.string().nullable(),
  projects: z.array(
    z.object({
      projectId: z.string(),
      name: z.string().nullable(),
      lane: z.enum(['ready', 'low']),
      usedBudget: amount,
      switch: switchSchema,
      isSetInSettings: z.boolean(),
      queuedBodies: count,
      queuedBytes: count,
      history: z.array(amount),
    }),
  ),
  lanes: z.array(
    z.object({ lane: z.enum(['ready', 'low']), rows: count, segments: count, sizeBytes: count, oldestMs: amount, workers: count }),
  ),
  moves: z.array(
    z.object({
      projectId: z.string(),
      name: z.string().nullable(),
      change: z.enum(['added', 'removed']),
      reason: z.string(),
      usedBudget: amount,
      actor: z.string(),
      at: timeSchema,
    }),
  ),
})

export interface LaneSwitchChange {
  projectId: string
  /** `auto` takes the switch away. */
  switch: LaneSwitchState
}

export const laneSwitchChangeSchema: z.ZodType<LaneSwitchChange> = z.strictObject({
  projectId: z.string().regex(/^[1-9]\d{0,8}$/, 'the number of a project'),
  switch: switchSchema,
})
