/**
 * Asks a service that the program can do without: no answer is a null. After a failure it is left alone for a while, so that one that hangs
 * does not cost every caller its time-out; its going and coming are each told once.
 */
import type { Clock } from './clock.ts'

export interface MayBeAwayOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly pauseMs: number
  /** How long an answer is waited for; null: as long as the service's own client waits. What comes later is thrown away. */
  readonly timeoutMs: number | null
  readonly onAway: (error: unknown) => void
  readonly onBack: () => void
  /** Of every question that had no answer, those that came up while it was left alone aside. */
  readonly onFailure?: (error: unknown) => void
}

export class MayBeAway {
  readonly #options: MayBeAwayOptions
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #isAway = false

  constructor(options: MayBeAwayOptions) {
    this.#options = options
  }

  get isAway(): boolean {
    return this.#isAway
  }

  /** Null without an answer. */
  async ask<T>(run: () => Promise<T>): Promise<T | null> {
    const { clock, pauseMs, onAway, onBack, onFailure } = this.#options
    if (clock.monotonicMs() < this.#pausedUntilMs) return null
    try {
      const answer = await this.#inTime(run())
      if (this.#isAway) onBack()
      this.#isAway = false
      return answer
    } catch (error) {
      this.#pausedUntilMs = clock.monotonicMs() + pauseMs
      onFailure?.(error)
      if (!this.#isAway) onAway(error)
      this.#isAway = true
      return null
    }
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options
    if (timeoutMs === null) return answer
    const stop = new AbortController()
    const late = clock.sleep(timeoutMs, stop.signal).then((): never => {
      throw new Error(`no answer within ${timeoutMs} ms`)
    })
    // Whichever loses must not become an unhandled rejection.
    late.catch(() => {})
    answer.catch(() => {})
    try {
      return await Promise.race([answer, late])
    } finally {
      stop.abort()
    }
  }
}
