/**
 * How the low lane shares this thread: queries and bodies of others go first, and whatever time a record took, its lane pauses for as
 * long as keeps it within its share. Nothing waits for it but the projects that are in it.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { LogRecord } from '../ports.ts'

export interface LowLaneOptions {
  /** Of one processor: more than 0, at most 1. */
  readonly share: number
  /** Segments processed at once. Their records take turns on this thread; the engine does its part for several. */
  readonly workers: number
  /** Something that people or other projects wait for is under way, or was a moment ago. */
  readonly isBusy: () => boolean
  /** Somebody waits for what is left in the lane: no pause now. */
  readonly isUrgent: () => boolean
  /** A record was processed, in so many ms of this thread, or given up. */
  readonly onProcessed: (record: LogRecord, spentMs: number) => void
  /** Nothing is left in the lane. */
  readonly onEmpty: () => void
}

/** Work that goes on in one piece, at least, before the lane pauses and looks for others, ms. */
const burstMsMin = 4
const burstMsMax = 16
const pauseMsMax = 5_000
const napMs = 50
/** Waits so long for a quiet moment before it goes on all the same, ms, looking this often. */
const quietMsMax = 50
const quietLookMs = 2

/** Bursts of work in quiet moments, with pauses that keep the whole within its share. A single record may be longer than a burst. */
export class LowLanePace {
  readonly #options: Pick<LowLaneOptions, 'share' | 'isBusy' | 'isUrgent'>
  readonly #clock: Pick<Clock, 'sleep'>
  #owedMs = 0
  #burstMs = burstMsMin

  constructor(options: Pick<LowLaneOptions, 'share' | 'isBusy' | 'isUrgent'>, clock: Pick<Clock, 'sleep'>) {
    this.#options = options
    this.#clock = clock
  }

  /** Resolves when there may be work, or when `signal` aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#burstMs > 0) return
    const { isBusy, isUrgent, share } = this.#options
    while (this.#owedMs > 0 && !isUrgent() && !signal.aborted) {
      const pauseMs = Math.min(this.#owedMs, napMs)
      this.#owedMs -= pauseMs
      await this.#clock.sleep(pauseMs, signal)
    }
    let waitedMs = 0
    for (; waitedMs < quietMsMax && isBusy() && !isUrgent() && !signal.aborted; waitedMs += quietLookMs) {
      await this.#clock.sleep(quietLookMs, signal)
    }
    // Who had to wait has more to do at a time: a program that is never quiet leaves the lane its share all the same.
    this.#burstMs = Math.min(burstMsMax, Math.max(burstMsMin, waitedMs * share))
  }

  /** So much time of this thread went into the lane. */
  spent(ms: number): void {
    this.#burstMs -= ms
    this.#owedMs = Math.min(pauseMsMax, this.#owedMs + ms * (1 / this.#options.share - 1))
  }
}
