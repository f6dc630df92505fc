/** Problems (errors that belong together) and the events they are made of. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

/** `new`: first seen within the last week and nobody has decided; `regressed`: seen again after it was resolved. */
export type ProblemState = 'new' | 'ongoing' | 'regressed' | 'resolved' | 'ignored'
export const problemStates: readonly ProblemState[] = ['new', 'ongoing', 'regressed', 'resolved', 'ignored']
const problemStateSchema: z.ZodType<ProblemState> = z.enum(['new', 'ongoing', 'regressed', 'resolved', 'ignored'])

export type ProblemOrder = 'last' | 'first' | 'count' | 'users'

export interface ProblemsQuery {
  /** `open`: new, ongoing and regressed. */
  state: ProblemState | 'open' | 'all'
  order: ProblemOrder
  /** Words that are in title or place, case aside; '' for all. */
  text: string
  release: string
  environment: string
  service: string
  /** RFC 3339, a date, or relative to now (`now-1h`); null: 24 hours before `to`. */
  from: string | null
  /** As `from`; null: now. */
  to: string | null
  limit: number
}
const shortText: z.ZodType<string> = z.string().max(400).default('')
const momentOrNull: z.ZodType<string | null> = z.string().max(60).nullable().default(null)
export const problemsQuerySchema: z.ZodType<ProblemsQuery> = z.object({
  state: z.enum(['new', 'ongoing', 'regressed', 'resolved', 'ignored', 'open', 'all']).default('open'),
  order: z.enum(['last', 'first', 'count', 'users']).default('last'),
  text: shortText,
  release: shortText,
  environment: shortText,
  service: shortText,
  from: momentOrNull,
  to: momentOrNull,
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

/**
 * One problem; counts are of the asked range, widened to whole hours: the answer's `from` and `to`. Where the sender took samples an event stands for several, so `count`, `spark` and the counts of
 * releases are estimates then, in whole numbers.
 */
export interface Problem {
  /** 16 hexadecimal digits. */
  id: string
  /** `TypeError: x is not a function`, or the message. */
  title: string
  /** Where: function and file, or the operation; '' when not known. */
  place: string
  type: string
  /** OpenTelemetry severity number, 1 to 24; 0: not known. */
  severity: number
  service: string
  state: ProblemState
  count: number
  /** Distinct users, about. */
  users: number
  firstSeen: string
  lastSeen: string
  firstRelease: string
  lastRelease: string
  /** Events by equal parts of the range. */
  spark: number[]
}
const problemShape = {
  id: z.string(),
  title: z.string(),
  place: z.string(),
  type: z.string(),
  severity: z.number(),
  service: z.string(),
  state: problemStateSchema,
  count: z.number(),
  users: z.number(),
  firstSeen: timeSchema,
  lastSeen: timeSchema,
  firstRelease: z.string(),
  lastRelease: z.string(),
  spark: z.array(z.number()),
}
export const problemSchema: z.ZodType<Problem> = z.object(problemShape)

export interface ProblemList {
  items: Problem[]
  /** Problems by state that have an event in the range and pass the other filters. */
  states: Record<ProblemState, number>
  /** What counts are of: the asked range from the start of its first hour to the end of its last, `to` left out. */
  from: string
  to: string
  /** There are more than were asked for. */
  isCut: boolean
}
export const problemListSchema: z.ZodType<ProblemList> = z.object({
  items: z.array(problemSchema),
  states: z.object({ new: z.number(), ongoing: z.number(), regressed: z.number(), resolved: z.number(), ignored: z.number() }),
  from: timeSchema,
  to: timeSchema,
  isCut: z.boolean(),
})

export interface StackFrame {
  function: string
  /** As the source map says it, or as the program sent it. */
  file: string
  /** From 1; 0: not known. */
  line: number
  column: number
  isInApp: boolean
  /** Lines around `line`, when a source map or the sender has them; `contextFrom` is the number of the first. */
  context: string[]
  contextFrom: number
  /** `file:line:column` before the source map was applied; null: none was. */
  raw: string | null
  /** Why no source map was applied to a frame that needs one; null otherwise. */
  unresolved: string | null
}
const frameSchema: z.ZodType<StackFrame> = z.object({
  function: z.string(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  isInApp: z.boolean(),
  context: z.array(z.string()),
  contextFrom: z.number(),
  raw: z.string().nullable(),
  unresolved: z.string().nullable(),
})

export interface ThrownError {
  type: string
  message: string
  /** How it was caught; '' when not known. */
  mechanism: string
  isHandled: boolean | null
  /** Innermost call first. */
  frames: StackFrame[]
}
const thrownSchema: z.ZodType<ThrownError> = z.object({
  type: z.string(),
  message: z.string(),
  mechanism: z.string(),
  isHandled: z.boolean().nullable(),
  frames: z.array(frameSchema),
})

export interface Breadcrumb {
  timestamp: string | null
  category: string
  level: string
  message: string
  /** JSON; '' when there is none. */
  data: string
}
const breadcrumbSchema: z.ZodType<Breadcrumb> = z.object({
  timestamp: timeSchema.nullable(),
  category: z.string(),
  level: z.string(),
  message: z.string(),
  data: z.string(),
})

/** An event of a problem, as a line of a list. */
export interface ProblemEventRow {
  id: string
  timestamp: string
  message: string
  release: string
  environment: string
  service: string
  /** Id, e-mail or name of the user; ''. */
  user: string
  /** 32 hexadecimal digits; null when there is none. */
  traceId: string | null
  spanId: string | null
}
const eventRowShape = {
  id: z.string(),
  timestamp: timeSchema,
  message: z.string(),
  release: z.string(),
  environment: z.string(),
  service: z.string(),
  user: z.string(),
  traceId: z.string().nullable(),
  spanId: z.string().nullable(),
}
const eventRowSchema: z.ZodType<ProblemEventRow> = z.object(eventRowShape)

export interface ProblemEvent extends ProblemEventRow {
  severity: number
  /** The error that was caught first, then what caused it. */
  errors: ThrownError[]
  /** The stack as text where it could not be taken apart; '' otherwise. */
  stackText: string
  /** Oldest first. */
  breadcrumbs: Breadcrumb[]
  tags: Record<string, string>
  attributes: Record<string, string>
  /** Neighbours in time, for going through the events of a problem. */
  newer: string | null
  older: string | null
}
export const problemEventSchema: z.ZodType<ProblemEvent> = z.object({
  ...eventRowShape,
  severity: z.number(),
  errors: z.array(thrownSchema),
  stackText: z.string(),
  breadcrumbs: z.array(breadcrumbSchema),
  tags: z.record(z.string(), z.string()),
  attributes: z.record(z.string(), z.string()),
  newer: z.string().nullable(),
  older: z.string().nullable(),
})

export interface ProblemEventsQuery {
  limit: number
  cursor: string | null
}
export interface ProblemEventList {
  items: ProblemEventRow[]
  next: string | null
}
export const problemEventListSchema: z.ZodType<ProblemEventList> = z.object({ items: z.array(eventRowSchema), next: z.string().nullable() })

export interface TagValues {
  tag: string
  /** Most frequent first. */
  values: { value: string; count: number }[]
  /** Events that were looked at. */
  total: number
}
const tagValuesSchema: z.ZodType<TagValues> = z.object({
  tag: z.string(),
  values: z.array(z.object({ value: z.string(), count: z.number() })),
  total: z.number(),
})

export interface ProblemRelease {
  release: string
  count: number
  firstSeen: string
  lastSeen: string
}

export interface ProblemDetail extends Problem {
  /** All there ever were, as far as they are kept. */
  totalCount: number
  totalUsers: number
  /** What `count`, `users` and `spark` are of, as in a list. */
  from: string
  to: string
  tags: TagValues[]
  releases: ProblemRelease[]
  /** Who decided about it last, and when; null: nobody. */
  decidedBy: string | null
  decidedAt: string | null
}
export const problemDetailSchema: z.ZodType<ProblemDetail> = z.object({
  ...problemShape,
  totalCount: z.number(),
  from: timeSchema,
  to: timeSchema,
  totalUsers: z.number(),
  tags: z.array(tagValuesSchema),
  releases: z.array(z.object({ release: z.string(), count: z.number(), firstSeen: timeSchema, lastSeen: timeSchema })),
  decidedBy: z.string().nullable(),
  decidedAt: timeSchema.nullable(),
})

export type ProblemDecision = 'resolved' | 'ignored' | 'reopened'

export interface DecideProblems {
  ids: string[]
  decision: ProblemDecision
}
export const decideProblemsSchema: z.ZodType<DecideProblems> = z.strictObject({
  ids: z
    .array(z.string().regex(/^[0-9a-f]{16}$/))
    .min(1)
    .max(500),
  decision: z.enum(['resolved', 'ignored', 'reopened']),
})
export const decidedSchema: z.ZodType<{ decided: number }> = z.object({ decided: z.number() })

/** A range of time as RFC 3339, a date, or relative to now (`now-1h`); null: the last 24 hours. */
export interface ProblemRangeQuery {
  from: string | null
  to: string | null
}
export const problemRangeQuerySchema: z.ZodType<ProblemRangeQuery> = z.object({ from: momentOrNull, to: momentOrNull })
