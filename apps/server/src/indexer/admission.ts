/**
 * Which strings of new series may be new, decided before their samples are acknowledged. What comes while one question is under way is
 * asked in one go after it, so a string is counted once however many requests bring it at the same time. What was let in is remembered
 * until it is stored: its quota is taken already.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { MayBeAway } from '../kernel/may-be-away.ts'
import type { UseCaseId } from '../naming/index.ts'
import type { IndexerInstruments } from './instruments.ts'
import { UseCaseKeyBuilder, type UseCaseKeyCollection } from './key-collection.ts'
import type { StringStorage } from './ports.ts'
import type { DroppedString, LimitedWrites, WritesLimiter } from './writes-limiter.ts'

export interface NewStringsDeps {
  readonly storage: Pick<StringStorage, 'read'>
  readonly limiter: Pick<WritesLimiter, 'checkWriteLimits' | 'checkNow'>
  readonly instruments: Pick<IndexerInstruments, 'databaseFailed' | 'limited'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
  /** Tells the cache what the database knew. */
  readonly onKnown: (useCaseId: UseCaseId, organizationId: number, strings: ReadonlyMap<string, number | null>) => void
}

/** A sender waits for this: better a string counted twice than a slow door. */
const readTimeoutMs = 300
const readPauseMs = 5000
/** Strings let in and not stored yet. Of those beyond it the oldest are forgotten, and counted once more when they are stored. */
const admittedMax = 500_000

const none: ReadonlySet<string> = new Set()

interface Question {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly strings: ReadonlySet<string>
  readonly answer: (refused: ReadonlySet<string>) => void
}

export class NewStrings {
  readonly #deps: NewStringsDeps
  readonly #database: MayBeAway
  readonly #admitted = new Set<string>()
  #waiting: Question[] = []
  #isAsking = false

  constructor(deps: NewStringsDeps) {
    this.#deps = deps
    this.#database = new MayBeAway({
      clock: deps.clock,
      pauseMs: readPauseMs,
      timeoutMs: readTimeoutMs,
      onAway: (error) =>
        deps.logger.warn('the database of strings does not answer; strings that this process does not know count as new', {
          error: String(error),
        }),
      onBack: () => deps.logger.warn('the database of strings answers again'),
      onFailure: () => deps.instruments.databaseFailed(),
    })
  }

  /** Let in before and not stored yet. */
  has(useCaseId: UseCaseId, organizationId: number, string: string): boolean {
    return this.#admitted.size > 0 && this.#admitted.has(`${useCaseId}:${organizationId}:${string}`)
  }

  forget(keys: UseCaseKeyCollection): void {
    if (this.#admitted.size > 0) for (const key of keys.asStrings()) this.#admitted.delete(key)
  }

  /** Those of the strings (unknown to the cache) that may not be stored. Never rejects. */
  async refuse(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const unknown = new Set([...strings].filter((string) => !this.has(useCaseId, organizationId, string)))
    if (unknown.size === 0) return none
    return new Promise((answer) => {
      this.#waiting.push({ useCaseId, organizationId, strings: unknown, answer })
      if (!this.#isAsking) void this.#askAll()
    })
  }

  /** The same by what this process knows, for who cannot wait. */
  refuseNow(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): ReadonlySet<string> {
    const builder = new UseCaseKeyBuilder()
    for (const string of strings) if (!this.has(useCaseId, organizationId, string)) builder.add(useCaseId, organizationId, string)
    const keys = builder.build()
    if (keys.size === 0) return none
    return new Set(this.#take(this.#deps.limiter.checkNow(keys)).map(({ string }) => string))
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true
    while (this.#waiting.length > 0) {
      const questions = this.#waiting
      this.#waiting = []
      const refused = await this.#refusedOf(questions)
      for (const { useCaseId, organizationId, strings, answer } of questions) {
        const mine =
          refused.size === 0 ? none : new Set([...strings].filter((string) => refused.has(`${useCaseId}:${organizationId}:${string}`)))
        answer(mine)
      }
    }
    this.#isAsking = false
  }

  /** Keys `usecase:organization:string` of what may not be stored. */
  async #refusedOf(questions: readonly Question[]): Promise<ReadonlySet<string>> {
    const { storage, limiter, onKnown } = this.#deps
    const builder = new UseCaseKeyBuilder()
    for (const { useCaseId, organizationId, strings } of questions) {
      for (const string of strings) if (!this.has(useCaseId, organizationId, string)) builder.add(useCaseId, organizationId, string)
    }
    const keys = builder.build()
    const stored = await this.#database.ask(() => storage.read(keys))
    if (stored !== null) {
      for (const [useCaseId, organizations] of stored.getMappedResults()) {
        for (const [organizationId, ids] of organizations) onKnown(useCaseId, organizationId, ids)
      }
    }
    const dropped = this.#take(await limiter.checkWriteLimits(stored?.getUnmappedKeys(keys) ?? keys))
    return new Set(dropped.map(({ useCaseId, organizationId, string }) => `${useCaseId}:${organizationId}:${string}`))
  }

  /** Remembers what was let in; gives what was not. */
  #take({ accepted, dropped }: LimitedWrites): readonly DroppedString[] {
    for (const key of accepted.asStrings()) this.#admitted.add(key)
    for (const key of this.#admitted) {
      if (this.#admitted.size <= admittedMax) break
      this.#admitted.delete(key)
    }
    for (const { useCaseId, ext } of dropped) this.#deps.instruments.limited(useCaseId, ext.isGlobal, 1)
    return dropped
  }
}
