/** Counts failed sign-ins by e-mail and by network address in a fixed window, in bounded memory. */
import { AppError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { tooManyAttempts } from '../errors.ts'
import { failureKeysMax, failureWindowMs } from '../limits.ts'

interface Failures {
  count: number
  /** Monotonic. */
  untilMs: number
}

export class AttemptLimiter {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** In order of first failure, so the first key is the oldest. */
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Throws `accounts.too_many_attempts` when `key` has failed `max` times in its window. */
  check(key: string, max: number): void {
    const entry = this.#current(key)
    if (entry === null || entry.count < max) return
    throw new AppError(tooManyAttempts, { retryAfterSec: Math.max(1, Math.ceil((entry.untilMs - this.#clock.monotonicMs()) / 1000)) })
  }

  fail(key: string): void {
    const entry = this.#current(key)
    if (entry !== null) {
      entry.count++
      return
    }
    if (this.#failures.size >= failureKeysMax) {
      const oldest = this.#failures.keys().next()
      if (oldest.done !== true) this.#failures.delete(oldest.value)
    }
    this.#failures.set(key, { count: 1, untilMs: this.#clock.monotonicMs() + failureWindowMs })
  }

  succeed(key: string): void {
    this.#failures.delete(key)
  }

  #current(key: string): Failures | null {
    const entry = this.#failures.get(key)
    if (entry === undefined) return null
    if (entry.untilMs > this.#clock.monotonicMs()) return entry
    this.#failures.delete(key)
    return null
  }
}
