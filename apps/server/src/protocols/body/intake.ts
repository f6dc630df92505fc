/**
 * What may be under way at the same time: bytes of memory over all connections (byte-budget.ts) and turns of the processor
 * (fair-turns.ts). Overload is refused here, as early as can be: before a body is read, else before it is decoded.
 */
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { protocolsBusy } from '../errors.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ByteBudget, type ByteLease } from './byte-budget.ts'
import { FairTurns, type Turn } from './fair-turns.ts'

type IntakeLimits = Pick<ProtocolLimits, 'inFlightBytesMax' | 'decompressedAtOnceMax' | 'decodeSliceMs' | 'turnWaitMsMax'>

/** What a request says of its body. */
export interface Announcement {
  /** 0 when it does not say. */
  readonly sizeBytes: number
  readonly isDecompressedElsewhere: boolean
}

export class Intake {
  readonly budget: ByteBudget
  /** Work of this thread. */
  readonly #here: FairTurns
  /** Decompression by other threads. */
  readonly #elsewhere: FairTurns
  readonly #waitMsMax: number

  constructor(limits: IntakeLimits, clock: Pick<Clock, 'monotonicMs'>) {
    this.budget = new ByteBudget(limits.inFlightBytesMax, clock)
    this.#waitMsMax = limits.turnWaitMsMax
    const shared = { waitMsMax: 2 * limits.turnWaitMsMax, clock }
    this.#here = new FairTurns({ ...shared, atOnce: 1, sliceMs: limits.decodeSliceMs })
    this.#elsewhere = new FairTurns({ ...shared, atOnce: limits.decompressedAtOnceMax, sliceMs: Number.POSITIVE_INFINITY })
  }

  /** Bytes of bodies that wait for a turn. */
  get waitingBytes(): number {
    return this.#here.waitingBytes + this.#elsewhere.waitingBytes
  }

  /** How long what waits will take, ms. */
  get drainMs(): number {
    return Math.max(this.#here.drainMs, this.#elsewhere.drainMs)
  }

  /**
   * For a request of which only the headers are there: a lease for its body, which its end must dispose of. Errors:
   * `protocols.busy`, when its body could not be held or would wait too long.
   */
  open(tenant: Tenant, { sizeBytes, isDecompressedElsewhere }: Announcement): ByteLease {
    if (!this.budget.hasRoom(tenant)) throw new AppError(protocolsBusy, { retryAfterSec: 1 })
    for (const turns of isDecompressedElsewhere ? [this.#elsewhere, this.#here] : [this.#here]) {
      if (turns.expectedWaitMs(tenant, sizeBytes) > this.#waitMsMax) throw turns.busy()
    }
    return this.budget.lease(tenant)
  }

  /**
   * A connection was accepted. Node accepts one in each run of the event loop, so where there is one there may be hundreds behind it
   * (everyone after a restart), and a health check among them: runs are kept short until there are no more.
   */
  connected(): void {
    this.#here.hurry()
  }

  /** A turn on this thread: what is done in it should not wait for anything but its pauses. Errors: `protocols.busy`. */
  async turn(tenant: Tenant, sizeBytes: number): Promise<Turn> {
    const turn = await this.#here.take(tenant, sizeBytes)
    if (!this.budget.isOver) return turn
    // What was decoded before waits for the disk; more of it would be more memory.
    turn[Symbol.dispose]()
    throw this.#here.busy()
  }

  /** A turn on this thread for what is left to do of a body that is durable already. Never rejects. */
  turnAgain(tenant: Tenant): Promise<Turn> {
    return this.#here.takeAgain(tenant)
  }

  /** A turn of those whose body other threads decompress. Errors: `protocols.busy`. */
  turnElsewhere(tenant: Tenant, sizeBytes: number): Promise<Disposable> {
    return this.#elsewhere.take(tenant, sizeBytes)
  }
}
