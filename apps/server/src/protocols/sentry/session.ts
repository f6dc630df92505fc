/** What decoding an envelope needs, and what it leaves beside rows: sessions, reports of clients, what was counted and not kept. */
import type { LogsBatch } from '../../logs/index.ts'
import type { ResolveChain } from '../../problems/index.ts'
import { makeResource, type Resource } from '../../signals/index.ts'
import type { SpansBatch } from '../../traces/index.ts'

/** Batches of one request, begun for its tenant; after a pause they may be others, which continue them. */
export interface SentrySession {
  readonly logs: LogsBatch
  readonly spans: SpansBatch
  /** Asked between rows: whether it is time for a pause. */
  isDue(): boolean
}

/** What a decoder is told by those around it. */
export interface SentryRules {
  /** Whether a DSN that an envelope names is that of its request. */
  isOwnDsn(dsn: string): boolean
  /** Tells people apart without saying who they are: the original may be scrubbed later, and they are still counted. */
  pseudonymOf(person: string): string
  /** Minified stacks as their source maps have them; what an error is grouped by. */
  readonly resolve: ResolveChain
}

/** One observation of a session metric of `naming`: how often, or whose id. */
export interface SessionObservation {
  readonly metric: 'c:sessions/session@none' | 's:sessions/error@none' | 's:sessions/user@none'
  readonly value: number | string
  readonly release: string
  readonly environment: string
  /** `init`, `exited`, `crashed`, `abnormal`, `errored`, `errored_preaggr`; '' for users however it went. */
  readonly status: string
}

/** Events that a client threw away before it sent them. */
export interface Discarded {
  readonly reason: string
  readonly category: string
  readonly count: number
}

/** Values for the columns of ids. */
export function bytesOfId(id: string): Uint8Array {
  return Buffer.from(id, 'hex')
}

const resourcesMax = 256

/** Resources by what they are made of: the items of an envelope mostly share one. */
export class SentryResources {
  readonly #made = new Map<string, Resource>()

  of(pairs: readonly (readonly [string, string])[]): Resource {
    const present = pairs.filter(([, value]) => value !== '')
    const key = JSON.stringify(present)
    const known = this.#made.get(key)
    if (known !== undefined) return known
    if (this.#made.size >= resourcesMax) this.#made.clear()
    const made = makeResource(present)
    this.#made.set(key, made)
    return made
  }
}

/** Values of the column `source`. */
export const sources = {
  error: 'sentry',
  log: 'sentry',
  feedback: 'sentry-feedback',
  checkIn: 'sentry-check-in',
  security: 'sentry-security',
} as const
