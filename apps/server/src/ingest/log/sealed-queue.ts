/** Sealed segments of one lane, oldest first, and those who wait for one. */
import type { StoredSegment } from './stored-segment.ts'

interface Waiter {
  readonly settle: (segment: StoredSegment | null) => void
}

export class SealedQueue {
  readonly #segments: StoredSegment[] = []
  readonly #waiters: Waiter[] = []
  #closed = false

  get length(): number {
    return this.#segments.length
  }

  push(segment: StoredSegment): void {
    const waiter = this.#closed ? undefined : this.#waiters.shift()
    if (waiter !== undefined) return waiter.settle(segment)
    let at = this.#segments.length
    while (at > 0 && (this.#segments[at - 1]?.sequence ?? 0) > segment.sequence) at--
    this.#segments.splice(at, 0, segment)
  }

  /** The oldest segment; waits for one. Null after `signal` aborts or the queue is closed. */
  take(signal: AbortSignal): Promise<StoredSegment | null> {
    if (signal.aborted || this.#closed) return Promise.resolve(null)
    const next = this.#segments.shift()
    if (next !== undefined) return Promise.resolve(next)
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        resolve(null)
      }
      const waiter: Waiter = {
        settle: (segment) => {
          signal.removeEventListener('abort', abort)
          resolve(segment)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.push(waiter)
    })
  }

  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters.splice(0)) waiter.settle(null)
  }
}
