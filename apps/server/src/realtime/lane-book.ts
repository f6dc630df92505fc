/**
 * Which lane a project's data takes now: what the store, the switches and the unread bodies say, in memory, because the door asks for
 * every body. A project that goes back to the ready lane waits for what it sent before to be read, so that delta totals are added up in
 * order; but not for long, because all who are in the low lane stand in one row. What is read later than newer points of the same delta
 * stream is refused (`delta_out_of_order`); cumulative streams and gauges need no order.
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
  bodies: number
  sizeBytes: number
  /** The project is back in the ready lane and waited long enough for these. */
  isPassed: boolean
  /** Of a project that goes back: until then its new bodies wait. */
  returning: Returning | null
}

interface Returning {
  readonly over: Promise<void>
  readonly end: () => void
}

export class LaneBook {
  readonly #deps: LaneBookDeps
  #members: ReadonlySet<number> = new Set()
  #switches: ReadonlyMap<number, LaneSwitch> = new Map()
  readonly #queues = new Map<number, Queue>()
  #waiting = 0
  #unreadBytes = 0

  constructor(deps: LaneBookDeps) {
    this.#deps = deps
  }

  /**
   * Bodies wait for what is left of their project in the low lane, and it is worth hurrying: with much of others before it they would wait
   * all the same, and the others' bodies would be what is hurried.
   */
  get isUrgent(): boolean {
    return this.#waiting > 0 && this.#unreadBytes <= returnBytesMax
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
    if (this.isLow(projectId)) return 'low'
    const queue = this.#queues.get(projectId)
    return queue === undefined || queue.isPassed ? 'ready' : 'low'
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
   * Where a body goes that is here. `low`: it counts as arriving, until `queued` or `failed`. The first bodies of a project that goes back
   * wait here for those before them, for a bounded time.
   */
  async enter(projectId: number): Promise<ProjectLane> {
    const queue = this.#queues.get(projectId)
    if (!this.isLow(projectId)) {
      if (queue !== undefined && !queue.isPassed) await this.#returned(queue)
      if (!this.isLow(projectId)) return 'ready'
    }
    const into = this.#queueFor(projectId)
    into.isPassed = false
    into.arriving++
    return 'low'
  }

  queued(projectId: number, sizeBytes: number): void {
    const queue = this.#queueFor(projectId)
    queue.arriving--
    queue.bodies++
    this.#resize(queue, queue.sizeBytes + sizeBytes)
  }

  failed(projectId: number): void {
    const queue = this.#queueFor(projectId)
    queue.arriving--
    this.#letGo(projectId, queue)
  }

  /** Found in the log at start. */
  recovered(projectId: number, sizeBytes: number): void {
    const queue = this.#queueFor(projectId)
    queue.bodies++
    this.#resize(queue, queue.sizeBytes + sizeBytes)
  }

  /** Read, or given up. */
  processed(projectId: number, sizeBytes: number): void {
    const queue = this.#queues.get(projectId)
    if (queue === undefined) return
    queue.bodies = Math.max(0, queue.bodies - 1)
    this.#resize(queue, queue.bodies === 0 ? 0 : Math.max(0, queue.sizeBytes - sizeBytes))
    this.#letGo(projectId, queue)
  }

  /** The log has nothing of the lane: whatever damage took away is not waited for. */
  emptied(): void {
    for (const [projectId, queue] of this.#queues) {
      queue.bodies = 0
      this.#resize(queue, 0)
      this.#letGo(projectId, queue)
    }
  }

  #queueFor(projectId: number): Queue {
    let queue = this.#queues.get(projectId)
    if (queue === undefined) {
      queue = { arriving: 0, bodies: 0, sizeBytes: 0, isPassed: false, returning: null }
      this.#queues.set(projectId, queue)
    }
    return queue
  }

  #resize(queue: Queue, sizeBytes: number): void {
    this.#unreadBytes += sizeBytes - queue.sizeBytes
    queue.sizeBytes = sizeBytes
  }

  #letGo(projectId: number, queue: Queue): void {
    if (queue.bodies > 0 || queue.arriving > 0) return
    this.#queues.delete(projectId)
    queue.returning?.end()
  }

  /** Until the queue is read, or its project need not wait for it any longer. All who wait began with the first one. */
  async #returned(queue: Queue): Promise<void> {
    this.#waiting++
    try {
      queue.returning ??= this.#beginReturn(queue)
      const { over } = queue.returning
      await this.#deps.seal()
      await over
    } finally {
      this.#waiting--
    }
  }

  #beginReturn(queue: Queue): Returning {
    const { promise: over, resolve } = withResolvers()
    const timer = this.#deps.clock.after(returnWaitMsMax, end)
    function end(): void {
      timer[Symbol.dispose]()
      queue.isPassed = true
      queue.returning = null
      resolve()
    }
    return { over, end }
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve }
}
