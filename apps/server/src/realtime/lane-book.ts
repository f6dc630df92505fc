/**
 * Which lane a project's data takes now: what the store, the switches and the unread bodies say, in memory, because the door asks for
 * every body. A project goes back to the ready lane only when what it sent before is read: samples that come in the order in which
 * they were sent need no second look, and delta totals must not be added out of order.
 */
import type { Clock } from '../kernel/clock.ts'
import { returnBytesMax, returnWaitMsMax } from './limits.ts'
import type { LaneSwitch } from './ports.ts'

export type ProjectLane = 'ready' | 'low'

export interface LaneBookDeps {
  readonly clock: Pick<Clock, 'after'>
  /** Makes what is in the lane's open segment available to its workers. */
  readonly seal: () => Promise<void>
}

/** Bodies of a project in the low lane: on their way into the log, and in it unread. */
interface Queue {
  arriving: number
  arrivingBytes: number
  bodies: number
  sizeBytes: number
  readonly waiters: Set<() => void>
}

export class LaneBook {
  readonly #deps: LaneBookDeps
  #members: ReadonlySet<number> = new Set()
  #switches: ReadonlyMap<number, LaneSwitch> = new Map()
  readonly #queues = new Map<number, Queue>()
  #waiting = 0

  constructor(deps: LaneBookDeps) {
    this.#deps = deps
  }

  /** Bodies wait for what is left of their project in the low lane. */
  get isUrgent(): boolean {
    return this.#waiting > 0
  }

  get members(): ReadonlySet<number> {
    return this.#members
  }

  get switches(): ReadonlyMap<number, LaneSwitch> {
    return this.#switches
  }

  setMembers(members: ReadonlySet<number>): void {
    this.#members = members
  }

  setSwitches(switches: ReadonlyMap<number, LaneSwitch>): void {
    this.#switches = switches
  }

  /** Whether the project's place is the low lane, whatever is left of it there. Never beats always, both beat the budget. */
  isLow(projectId: number): boolean {
    const set = this.#switches.get(projectId)
    return set === undefined ? this.#members.has(projectId) : set === 'always'
  }

  /** Where the next body goes, as far as its headers tell. */
  laneOf(projectId: number): ProjectLane {
    return this.isLow(projectId) || this.#queues.has(projectId) ? 'low' : 'ready'
  }

  /** Unread bodies of the project and their bytes. */
  queueOf(projectId: number): { readonly bodies: number; readonly sizeBytes: number } {
    const queue = this.#queues.get(projectId)
    return queue === undefined ? { bodies: 0, sizeBytes: 0 } : { bodies: queue.bodies, sizeBytes: queue.sizeBytes }
  }

  queuedProjects(): readonly number[] {
    return [...this.#queues.keys()]
  }

  /** So little of it is unread that it may go back. */
  mayReturn(projectId: number): boolean {
    return this.queueOf(projectId).sizeBytes <= returnBytesMax
  }

  /**
   * Where a body goes that is here. `low`: it counts as arriving, until `queued` or `failed`. A project that goes back waits here
   * for its bodies that are not read yet, when they are few and for a bounded time.
   */
  async enter(projectId: number, sizeBytes: number): Promise<ProjectLane> {
    const queue = this.#queues.get(projectId)
    if (!this.isLow(projectId)) {
      if (queue === undefined) return 'ready'
      if (queue.sizeBytes + queue.arrivingBytes <= returnBytesMax) await this.#emptied(queue)
      if (!this.isLow(projectId) && !this.#queues.has(projectId)) return 'ready'
    }
    const into = this.#queueFor(projectId)
    into.arriving++
    into.arrivingBytes += sizeBytes
    return 'low'
  }

  queued(projectId: number, sizeBytes: number): void {
    const queue = this.#queueFor(projectId)
    queue.arriving--
    queue.arrivingBytes -= sizeBytes
    queue.bodies++
    queue.sizeBytes += sizeBytes
  }

  failed(projectId: number, sizeBytes: number): void {
    const queue = this.#queueFor(projectId)
    queue.arriving--
    queue.arrivingBytes -= sizeBytes
    this.#letGo(projectId, queue)
  }

  /** Found in the log at start. */
  recovered(projectId: number, sizeBytes: number): void {
    const queue = this.#queueFor(projectId)
    queue.bodies++
    queue.sizeBytes += sizeBytes
  }

  /** Read, or given up. */
  processed(projectId: number, sizeBytes: number): void {
    const queue = this.#queues.get(projectId)
    if (queue === undefined) return
    queue.bodies = Math.max(0, queue.bodies - 1)
    queue.sizeBytes = queue.bodies === 0 ? 0 : Math.max(0, queue.sizeBytes - sizeBytes)
    this.#letGo(projectId, queue)
  }

  /** The log has nothing of the lane: whatever damage took away is not waited for. */
  emptied(): void {
    for (const [projectId, queue] of this.#queues) {
      queue.bodies = 0
      queue.sizeBytes = 0
      this.#letGo(projectId, queue)
    }
  }

  #queueFor(projectId: number): Queue {
    let queue = this.#queues.get(projectId)
    if (queue === undefined) {
      queue = { arriving: 0, arrivingBytes: 0, bodies: 0, sizeBytes: 0, waiters: new Set() }
      this.#queues.set(projectId, queue)
    }
    return queue
  }

  #letGo(projectId: number, queue: Queue): void {
    if (queue.bodies > 0 || queue.arriving > 0) return
    this.#queues.delete(projectId)
    for (const settle of queue.waiters) settle()
  }

  async #emptied(queue: Queue): Promise<void> {
    this.#waiting++
    const empty = new Promise<void>((resolve) => {
      const timer = this.#deps.clock.after(returnWaitMsMax, settle)
      function settle(): void {
        timer[Symbol.dispose]()
        queue.waiters.delete(settle)
        resolve()
      }
      queue.waiters.add(settle)
    })
    try {
      await this.#deps.seal()
      await empty
    } finally {
      this.#waiting--
    }
  }
}
