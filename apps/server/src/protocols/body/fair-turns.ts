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

interface Waiter {
  readonly sizeBytes: number
  readonly sinceMs: number
  /** Half of it is done: it is not refused for having waited. */
  readonly isBegun: boolean
  readonly begin: (turn: Stretch) => void
  readonly refuse: (error: AppError) => void
}

/** From its begin or a pause on to the next pause or its end. */
interface Stretch {
  readonly startedMs: number
  /** `sizeBytes`: what was done by it, for the pace. */
  end(sizeBytes: number): void
}

/** A project's bodies. `spentMs` is in the scale of all lines: a line that comes anew starts where the others are. */
interface Line {
  readonly waiting: Waiter[]
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
/** Bodies half done that let others go before: what they hold grows with their number. Further ones only let the event loop run. */
const pausedMax = 4
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

  /** How long one more body of the project would wait: the others are served beside it as far as they have as much to do. */
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
    return this.#turnOf(tenant, sizeBytes, await this.#wait(tenant, sizeBytes, false))
  }

  /** The same for what is left to do of a body that is taken already: waits as long as it must. Never rejects. */
  async takeAgain(tenant: Tenant): Promise<Turn> {
    return this.#turnOf(tenant, 0, await this.#wait(tenant, 0, true))
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

  #wait(tenant: Tenant, sizeBytes: number, isBegun: boolean): Promise<Stretch> {
    return new Promise((begin, refuse) => {
      const sinceMs = this.#options.clock.monotonicMs()
      if (this.#running + this.#waitingCount === 0) this.#busySinceMs = sinceMs
      const line = this.#lineOf(tenant)
      line.waiting.push({ sizeBytes, sinceMs, isBegun, begin, refuse })
      line.waitingBytes += sizeBytes
      this.#waitingBytes += sizeBytes
      this.#waitingCount++
      this.#give()
    })
  }

  #turnOf(tenant: Tenant, sizeBytes: number, first: Stretch): Turn {
    const { clock } = this.#options
    let stretch: Stretch | null = first
    /** Of a turn that is held over a pause. */
    let resumedMs = first.startedMs
    return {
      get isLong() {
        return clock.monotonicMs() - resumedMs >= stretchMs
      },
      pause: async () => {
        if (stretch === null) throw new Error('a turn that is over cannot pause')
        if (this.#paused >= pausedMax) await new Promise((resolve) => setImmediate(resolve))
        else {
          this.#paused++
          const before = stretch
          stretch = null
          const next = this.#wait(tenant, 0, true)
          before.end(0)
          stretch = await next
          this.#paused--
        }
        resumedMs = clock.monotonicMs()
      },
      [Symbol.dispose]: () => {
        stretch?.end(sizeBytes)
        stretch = null
      },
    }
  }

  #lineOf(tenant: Tenant): Line {
    const key = keyOf(tenant)
    let line = this.#lines.get(key)
    if (line === undefined) this.#lines.set(key, (line = { waiting: [], waitingBytes: 0, spentMs: this.#servedMs }))
    else if (line.waiting.length === 0) line.spentMs = Math.max(line.spentMs, this.#servedMs)
    return line
  }

  #give(): void {
    const { atOnce, waitMsMax, clock } = this.#options
    while (this.#running < atOnce && this.#waitingCount > 0 && this.#usedMs < this.#sliceMs) {
      const line = this.#next()
      const waiter = line.waiting.shift()
      if (waiter === undefined) throw new Error('a line without a waiter was next')
      line.waitingBytes -= waiter.sizeBytes
      this.#waitingBytes -= waiter.sizeBytes
      this.#waitingCount--
      const nowMs = clock.monotonicMs()
      if (!waiter.isBegun && nowMs - waiter.sinceMs > waitMsMax) waiter.refuse(this.busy())
      else this.#begin(line, waiter, nowMs)
    }
  }

  #begin(line: Line, { begin }: Waiter, startedMs: number): void {
    this.#running++
    begin({ startedMs, end: (sizeBytes) => this.#end(line, sizeBytes, startedMs) })
  }

  #end(line: Line, sizeBytes: number, startedMs: number): void {
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
    this.#give()
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

  /** The line that has had least; forgets lines that nobody waits in and that the others have overtaken. */
  #next(): Line {
    let least: Line | null = null
    for (const [key, line] of this.#lines) {
      if (line.waiting.length > 0) {
        if (least === null || line.spentMs < least.spentMs) least = line
      } else if (line.spentMs <= this.#servedMs) this.#lines.delete(key)
    }
    if (least === null) throw new Error('nobody waits for a turn')
    this.#servedMs = Math.max(this.#servedMs, least.spentMs)
    return least
  }

  #msOf(sizeBytes: number): number {
    return (sizeBytes * this.#paceMs) / this.#paceBytes
  }
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}
