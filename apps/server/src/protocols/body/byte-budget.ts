/**
 * What all requests under way hold of the memory, from the first byte of a body to its answer. A project may hold up to twice what is
 * left free: one alone gets two thirds, several share, and there is always room for one that comes new (the dynamic thresholds of
 * shared-memory switches, Choudhury and Hahne 1998). When memory is short, bodies that come too slowly give theirs up.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { Tenant } from '../../kernel/scope.ts'

/** A project's share of what is free. */
const shareOfFree = 2
/** When memory is short, a body from which nothing came for so long is given up, */
const silentMsMax = 2_000
/** and one that is older than this and comes more slowly than that. */
const slowGraceMs = 2_000
const slowBytesPerSec = 64 * 1024
/** The slow are looked for at most this often. */
const lookEveryMs = 100

/** One request's part. Disposing gives back all of it and ends it: whoever still has it takes and holds nothing more. */
export interface ByteLease extends Disposable {
  readonly heldBytes: number
  /** False when there is not that much left for the project, or the lease is over; then nothing was taken. 0 says that something came. */
  take(sizeBytes: number): boolean
  /** Counts what is there already and cannot be refused; below zero for what was let go. */
  hold(sizeBytes: number): void
  /** From now on the lease may be given up for others, being too slow: then `giveUp` is called, which must end in `dispose`. */
  startReceiving(giveUp: () => void): void
  endReceiving(): void
}

interface Receiving {
  readonly lease: Lease
  readonly startedMs: number
  lastMs: number
  readonly giveUp: () => void
}

export class ByteBudget {
  readonly bytesMax: number
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #takenByProject = new Map<string, number>()
  readonly #receiving = new Map<Lease, Receiving>()
  #taken = 0
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(bytesMax: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.bytesMax = bytesMax
    this.#clock = clock
  }

  get takenBytes(): number {
    return this.#taken
  }

  /** Nothing at an end is refused for want of memory while this is false. */
  get isOver(): boolean {
    return this.#taken > this.bytesMax
  }

  /** A request's part, empty at first. */
  lease(tenant: Tenant): ByteLease {
    return new Lease(this, `${tenant.organizationId}/${tenant.projectId}`)
  }

  /** Whether a project may take more; gives up slow bodies for it when that helps. */
  hasRoom(tenant: Tenant, sizeBytes = 1): boolean {
    return this.#makeRoom(`${tenant.organizationId}/${tenant.projectId}`, sizeBytes)
  }

  take(lease: Lease, sizeBytes: number): boolean {
    // The lease itself may be one that is given up for the room.
    if ((sizeBytes > 0 && !this.#makeRoom(lease.project, sizeBytes)) || lease.isOver) return false
    this.add(lease.project, sizeBytes)
    const receiving = this.#receiving.get(lease)
    if (receiving !== undefined) receiving.lastMs = this.#clock.monotonicMs()
    return true
  }

  add(project: string, sizeBytes: number): void {
    this.#taken += sizeBytes
    const taken = (this.#takenByProject.get(project) ?? 0) + sizeBytes
    if (taken === 0) this.#takenByProject.delete(project)
    else this.#takenByProject.set(project, taken)
  }

  startReceiving(lease: Lease, giveUp: () => void): void {
    const nowMs = this.#clock.monotonicMs()
    this.#receiving.set(lease, { lease, startedMs: nowMs, lastMs: nowMs, giveUp })
  }

  endReceiving(lease: Lease): void {
    this.#receiving.delete(lease)
  }

  #fits(project: string, sizeBytes: number): boolean {
    const freeAfter = this.bytesMax - this.#taken - sizeBytes
    return (this.#takenByProject.get(project) ?? 0) + sizeBytes <= shareOfFree * freeAfter
  }

  #makeRoom(project: string, sizeBytes: number): boolean {
    if (this.#fits(project, sizeBytes)) return true
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedMs < lookEveryMs) return false
    this.#lookedMs = nowMs
    for (const receiving of [...this.#receiving.values()].filter((each) => isSlow(each, nowMs))) {
      receiving.giveUp()
      if (this.#fits(project, sizeBytes)) return true
    }
    return false
  }
}

function isSlow({ lease, startedMs, lastMs }: Receiving, nowMs: number): boolean {
  if (nowMs - lastMs > silentMsMax) return true
  const passedMs = nowMs - startedMs
  return passedMs > slowGraceMs && lease.heldBytes < (passedMs / 1000) * slowBytesPerSec
}

class Lease implements ByteLease {
  readonly project: string
  readonly #budget: ByteBudget
  #held = 0
  #isOver = false

  constructor(budget: ByteBudget, project: string) {
    this.#budget = budget
    this.project = project
  }

  get heldBytes(): number {
    return this.#held
  }

  get isOver(): boolean {
    return this.#isOver
  }

  take(sizeBytes: number): boolean {
    if (this.#isOver || !this.#budget.take(this, sizeBytes)) return false
    this.#held += sizeBytes
    return true
  }

  hold(sizeBytes: number): void {
    if (this.#isOver) return
    this.#budget.add(this.project, sizeBytes)
    this.#held += sizeBytes
  }

  startReceiving(giveUp: () => void): void {
    if (!this.#isOver) this.#budget.startReceiving(this, giveUp)
  }

  endReceiving(): void {
    this.#budget.endReceiving(this)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.endReceiving()
    this.#budget.add(this.project, -this.#held)
    this.#held = 0
  }
}
