/** The program itself: its parts, queues, disk and memory. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type ComponentState = 'ok' | 'starting' | 'degraded' | 'down' | 'off'
export const componentStateSchema: z.ZodType<ComponentState> = z.enum(['ok', 'starting', 'degraded', 'down', 'off'])

export interface ComponentStatus {
  /** `clickhouse`, `postgres`, `ingest-log`, `writer`, `head`, `otlp-grpc`, ... */
  name: string
  kind: 'engine' | 'listener' | 'service'
  state: ComponentState
  /** In words, for a person; null when there is nothing to say. */
  detail: string | null
  version: string | null
  /** `embedded` or an address without credentials; null for what has none. */
  location: string | null
  /** Since when it is in this state. */
  since: string | null
  restarts: number | null
}

export const componentStatusSchema: z.ZodType<ComponentStatus> = z.object({
  name: z.string(),
  kind: z.enum(['engine', 'listener', 'service']),
  state: componentStateSchema,
  detail: z.string().nullable(),
  version: z.string().nullable(),
  location: z.string().nullable(),
  since: timeSchema.nullable(),
  restarts: z.number().int().nonnegative().nullable(),
})

export interface SystemStatusBody {
  version: string
  nodeVersion: string
  startedAt: string
  uptimeSec: number
  ready: boolean
  roles: string[]
  components: ComponentStatus[]
  /** What is acknowledged and not yet in the stores. */
  log: { segments: number; records: number; rows: number; sizeBytes: number; sizeBytesMax: number; oldestMs: number }
  /** The file system of the data directory, and what of it is ours (null when not measured). */
  disk: { path: string; totalBytes: number; freeBytes: number; usedByUsBytes: number | null }
  memory: {
    totalBytes: number
    freeBytes: number
    heapUsedBytes: number
    processes: { name: string; pid: number; rssBytes: number }[]
  }
}

const bytes = z.number().nonnegative()

export const systemStatusBodySchema: z.ZodType<SystemStatusBody> = z.object({
  version: z.string(),
  nodeVersion: z.string(),
  startedAt: timeSchema,
  uptimeSec: z.number().nonnegative(),
  ready: z.boolean(),
  roles: z.array(z.string()),
  components: z.array(componentStatusSchema),
  log: z.object({ segments: bytes, records: bytes, rows: bytes, sizeBytes: bytes, sizeBytesMax: bytes, oldestMs: bytes }),
  disk: z.object({ path: z.string(), totalBytes: bytes, freeBytes: bytes, usedByUsBytes: bytes.nullable() }),
  memory: z.object({
    totalBytes: bytes,
    freeBytes: bytes,
    heapUsedBytes: bytes,
    processes: z.array(z.object({ name: z.string(), pid: z.number().int(), rssBytes: bytes })),
  }),
})
