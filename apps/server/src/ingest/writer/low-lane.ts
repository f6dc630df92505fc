/**
 * How the low lane shares this thread: bodies of others go first, and whatever time a record took, its lane pauses for as long as keeps
 * it within its share. Nothing waits for it but the projects that are in it.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { LogRecord } from '../ports.ts'

export interface LowLaneOptions {
  /** Of one processor: more than 0, at most 1. */
  readonly share: number
  /** Segments processed at once. Their records take turns on this thread; the engine does its part for several. */
  readonly workers: number
  /** Bodies of the ready lane wait for their turn. */
  readonly isIntakeBusy: () => boolean
  /** Somebody waits for what is left in the lane: no pause now. */
  readonly isUrgent: () => boolean
  /** A record was processed, in so many ms of this thread, or given up. */
  readonly onProcessed: (record: LogRecord, spentMs: number) => void
  /** Nothing is left in the lane. */
  readonly onEmpty: () => void
}

/** A pause shorter than this is put off. */
const pauseMsMin = 5
const pauseMsMax = 5_000
/** Looks for a quiet intake this often, this long apart, before a record goes all the same. */
const quietLooksMax = 20
const quietLookMs = 5

export class LowLanePace {
  readonly #options: Pick<LowLaneOptions, 'share' | 'isIntakeBusy' | 'isUrgent'>
  readonly #clock: Pick<Clock, 'sleep'>
  #owedMs = 0

  constructor(options: Pick<LowLaneOptions, 'share' | 'isIntakeBusy' | 'isUrgent'>, clock: Pick<Clock, 'sleep'>) {
    this.#options = options
    this.#clock = clock
  }

  /** Resolves when the next record may be processed, or when `signal` aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    const { isIntakeBusy, isUrgent } = this.#options
    while (this.#owedMs >= pauseMsMin && !isUrgent() && !signal.aborted) {
      const pauseMs = Math.min(this.#owedMs, 50)
      this.#owedMs -= pauseMs
      await this.#clock.sleep(pauseMs, signal)
    }
    for (let look = 0; look < quietLooksMax && isIntakeBusy() && !signal.aborted; look++) await this.#clock.sleep(quietLookMs, signal)
  }

  /** So much time of this thread went into the lane. */
  spent(ms: number): void {
    this.#owedMs = Math.min(pauseMsMax, this.#owedMs + ms * (1 / this.#options.share - 1))
  }
}
