/**
 * Batches by the id their sender gave them: one that comes again, because its answer was lost or late, is not counted again. Kept for some
 * minutes, in this process alone.
 */
import type { Tenant } from '../../kernel/scope.ts'

/** How long a sender may take to repeat a batch. */
export const batchIdKeptMs = 600_000
/** Ids kept; the oldest go first. */
export const batchIdsMax = 100_000

interface Remembered<T> {
  readonly answer: T
  readonly atMs: number
}

export class BatchMemory<T> {
  readonly #clock: { monotonicMs(): number }
  readonly #max: number
  /** In the order they came. */
  readonly #batches = new Map<string, Remembered<T>>()

  constructor(clock: { monotonicMs(): number }, max = batchIdsMax) {
    this.#clock = clock
    this.#max = max
  }

  get size(): number {
    return this.#batches.size
  }

  /** What was answered when the batch came first, null when it did not. */
  recall(tenant: Tenant, id: string): T | null {
    const found = this.#batches.get(keyOf(tenant, id))
    return found === undefined || this.#clock.monotonicMs() - found.atMs > batchIdKeptMs ? null : found.answer
  }

  remember(tenant: Tenant, id: string, answer: T): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [key, { atMs }] of this.#batches) {
      if (this.#batches.size < this.#max && nowMs - atMs <= batchIdKeptMs) break
      this.#batches.delete(key)
    }
    const key = keyOf(tenant, id)
    this.#batches.delete(key)
    this.#batches.set(key, { answer, atMs: nowMs })
  }
}

function keyOf({ organizationId, projectId }: Tenant, id: string): string {
  return `${organizationId}/${projectId}/${id}`
}
