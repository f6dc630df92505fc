/** Releases and how healthy they are, their source maps, and what people wrote about them. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

/** What was told of a release, by `sentry-cli` say. */
export interface ToldRelease {
  createdAt: string
  releasedAt: string | null
  url: string | null
  commits: number
  /** The newest. */
  commit: { id: string; author: string; message: string } | null
}
const toldReleaseSchema: z.ZodType<ToldRelease> = z.object({
  createdAt: timeSchema,
  releasedAt: timeSchema.nullable(),
  url: z.string().nullable(),
  commits: z.number(),
  commit: z.object({ id: z.string(), author: z.string(), message: z.string() }).nullable(),
})

/** How a release does. Sessions are what the SDKs report; null rates: there were none. */
export interface ReleaseHealth {
  release: string
  environment: string
  sessions: number
  crashed: number
  errored: number
  abnormal: number
  /** 0 to 1. */
  crashFreeSessions: number | null
  users: number
  crashedUsers: number
  crashFreeUsers: number | null
  /** Events of problems in the range; an estimate where samples were taken. */
  errors: number
  problems: number
  /** Problems that were first seen in it. */
  newProblems: number
  firstSeen: string | null
  lastSeen: string | null
  told: ToldRelease | null
}
export interface ReleaseList {
  items: ReleaseHealth[]
  from: string
  to: string
}
export const releaseListSchema: z.ZodType<ReleaseList> = z.object({
  items: z.array(
    z.object({
      release: z.string(),
      environment: z.string(),
      sessions: z.number(),
      crashed: z.number(),
      errored: z.number(),
      abnormal: z.number(),
      crashFreeSessions: z.number().nullable(),
      users: z.number(),
      crashedUsers: z.number(),
      crashFreeUsers: z.number().nullable(),
      errors: z.number(),
      problems: z.number(),
      newProblems: z.number(),
      firstSeen: timeSchema.nullable(),
      lastSeen: timeSchema.nullable(),
      told: toldReleaseSchema.nullable(),
    }),
  ),
  from: timeSchema,
  to: timeSchema,
})

export interface SourceMapFile {
  id: string
  release: string
  dist: string
  /** `~/assets/app.js`, as it is in stack traces, host left out. */
  name: string
  debugId: string | null
  sizeBytes: number
  uploadedAt: string
  uploadedBy: string
}
export const sourceMapFileSchema: z.ZodType<SourceMapFile> = z.object({
  id: z.string(),
  release: z.string(),
  dist: z.string(),
  name: z.string(),
  debugId: z.string().nullable(),
  sizeBytes: z.number(),
  uploadedAt: timeSchema,
  uploadedBy: z.string(),
})

export interface SourceMapUpload {
  /** Release that the file belongs to; '' when it is found by its debug id alone. */
  release: string
  dist: string
  /** Address or path of the minified file, `https://example.org/assets/app.js` or `~/assets/app.js`. */
  name: string
  /** 32 hexadecimal digits, dashed or not; null: taken from the map (`debug_id`, `debugId`), if it has one. */
  debugId: string | null
  /** The source map, JSON of version 3. */
  map: string
}
export const sourceMapUploadSchema: z.ZodType<SourceMapUpload> = z.strictObject({
  release: z.string().max(250).default(''),
  dist: z.string().max(64).default(''),
  name: z.string().max(1000).default(''),
  debugId: z.string().max(36).nullable().default(null),
  map: z.string().min(2),
})

/** What a person wrote about an error or the page. */
export interface FeedbackRow {
  id: string
  timestamp: string
  name: string
  email: string
  message: string
  url: string
  release: string
  environment: string
  traceId: string | null
  /** Of the event it is about; null. */
  eventId: string | null
}
export const feedbackListSchema: z.ZodType<{ items: FeedbackRow[]; next: string | null }> = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      timestamp: timeSchema,
      name: z.string(),
      email: z.string(),
      message: z.string(),
      url: z.string(),
      release: z.string(),
      environment: z.string(),
      traceId: z.string().nullable(),
      eventId: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
})
