/**
 * How many bodies with pieces of uploads come in at once: each is in memory. So many of an organization, so many of all; who sends too slowly gives
 * the place up when another waits for it.
 */
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { tooBusy } from '../errors.ts'

/** Slower than this, over at least so long, is too slow while others wait. */
const [paceBytesPerSec, paceOverMs] = [16 * 1024, 2_000]

export interface ChunkSender {
  readonly organizationId: number
  /** Of its connection, so far. */
  bytesRead(): number
  giveUp(): void
}

interface Slot {
  readonly sender: ChunkSender
  sinceMs: number
  bytesRead: number
}

/** A place; the body may be there before the request is over. Ending it twice does nothing more. */
export interface ChunkPlace {
  received(): void
  end(): void
}

export class ChunkSlots {
  readonly #bounds: { readonly ofOrganizationMax: number; readonly max: number }
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #taken = new Set<Slot>()
  /** Those whose body still comes. */
  readonly #receiving = new Set<Slot>()

  constructor(bounds: { readonly ofOrganizationMax: number; readonly max: number }, clock: Pick<Clock, 'monotonicMs'>) {
    this.#bounds = bounds
    this.#clock = clock
  }

  /** Errors by code: `api.too_busy`. */
  take(sender: ChunkSender): ChunkPlace {
    if (!this.#hasRoom(sender.organizationId)) this.#endSlow()
    if (!this.#hasRoom(sender.organizationId)) throw new AppError(tooBusy, { retryAfterSec: 1 })
    const slot: Slot = { sender, sinceMs: this.#clock.monotonicMs(), bytesRead: sender.bytesRead() }
    this.#taken.add(slot)
    this.#receiving.add(slot)
    return { received: () => void this.#receiving.delete(slot), end: () => this.#end(slot) }
  }

  #hasRoom(organizationId: number): boolean {
    const own = [...this.#taken].filter(({ sender }) => sender.organizationId === organizationId).length
    return own < this.#bounds.ofOrganizationMax && this.#taken.size < this.#bounds.max
  }

  #end(slot: Slot): void {
    this.#receiving.delete(slot)
    this.#taken.delete(slot)
  }

  #endSlow(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const slot of this.#receiving) {
      const passedMs = nowMs - slot.sinceMs
      if (passedMs < paceOverMs) continue
      const bytesRead = slot.sender.bytesRead()
      if (bytesRead - slot.bytesRead < (passedMs / 1000) * paceBytesPerSec) {
        this.#end(slot)
        slot.sender.giveUp()
      } else Object.assign(slot, { sinceMs: nowMs, bytesRead })
    }
  }
}
