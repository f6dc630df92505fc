/**
 * Rounds of rollup work. A round (1) says up to when it will close buckets, so that samples that come from then on are marked late,
 * and takes marks that have rested; (2) waits until everything acknowledged before is in the engine; (3) makes the buckets; (4) notes
 * that they are made. A crash anywhere repeats the work under a higher number, whose rows win.
 */
import type { IngestLog } from '../../ingest/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { RollupInstruments } from './instruments.ts'
import { hourRuns, type HourRun, type RollupMaker } from './maker.ts'
import type { HourMask, RollupMarks } from './marks.ts'
import { roundsPerPartition, type MarkStore } from './mark-store.ts'
import { bucketsPerHour, fiveMinutes, oneHour, wholeHourMask } from './spans.ts'

export interface RollerDeps {
  readonly marks: RollupMarks
  readonly store: MarkStore
  readonly maker: RollupMaker
  /** Hours of each project that have samples. Errors: the engine's. */
  readonly hoursWithSamples: (signal: AbortSignal) => Promise<readonly HourMask[]>
  /** Samples of the hour are past their retention and its rollups are not: it must not be made again. */
  readonly isSealed?: (mark: HourMask) => boolean
  readonly log: Pick<IngestLog, 'backlog'>
  readonly clock: Clock
  readonly logger: Logger
  readonly instruments: RollupInstruments
  readonly timing?: Partial<RollerTiming>
}

export interface RollerTiming {
  /** Between looks for work. */
  readonly periodMs: number
  /** How long after its end a bucket is closed: most senders have sent by then, and what comes later costs a repetition. */
  readonly graceMs: number
  /** A late bucket is made again when nothing came into its hour for this long, */
  readonly quietMs: number
  /** or so long after the first late sample. */
  readonly lateMsMax: number
}

export const defaultTiming: RollerTiming = { periodMs: 15_000, graceMs: 90_000, quietMs: 30_000, lateMsMax: 600_000 }

/** Hours that one round closes, hours of one project in one statement, and late hours in one round: while rounds succeed. */
const hoursPerClosing = 6
const hoursPerRun = 6
const lateHoursPerRound = 96
/** A round that fails is followed by ones of half its size, down to a bucket: what is too much for one statement must not stop everything. */
const leastShare = 1 / (hoursPerClosing * bucketsPerHour)
const waitMs = 100
/** More than this is not closed hour by hour: no program was away for so long and has samples of most of it. */
const jumpMsMin = 30 * 86_400_000

export class RollupRoller implements AsyncDisposable {
  readonly #deps: RollerDeps
  readonly #timing: RollerTiming
  readonly #stop = new AbortController()
  #seq = 0
  /** Up to where the first life of the program with rollups has to make everything; null when that was seen to. */
  #oldUpToMs: number | null = null
  /** Of the sizes above, what the next round tries. */
  #share = 1
  /** The last round failed and had late hours: the next one goes without. */
  #leavesLate = false
  #writing: Promise<void> | null = null
  #turn: Promise<void> = Promise.resolve()
  #loop: Promise<void> | null = null

  constructor(deps: RollerDeps) {
    this.#deps = deps
    this.#timing = { ...defaultTiming, ...deps.timing }
  }

  /** Reads where the last life left off. Before the log is recovered, so that what is found there is marked. Errors: the engine's. */
  async open(): Promise<void> {
    const { marks, store } = this.#deps
    const progress = await store.load(this.#stop.signal)
    this.#seq = progress.seq + 1
    for (const mark of progress.late) marks.restore(mark)
    if (progress.closedMs === null) {
      this.#oldUpToMs = this.#closableMs()
      return marks.noteUpTo(this.#oldUpToMs)
    }
    marks.close(progress.closedMs)
    await store.snapshot(this.#seq, marks.all(), progress.closedMs)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** To be awaited before samples are inserted: no late sample is in the engine without its mark. Rejects when it is to be tried again. */
  async beforeInsert(): Promise<void> {
    while (this.#deps.marks.hasUnwritten) {
      this.#writing ??= this.#writeMarks().finally(() => {
        this.#writing = null
      })
      await this.#writing
    }
  }

  /** One round; false when there was nothing to do. Errors: the engine's; everything waits for the next round then. */
  round(): Promise<boolean> {
    return this.exclusive(() => this.#round())
  }

  /** Runs `work` while no round does: what it deletes is not made again of what was read before. */
  async exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.then(
      () => {},
      () => {},
    )
    return await done
  }

  async #round(): Promise<boolean> {
    if (this.#oldUpToMs !== null) await this.#beginWithOldSamples(this.#oldUpToMs)
    else if (this.#closableMs() - this.#deps.marks.closedMs > jumpMsMin) await this.#jump()
    await this.beforeInsert()
    const { marks, store, clock, instruments } = this.#deps
    const { quietMs, lateMsMax } = this.#timing
    const perRun = Math.max(Math.floor(hoursPerRun * this.#share), 1)
    const lateHours = this.#leavesLate ? 0 : Math.max(Math.floor(lateHoursPerRound * this.#share), 1)
    const taken = lateHours === 0 ? [] : marks.take({ quietMs, atMostMs: lateMsMax }, lateHours)
    const closeToMs = Math.max(Math.min(this.#closableMs(), marks.closedMs + this.#closingMs()), marks.closedMs)
    this.#leavesLate = false
    if (taken.length === 0 && closeToMs === marks.closedMs) return false
    const seq = ++this.#seq
    try {
      marks.noteUpTo(closeToMs)
      await this.#untilInserted()
      await store.begin(seq)
      const startedMs = clock.monotonicMs()
      const closing = closingRuns(marks.closedMs, closeToMs)
      const { isSealed = () => false } = this.#deps
      const open = taken.filter((mark) => !isSealed(mark))
      await this.#make([...closing, ...hourRuns(open, perRun)], seq, closeToMs)
      await store.done(seq, taken, closeToMs)
      marks.close(closeToMs)
      marks.made()
      this.#share = Math.min(this.#share * 2, 1)
      instruments.rounds.inc()
      instruments.seconds.inc((clock.monotonicMs() - startedMs) / 1000)
      instruments.lateBuckets.inc(taken.reduce((sum, { mask }) => sum + bitsOf(mask), 0))
    } catch (error) {
      marks.giveBack()
      this.#share = Math.max(this.#share / 2, leastShare)
      this.#leavesLate = taken.length > 0
      throw error
    }
    if (seq % roundsPerPartition === 0) await store.snapshot(++this.#seq, marks.all(), marks.closedMs)
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock, logger, instruments } = this.#deps
    const { signal } = this.#stop
    for (let failures = 0; !signal.aborted;) {
      try {
        const isBusy = await this.round()
        failures = 0
        if (!isBusy) await clock.sleep(this.#timing.periodMs, signal)
      } catch (error) {
        if (signal.aborted) return
        instruments.failures.inc()
        // The first and then every doubling, so that an hour without the engine is a dozen lines.
        if ((failures & (failures + 1)) === 0)
          logger.warn('a round of rollups failed and will be repeated', { error: String(error), failures })
        failures++
        await clock.sleep(this.#timing.periodMs, signal)
      }
    }
  }

  async #make(runs: readonly HourRun[], seq: number, closeToMs: number): Promise<void> {
    const { maker, instruments } = this.#deps
    const { signal } = this.#stop
    for (const run of runs) {
      const made = await maker.makeSmall(run, seq, signal)
      instruments.rows.inc({ table: fiveMinutes.table }, made.rows)
      instruments.rows.inc({ table: oneHour.table }, made.hourRows)
      instruments.samples.inc(made.samples)
      // Hours that were made whole just now are not made again.
      const masks = run.masks.map((mask, i) =>
        mask !== wholeHourMask && this.#isWhole(run.tenant, run.fromHour + i, closeToMs) ? wholeHourMask : 0,
      )
      if (!masks.includes(wholeHourMask)) continue
      const { hourRows } = await maker.makeHours({ ...run, masks }, seq, signal)
      instruments.rows.inc({ table: oneHour.table }, hourRows)
    }
  }

  /** Are all buckets of the hour made by now? If some are late again, the round that makes them makes the hour. */
  #isWhole(tenant: Tenant | null, hour: number, closeToMs: number): boolean {
    if ((hour + 1) * oneHour.bucketMs > closeToMs) return false
    return tenant === null || this.#deps.marks.lateMask(tenant, hour) === 0
  }

  /** Every hour that has samples waits to be made. Samples that are not in the engine yet were marked as they came. */
  async #beginWithOldSamples(upToMs: number): Promise<void> {
    const { marks, store, hoursWithSamples } = this.#deps
    for (const mark of await hoursWithSamples(this.#stop.signal)) marks.restore(mark)
    await store.snapshot(++this.#seq, marks.all(), upToMs)
    marks.close(upToMs)
    this.#oldUpToMs = null
  }

  /**
   * The clock was set forward by years, as when a machine starts in 1970 and learns the time later: what lies between is not closed hour by
   * hour. The hours that have samples wait to be made, the others are nothing.
   */
  async #jump(): Promise<void> {
    const { marks, store, hoursWithSamples } = this.#deps
    const fromHour = Math.floor(marks.closedMs / oneHour.bucketMs)
    const upToMs = this.#closableMs()
    marks.noteUpTo(upToMs)
    await this.#untilInserted()
    for (const mark of await hoursWithSamples(this.#stop.signal)) {
      if (mark.hour >= fromHour && mark.hour * oneHour.bucketMs < upToMs) marks.restore(mark)
    }
    await store.snapshot(++this.#seq, marks.all(), upToMs)
    marks.close(upToMs)
  }

  /** Until everything that was acknowledged before the call is in the engine. */
  async #untilInserted(): Promise<void> {
    const { log, clock } = this.#deps
    const sinceMs = clock.monotonicMs()
    while (!isInserted(log, clock.monotonicMs() - sinceMs)) {
      await clock.sleep(waitMs, this.#stop.signal)
      this.#stop.signal.throwIfAborted()
    }
  }

  #closableMs(): number {
    const { bucketMs } = fiveMinutes
    return Math.floor((this.#deps.clock.nowMs() - this.#timing.graceMs) / bucketMs) * bucketMs
  }

  /** How much of the time that is not closed yet the next round takes, at least a bucket. */
  #closingMs(): number {
    return Math.max(Math.floor(this.#share * hoursPerClosing * bucketsPerHour), 1) * fiveMinutes.bucketMs
  }

  async #writeMarks(): Promise<void> {
    const { marks, store } = this.#deps
    const unwritten = marks.unwritten()
    try {
      await store.mark(this.#seq, unwritten)
    } catch (error) {
      // Whatever the engine says about the marks, the samples are not refused for it.
      throw new Error('marks of late samples could not be written', { cause: error })
    }
    marks.written(unwritten)
  }
}

/** Is everything that was acknowledged more than `ageMs` ago in the engine? */
function isInserted(log: Pick<IngestLog, 'backlog'>, ageMs: number): boolean {
  const { segments, oldestMs } = log.backlog()
  return segments === 0 || oldestMs < ageMs
}

/** The buckets in `(fromMs, toMs]` of all projects. */
export function closingRuns(fromMs: number, toMs: number): HourRun[] {
  const runs: { tenant: null; fromHour: number; masks: number[] }[] = []
  const { bucketMs } = fiveMinutes
  for (let bucket = fromMs / bucketMs; bucket < toMs / bucketMs; bucket++) {
    const hour = Math.floor(bucket / bucketsPerHour)
    let run = runs.at(-1)
    if (run === undefined || hour >= run.fromHour + hoursPerRun) runs.push((run = { tenant: null, fromHour: hour, masks: [] }))
    const at = hour - run.fromHour
    run.masks[at] = (run.masks[at] ?? 0) | (1 << (bucket % bucketsPerHour))
  }
  return runs
}

function bitsOf(mask: number): number {
  let count = 0
  for (let bits = mask; bits !== 0; bits &= bits - 1) count++
  return count
}
