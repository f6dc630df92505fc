/** Lets a bounded number of queries run and a bounded number wait, first come first served. */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { busy, canceled } from './errors.ts'
import type { ClassLimits } from './limits.ts'

interface Waiter {
  readonly admit: () => void
}

export class Turnstile {
  readonly #limits: Pick<ClassLimits, 'runningMax' | 'queuedMax' | 'queueMsMax'>
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting = new Set<Waiter>()
  #running = 0

  constructor(limits: Pick<ClassLimits, 'runningMax' | 'queuedMax' | 'queueMsMax'>, clock: Pick<Clock, 'after'>) {
    this.#limits = limits
    this.#clock = clock
  }

  get running(): number {
    return this.#running
  }

  get queued(): number {
    return this.#waiting.size
  }

  /**
   * Resolves when it is this query's turn; dispose the result when it is done.
   * Errors: `query.busy` (queue full, or waited too long), `query.canceled`.
   */
  async enter(signal: AbortSignal): Promise<Disposable> {
    if (signal.aborted) throw new AppError(canceled)
    if (this.#running >= this.#limits.runningMax) await this.#wait(signal)
    else this.#running++
    let left = false
    return {
      [Symbol.dispose]: () => {
        if (left) return
        left = true
        this.#leave()
      },
    }
  }

  /** The place of who leaves goes to the first who waits, without becoming free in between. */
  #leave(): void {
    for (const waiter of this.#waiting) {
      waiter.admit()
      return
    }
    this.#running--
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#limits.queuedMax) {
      throw new AppError(busy, { publicText: `${this.#running} queries run and ${this.#waiting.size} wait already.`, retryAfterSec: 5 })
    }
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        this.#waiting.delete(waiter)
        timer[Symbol.dispose]()
        signal.removeEventListener('abort', abort)
        outcome()
      }
      const waiter: Waiter = { admit: () => settle(resolve) }
      const abort = (): void => settle(() => reject(new AppError(canceled)))
      const timer = this.#clock.after(this.#limits.queueMsMax, () =>
        settle(() =>
          reject(
            new AppError(busy, { publicText: `The query waited ${this.#limits.queueMsMax / 1000} s for its turn.`, retryAfterSec: 5 }),
          ),
        ),
      )
      this.#waiting.add(waiter)
      signal.addEventListener('abort', abort)
    })
  }
}
