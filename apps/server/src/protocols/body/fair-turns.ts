/**
 * Whose body is next. The projects share what there is: the one that has had least time goes first, so that a project with a thousand
 * connections does not keep out one with a single one. Turns are given out in slices, between which the event loop runs (queries,
 * health checks, answers). Who would wait or has waited too long is refused, so that an acknowledgement comes soon or not at all.
 */
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { protocolsBusy } from '../errors.ts'

export interface TurnOptions {
  /** Turns at the same time. */
  readonly atOnce: number
  /** Time given out between two runs of the event loop, at least; infinite for work that other threads do. */
  readonly sliceMs: number
  /** Longest wait before a turn; who would wait longer is refused on coming, who has waited longer when the turn would be his. */
  readonly waitMsMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** A turn that is over when it is disposed of. */
export interface Turn extends Disposable {
  /** It has lasted as long as a body may without a pause. */
  readonly isLong: boolean
  /** Lets the event loop run, and the other projects as they are due; resolves when it goes on. Never rejects. */
  pause(): Promise<void>
}

/**
 * `new` ones may be refused. What is `paused` holds the memory of a body half done; of what is there `again` the body is durable, and its
 * sender waits for the answer alone.
 */
type WaiterState = 'new' | 'paused' | 'again'

interface Waiter {
  /** Of a body that is begun: what is left of it, as far as can be told. */
  readonly sizeBytes: number
  readonly sinceMs: number
  readonly state: WaiterState
  readonly begin: (turn: Stretch) => void
  readonly refuse: (error: AppError) => void
}

/** From its begin or a pause on to the next pause or its end. */
interface Stretch {
  readonly line: Line
  readonly startedMs: number
}

/** A project's bodies. `spentMs` is in the scale of all lines: a line that comes anew starts where the others are. */
interface Line {
  /**
   * Before those who wait for their first turn: whoever came later cannot be done sooner on their cost, or a long body would wait for the
   * whole line at each of its pauses, and its sender send it again meanwhile.
   */
  readonly begun: Waiter[]
  readonly fresh: Waiter[]
  /** Of both. */
  waitingBytes: number
  spentMs: number
}

/** The pace is that of so much busy time, newest first, ms: a pause of the whole process (garbage, a query) must not look like it. */
const paceMemoryMs = 3000
/** What is known of the pace before there was a turn, so that the slow first ones do not decide alone. */
const firstPace = { ms: 100, sizeBytes: 1024 * 1024 }
/** A slice is as long as what else there was to do since the last one, so that half of the thread is for bodies, but no longer than this. */
const sliceMsMax = 40
/** A slice when the event loop is wanted back soon: a body or two. */
const hurriedSliceMs = 0.5
/** A turn that has lasted so long pauses. */
const stretchMs = 10
/**
 * Bodies half done: what they hold grows with their number. When there are so many, no further large one begins, and when there are twice
 * as many (some took longer than their size tells) none at all; small ones of other projects go between as ever.
 */
const pausedMax = { large: 4, any: 8 }
const retryAfterSecMax = 30
/** Refused senders are spread over this many seconds. */
const retrySpreadSec = 3

export class FairTurns {
  readonly #options: TurnOptions
  /** By project, while it has someone waiting or has had more than the others. */
  readonly #lines = new Map<string, Line>()
  #waitingBytes = 0
  #waitingCount = 0
  #running = 0
  /** What the line that was served last had had by then. */
  #servedMs = 0
  #usedMs = 0
  #sliceMs: number
  #sliceEnds = false
  #isHurried = false
  /** Since when time goes into the turn that ends next. */
  #busySinceMs = 0
  #paceMs = firstPace.ms
  #paceBytes = firstPace.sizeBytes
  #refusals = 0
  #paused = 0

  constructor(options: TurnOptions) {
    this.#options = options
    this.#sliceMs = options.sliceMs
  }

  /** Bytes of the bodies that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** How long what waits now will take, ms of the wall, at the pace of the last turns. */
  get drainMs(): number {
    return this.#msOf(this.#waitingBytes)
  }

  /**
   * How long one more body of the project would wait: for what is begun and what came before it; the others are served beside it as far as
   * they have as much to do.
   */
  expectedWaitMs(tenant: Tenant, sizeBytes: number): number {
    const own = (this.#lines.get(keyOf(tenant))?.waitingBytes ?? 0) + sizeBytes
    let bytesBefore = 0
    for (const line of this.#lines.values()) bytesBefore += Math.min(line.waitingBytes, own)
    return this.#msOf(bytesBefore)
  }

  /**
   * Resolves when it is the body's turn; dispose the result when it is over. Errors: `protocols.busy`, with a time to come again.
   */
  async take(tenant: Tenant, sizeBytes: number): Promise<Turn> {
    if (this.expectedWaitMs(tenant, sizeBytes) > this.#options.waitMsMax) throw this.busy()
    return this.#turnOf(tenant, sizeBytes, await this.#wait(tenant, sizeBytes, 'new'))
  }

  /** The same for what is left to do of a body that is durable already: goes before what came later of its project. Never rejects. */
  async takeAgain(tenant: Tenant): Promise<Turn> {
    return this.#turnOf(tenant, 0, await this.#wait(tenant, 0, 'again'))
  }

  /** The event loop is wanted back soon: this slice and the next one are short. */
  hurry(): void {
    this.#isHurried = true
    this.#sliceMs = Math.min(this.#sliceMs, hurriedSliceMs)
  }

  /** The refusal of now: come again when what waits is done, and not all in the same second. */
  busy(): AppError {
    const drainSec = Math.ceil(this.drainMs / 1000)
    this.#refusals = (this.#refusals + 1) % retrySpreadSec
    return new AppError(protocolsBusy, { retryAfterSec: Math.min(retryAfterSecMax, Math.max(1, drainSec) + this.#refusals) })
  }

  #wait(tenant: Tenant, sizeBytes: number, state: WaiterState): Promise<Stretch> {
    return new Promise((begin, refuse) => {
      const sinceMs = this.#options.clock.monotonicMs()
      if (this.#running + this.#waitingCount === 0) this.#busySinceMs = sinceMs
      const line = this.#lineOf(tenant)
      const those = state === 'new' ? line.fresh : line.begun
      those.push({ sizeBytes, sinceMs, state, begin, refuse })
      if (state === 'paused') this.#paused++
      line.waitingBytes += sizeBytes
      this.#waitingBytes += sizeBytes
      this.#waitingCount++
      this.#give()
    })
  }

  #turnOf(tenant: Tenant, sizeBytes: number, first: Stretch): Turn {
    const { clock } = this.#options
    let stretch: Stretch | null = first
    let leftBytes = sizeBytes
    return {
      get isLong() {
        return stretch !== null && clock.monotonicMs() - stretch.startedMs >= stretchMs
      },
      pause: async () => {
        if (stretch === null) throw new Error('a turn that is over cannot pause')
        const before = stretch
        stretch = null
        leftBytes -= this.#count(before, this.#doneBytes(leftBytes))
        stretch = await this.#wait(tenant, leftBytes, 'paused')
      },
      [Symbol.dispose]: () => {
        if (stretch === null) return
        this.#count(stretch, leftBytes)
        stretch = null
        this.#give()
      },
    }
  }

  #lineOf(tenant: Tenant): Line {
    const key = keyOf(tenant)
    let line = this.#lines.get(key)
    if (line === undefined) this.#lines.set(key, (line = { begun: [], fresh: [], waitingBytes: 0, spentMs: this.#servedMs }))
    else if (firstOf(line) === undefined) line.spentMs = Math.max(line.spentMs, this.#servedMs)
    return line
  }

  #give(): void {
    const { atOnce, waitMsMax, clock } = this.#options
    while (this.#running < atOnce && this.#waitingCount > 0 && this.#usedMs < this.#sliceMs) {
      const line = this.#next()
      const waiter = line.begun.shift() ?? line.fresh.shift()
      if (waiter === undefined) throw new Error('a line without a waiter was next')
      line.waitingBytes -= waiter.sizeBytes
      this.#waitingBytes -= waiter.sizeBytes
      this.#waitingCount--
      if (waiter.state === 'paused') this.#paused--
      const nowMs = clock.monotonicMs()
      if (waiter.state === 'new' && nowMs - waiter.sinceMs > waitMsMax) waiter.refuse(this.busy())
      else {
        this.#running++
        waiter.begin({ line, startedMs: nowMs })
      }
    }
  }

  /**
   * What a stretch that ends with a pause did of so much: as much as the pace says, so that the pace stays what it is until the body's end
   * shows how long it took; but never all of it, as there is more to do.
   */
  #doneBytes(leftBytes: number): number {
    const busyMs = this.#options.clock.monotonicMs() - this.#busySinceMs
    return Math.min(leftBytes / 2, (busyMs * this.#paceBytes) / this.#paceMs)
  }

  /** A stretch is over and has done so much, which is returned. */
  #count({ line, startedMs }: Stretch, sizeBytes: number): number {
    const nowMs = this.#options.clock.monotonicMs()
    this.#running--
    line.spentMs += nowMs - startedMs
    this.#usedMs += nowMs - startedMs
    const busyMs = nowMs - this.#busySinceMs
    const remains = Math.exp(-busyMs / paceMemoryMs)
    this.#paceMs = this.#paceMs * remains + busyMs
    this.#paceBytes = this.#paceBytes * remains + sizeBytes
    this.#busySinceMs = nowMs
    this.#scheduleSlice()
    return sizeBytes
  }

  /** Whatever is used of a slice, the next one begins after the event loop has been round once. */
  #scheduleSlice(): void {
    const { sliceMs, clock } = this.#options
    if (this.#sliceEnds || !Number.isFinite(sliceMs)) return
    this.#sliceEnds = true
    const beganMs = clock.monotonicMs() - this.#usedMs
    setImmediate(() => {
      const otherMs = clock.monotonicMs() - beganMs - this.#usedMs
      this.#sliceEnds = false
      this.#usedMs = 0
      this.#sliceMs = this.#isHurried ? hurriedSliceMs : Math.max(sliceMs, Math.min(otherMs, sliceMsMax))
      this.#isHurried = false
      this.#give()
      if (this.#running + this.#waitingCount === 0) this.#lines.clear()
    })
  }

  /** The line that has had least of those whose next one may go; forgets lines that nobody waits in and that the others have overtaken. */
  #next(): Line {
    let least: Line | null = null
    for (const [key, line] of this.#lines) {
      const first = firstOf(line)
      if (first === undefined) {
        if (line.spentMs <= this.#servedMs) this.#lines.delete(key)
      } else if ((least === null || line.spentMs < least.spentMs) && this.#mayGo(first)) least = line
    }
    if (least === null) throw new Error('nobody waits for a turn')
    this.#servedMs = Math.max(this.#servedMs, least.spentMs)
    return least
  }

  /** What is begun always may: so there is somebody who may while bodies are half done. */
  #mayGo({ state, sizeBytes }: Waiter): boolean {
    if (state !== 'new' || this.#paused < pausedMax.large) return true
    return this.#paused < pausedMax.any && this.#msOf(sizeBytes) <= stretchMs
  }

  #msOf(sizeBytes: number): number {
    return (sizeBytes * this.#paceMs) / this.#paceBytes
  }
}

function firstOf({ begun, fresh }: Line): Waiter | undefined {
  return begun[0] ?? fresh[0]
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}
