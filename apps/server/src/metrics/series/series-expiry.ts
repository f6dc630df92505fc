/**
 * Which series leave the index, and when: those not seen for hours; more of them, the longest unseen first, when memory or a project's number
 * of series presses; and within minutes those of which never a sample was stored. Never one with samples in the head, nor one whose row or
 * samples may not be in the engine yet. Works in slices of a few milliseconds.
 */
import type { IngestLog } from '../../ingest/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { SeriesRegistry } from './registry.ts'
import { retired } from './series-columns.ts'

export interface SeriesExpiryDeps {
  readonly registry: SeriesRegistry
  readonly head: { holds(ref: number): boolean; relieve(): void }
  readonly histograms: { holds(ref: number): boolean }
  readonly log: Pick<IngestLog, 'backlog'>
  readonly clock: Clock
  readonly limits: ExpiryLimits
}

export interface ExpiryLimits {
  /** A series unseen for so long leaves the index. */
  readonly unseenMinutesMax: number
  /** Memory of series (`SeriesRegistry.usedBytes`) above which more leave. */
  readonly usedBytesMax: number
  /** How long refs keep their meaning after their series left: longer than any query or request takes. */
  readonly restMs: number
}

/** What a pass did. */
export interface ExpiryPass {
  readonly expired: number
  readonly released: number
  /** Memory or a project's number of series is close to its limit. */
  readonly isPressed: boolean
}

/** Unseen for less is in use, whatever presses. */
const activeMinutes = 5
/** Refused newcomers, of which nothing was stored, leave after so long. */
const neverStoredMinutes = 2
/** Share of a limit from which on more leave, and the share they are brought down to. */
const pressedShare = 0.95
const relievedShare = 0.9
const periodMs = 60_000
const pressedPeriodMs = 10_000
/** Series looked at between two pauses, and series that leave together: the caches are swept once for them. */
const refsPerStep = 65_536
const refsPerBatch = 524_288
/** One slice of work. */
const sliceMs = 4
/** Clocks and counters are read at different moments. */
const slackMs = 5_000

/** How long series are unseen, by minutes up to a bound: those that may leave. */
class Ages {
  readonly counts: Uint32Array

  constructor(minutesMax: number) {
    this.counts = new Uint32Array(minutesMax + 1)
  }

  add(minutes: number): void {
    this.counts[Math.min(minutes, this.counts.length - 1)]!++
  }

  /** The least age so that `excess` series are as old or older; not below what is in use. */
  thresholdFor(excess: number): number {
    let count = 0
    let age = this.counts.length - 1
    while (age > activeMinutes && (count += this.counts[age]!) < excess) age--
    return age
  }

  countFrom(minutes: number): number {
    let count = 0
    for (let age = minutes; age < this.counts.length; age++) count += this.counts[age]!
    return count
  }
}

export class SeriesExpiry implements AsyncDisposable {
  readonly #deps: SeriesExpiryDeps
  readonly #stop = new AbortController()
  readonly #startMs: number
  #loop: Promise<void> | null = null
  /** Unseen for so many minutes leaves: of all, and of projects that are close to their limit, by index. */
  #threshold: number
  readonly #tenantThresholds = new Map<number, number>()
  /** What came before this minute is in the engine. */
  #insertedBeforeMinute = 0
  expiredTotal = 0

  constructor(deps: SeriesExpiryDeps) {
    this.#deps = deps
    this.#threshold = deps.limits.unseenMinutesMax
    this.#startMs = deps.clock.nowMs() - deps.clock.monotonicMs()
    this.tick()
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Moves the registry's clocks on: that of the wall at start, and then no jumps. */
  tick(): void {
    const { registry, log, clock } = this.#deps
    const nowMs = clock.monotonicMs()
    registry.life.nowMs = nowMs
    registry.setNow(Math.floor((this.#startMs + nowMs) / 60_000))
    this.#insertedBeforeMinute = Math.floor((this.#startMs + nowMs - log.backlog().oldestMs - slackMs) / 60_000)
  }

  /** One pass over all series, in steps of about a millisecond. */
  *pass(): Generator<void, ExpiryPass> {
    const { registry, limits } = this.#deps
    this.tick()
    const released = yield* registry.life.release(limits.restMs)
    const isPressed = yield* this.#survey()
    let expired = 0
    for (let from = 0; from < registry.refCount;) {
      const batch = new Uint32Array(Math.min(refsPerBatch, registry.refCount - from))
      let count = 0
      for (; from < registry.refCount && count < batch.length; from++) {
        if (from % refsPerStep === refsPerStep - 1) yield
        if (registry.columns.state[from]! < retired && this.#mayGo(from)) batch[count++] = from
      }
      if (count === 0) continue
      this.tick()
      expired += yield* registry.life.expire(batch.subarray(0, count), (ref) => this.#mayGo(ref))
    }
    this.expiredTotal += expired
    return { expired, released, isPressed }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  /** Sets the thresholds; true when something presses. */
  *#survey(): Generator<void, boolean> {
    const { registry, head, limits } = this.#deps
    const { columns } = registry
    const all = new Ages(limits.unseenMinutesMax)
    const pressed = new Map<number, Ages>()
    for (const { index, count } of registry.tenants) {
      if (count > registry.limits.perTenantMax * pressedShare) pressed.set(index, new Ages(limits.unseenMinutesMax))
    }
    for (let ref = 0; ref < registry.refCount; ref++) {
      if (ref % refsPerStep === refsPerStep - 1) yield
      if (columns.state[ref]! >= retired || !this.#isFree(ref)) continue
      const age = columns.nowMinute - columns.seenMinute[ref]!
      all.add(age)
      if (pressed.size > 0) pressed.get(columns.tenantOf[ref]!)?.add(age)
    }
    const excess = this.#excess()
    this.#threshold = excess > 0 ? all.thresholdFor(excess) : limits.unseenMinutesMax
    let isShort = excess > all.countFrom(activeMinutes)
    this.#tenantThresholds.clear()
    for (const [index, ages] of pressed) {
      const its = (registry.tenants[index]?.count ?? 0) - Math.floor(registry.limits.perTenantMax * relievedShare)
      this.#tenantThresholds.set(index, ages.thresholdFor(its))
      if (its > ages.countFrom(activeMinutes)) isShort = true
    }
    // Too few can go, because the head holds samples of the others.
    if (isShort) head.relieve()
    return excess > 0 || pressed.size > 0
  }

  /** Series too many. */
  #excess(): number {
    const { registry, limits } = this.#deps
    const count = registry.seriesCount
    const { usedBytes } = registry
    const byTotal = count > registry.limits.totalMax * pressedShare ? count - registry.limits.totalMax * relievedShare : 0
    if (usedBytes < limits.usedBytesMax * pressedShare) return Math.ceil(byTotal)
    const bytesPerSeries = usedBytes / (count + registry.life.restingCount)
    return Math.ceil(Math.max(byTotal, (usedBytes - limits.usedBytesMax * relievedShare) / bytesPerSeries - registry.life.restingCount))
  }

  /** Is nothing of it in memory, and all that was acknowledged of it in the engine? */
  #isFree(ref: number): boolean {
    const { registry, head, histograms } = this.#deps
    if (head.holds(ref) || histograms.holds(ref)) return false
    return !registry.columns.wasStored(ref) || registry.columns.seenMinute[ref]! < this.#insertedBeforeMinute
  }

  #mayGo(ref: number): boolean {
    const { columns } = this.#deps.registry
    const unseen = columns.nowMinute - columns.seenMinute[ref]!
    if (unseen < neverStoredMinutes) return false
    if (!columns.wasStored(ref)) return this.#isFree(ref)
    const threshold = Math.min(this.#threshold, this.#tenantThresholds.get(columns.tenantOf[ref]!) ?? Infinity)
    return unseen >= threshold && this.#isFree(ref)
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps
    const { signal } = this.#stop
    while (!signal.aborted) {
      const { isPressed } = await this.#inSlices(this.pass())
      const untilMs = clock.monotonicMs() + (isPressed ? pressedPeriodMs : periodMs)
      while (!signal.aborted && clock.monotonicMs() < untilMs) {
        this.tick()
        await clock.sleep(pressedPeriodMs, signal)
      }
    }
  }

  async #inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
    const { clock } = this.#deps
    for (let sinceMs = clock.monotonicMs(); ;) {
      const step = work.next()
      if (step.done === true) return step.value
      if (clock.monotonicMs() - sinceMs < sliceMs) continue
      await new Promise((resolve) => setImmediate(resolve))
      sinceMs = clock.monotonicMs()
    }
  }
}
