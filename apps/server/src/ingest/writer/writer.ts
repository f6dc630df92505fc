/**
 * Takes sealed segments and puts them into the stores, exactly once: every insert carries a token made of the segment, a
 * segment is committed only when all its inserts are done, and what fails for now is tried again for ever. The engine notes a
 * token before it keeps the rows: killed in between it takes every repetition for a duplicate of rows that it has not, so a
 * repeated insert is done only when its rows were seen. What the engine refuses several times is buried;
 * of records that cannot be read only these are. Raw lanes are decoded
 * here first, in portions, under the raw segment's token; each lane has its own workers, so that the low-priority lane never delays another.
 */
import type { Clock } from '../../kernel/clock.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Conservation, IngestLog, InsertProbe, Kind, KindHandler, Lane, LogRecord, ProcessedRaw, Segment } from '../ports.ts'
import { rawPortionRowsMin } from '../limits.ts'
import { backoffMs } from './backoff.ts'
import { LowLanePace, type LowLaneOptions } from './low-lane.ts'
import type { PlannedInsert } from './plan.ts'
import { planInSteps, prepareInserts, rowsByTenant } from './plan.ts'
import { SegmentContents, setUnreadableAside } from './set-aside.ts'

export interface InsertRequest extends PlannedInsert {
  readonly signal: AbortSignal
}

/** What the writer tells the metrics. */
export interface WriterObserver {
  inserted(table: string, rows: number, durationMs: number): void
  /** `code` of the error, or `unknown`. */
  retried(code: string): void
  buried(rows: number): void
}

export interface WriterDeps {
  readonly log: Pick<IngestLog, 'take' | 'commit' | 'bury' | 'seal' | 'backlog'>
  readonly handlers: ReadonlyMap<Kind, KindHandler>
  /** Errors by code: see engines' `ClickHouse`. `engine.rejected` is not retried for ever; every other error is. */
  readonly insert: (request: InsertRequest) => Promise<void>
  /** Are the rows that the probe asks for in the engine? Errors as of `insert`. */
  readonly isThere: (probe: InsertProbe, signal: AbortSignal) => Promise<boolean>
  readonly conservation: Pick<Conservation, 'queued' | 'stored' | 'buried'>
  readonly clock: Clock
  readonly logger: Logger
  /** Segments of the ready lane inserted at once; 1 by default. */
  readonly concurrency?: number
  /** How often `engine.rejected` is believed to be a passing state. */
  readonly rejectionsMax?: number
  /** How long disposing waits for the log to become empty. What is left stays in the log. */
  readonly drainTimeoutMs?: number
  /** Whether the stores answer. When they do not, disposing does not wait for the log to become empty. */
  readonly isStoreReady?: () => boolean
  readonly observer?: WriterObserver
  /** [0, 1), for the jitter. */
  readonly random?: () => number
  /** Lets other work in between two raw records, and between two inserts that are built. */
  readonly yieldTurn?: () => Promise<void>
  /** Points of raw records inserted at once, at least. */
  readonly rawPortionRows?: number
  /** How the low lane keeps to its share; without it, it is a lane like `raw`. */
  readonly low?: LowLaneOptions
}

export interface Writer extends AsyncDisposable {
  start(): void
  /** Seals the log and resolves when these lanes of it (or all) are empty or `signal` aborts. The writer goes on. */
  drain(signal: AbortSignal, lanes?: readonly Lane[]): Promise<void>
  state(): WriterState
}

export interface WriterState {
  readonly running: boolean
  readonly segmentsWritten: number
  readonly segmentsBuried: number
  /** Attempts of inserts that failed and were or are repeated. */
  readonly retries: number
  /** Code of the error that the writer is waiting out now, or null. */
  readonly waitingFor: string | null
  /** Age of the oldest record of the lanes `raw` and `low` that was processed (queries see it) and is not inserted, ms; 0: none. */
  readonly heldMs: number
}

export function createWriter(deps: WriterDeps): Writer {
  return new SegmentWriter(deps)
}

const drainPollMs = 20

type Outcome = { readonly type: 'done' } | { readonly type: 'aborted' } | { readonly type: 'refused'; readonly reason: string }

/** Why a segment, or some records of it, is moved to the dead letters. */
interface Burial {
  readonly reason: string
  readonly cause: unknown
  readonly part: readonly LogRecord[] | null
}

const done: Outcome = { type: 'done' }
const aborted: Outcome = { type: 'aborted' }

class SegmentWriter implements Writer {
  readonly #deps: WriterDeps
  readonly #rejectionsMax: number
  readonly #random: () => number
  readonly #yieldTurn: () => Promise<void>
  readonly #stop = new AbortController()
  #workers: Promise<void>[] = []
  #segmentsWritten = 0
  #segmentsBuried = 0
  #retries = 0
  readonly #waiting = new Map<string, string>()
  readonly #pace: LowLanePace | null
  /** By segment: since when processed records of it wait to be inserted. */
  readonly #held = new Map<Segment, number>()

  constructor(deps: WriterDeps) {
    this.#deps = deps
    this.#pace = deps.low === undefined ? null : new LowLanePace(deps.low, deps.clock)
    this.#rejectionsMax = deps.rejectionsMax ?? 3
    this.#random = deps.random ?? Math.random
    this.#yieldTurn = deps.yieldTurn ?? (() => new Promise((resolve) => setImmediate(resolve)))
  }

  start(): void {
    if (this.#workers.length > 0 || this.#stop.signal.aborted) return
    for (let worker = 0; worker < (this.#deps.concurrency ?? 1); worker++) this.#workers.push(this.#work('ready'))
    this.#workers.push(this.#work('raw'))
    for (let worker = 0; worker < (this.#deps.low?.workers ?? 1); worker++) this.#workers.push(this.#work('low'))
  }

  async drain(signal: AbortSignal, lanes?: readonly Lane[]): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.log.seal()
      if (this.#deps.log.backlog(lanes).segments === 0) return
      await this.#deps.clock.sleep(drainPollMs, signal)
    }
  }

  state(): WriterState {
    return {
      running: this.#workers.length > 0 && !this.#stop.signal.aborted,
      segmentsWritten: this.#segmentsWritten,
      segmentsBuried: this.#segmentsBuried,
      retries: this.#retries,
      waitingFor: this.#waiting.values().next().value ?? null,
      heldMs: this.#held.size === 0 ? 0 : this.#deps.clock.monotonicMs() - Math.min(...this.#held.values()),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isStoreReady = this.#deps.isStoreReady?.() ?? true
    if (isStoreReady && this.#workers.length > 0 && !this.#stop.signal.aborted) {
      const deadline = new AbortController()
      using _ = this.#deps.clock.after(this.#deps.drainTimeoutMs ?? 5000, () => deadline.abort())
      // What is in the low lane may be a lot, and is as safe in the log.
      await this.drain(deadline.signal, ['ready', 'raw'])
    }
    this.#stop.abort()
    await Promise.all(this.#workers)
  }

  async #work(lane: Lane): Promise<void> {
    for (;;) {
      const segment = await this.#deps.log.take(lane, this.#stop.signal)
      if (segment === null) return
      await this.#write(segment)
    }
  }

  /** Ends when the segment is committed, buried, or the writer stops (it then comes again after the next start). */
  async #write(segment: Segment): Promise<void> {
    const records = await this.#persist(segment.token, () => segment.read())
    if (records === null) return
    const contents = new SegmentContents(records)
    let from = 0
    do {
      const to = await this.#writePortion(segment, contents, from)
      this.#held.delete(segment)
      if (to === null) return this.#forgetUnread(segment, contents)
      from = to
    } while (from < records.length)
    if (segment.rows > 0 && records.length === 0)
      this.#deps.logger.error('ingest segment was lost to damage', { token: segment.token, rows: segment.rows })
    this.#segmentsWritten++
    const part = contents.recordsAside()
    if (part.length === 0) await this.#persist(segment.token, () => this.#deps.log.commit(segment))
    else await this.#bury(segment, contents.countedAside(), { reason: unreadable(contents.cause), cause: contents.cause, part })
    if (segment.lane === 'low' && this.#deps.log.backlog(['low']).records === 0) this.#deps.low?.onEmpty()
  }

  /**
   * Inserts the records from `from` on: all of them, or as many raw ones as hold enough points. Which belong together depends on their
   * bytes alone, so that a repetition has the same tokens. Gives where the next portion begins; null when the segment was buried
   * or the writer stops.
   */
  async #writePortion(segment: Segment, contents: SegmentContents, from: number): Promise<number | null> {
    const { handlers, conservation } = this.#deps
    const { counted } = contents
    let to = counted.length
    let inserts: readonly PlannedInsert[]
    try {
      if (segment.lane !== 'ready') to = await this.#process(segment, contents, from)
      else if (segment.origin === 'replayed') for (const record of contents.present(0)) handlers.get(record.kind)?.recover(record)
      if (this.#stop.signal.aborted && segment.lane !== 'ready') return null
      inserts = await this.#plan(segment, contents, { from, to })
    } catch (error) {
      // The same bytes would fail again after a restart: a fault in a decoder must not stop the lane for everyone.
      const left = [...contents.countedAside(), ...contents.present(from)]
      await this.#bury(segment, left, { reason: unreadable(error), cause: error, part: null })
      return null
    }
    for (const insert of inserts) {
      const outcome = await this.#insert(insert, segment.origin !== 'new')
      if (outcome.type === 'aborted') return null
      if (outcome.type === 'refused') {
        const left = [...contents.countedAside(), ...contents.present(from)]
        await this.#bury(segment, left, { reason: outcome.reason, cause: null, part: null })
        return null
      }
    }
    for (const { tenant, kind, rows } of rowsByTenant(contents.present(from, to))) conservation.stored(tenant, kind, rows)
    for (const insert of inserts) insert.release?.()
    return to
  }

  /** Inserts of the records from `from` to before `to`. What cannot be read takes nobody else's along: it is set aside. */
  async #plan(segment: Segment, contents: SegmentContents, { from, to }: { from: number; to: number }): Promise<PlannedInsert[]> {
    const { handlers, clock } = this.#deps
    const token = from === 0 ? segment.token : `${segment.token}-from${from}`
    const plan = async (): Promise<PlannedInsert[]> => {
      const records = contents.present(from, to)
      await prepareInserts(records, handlers)
      const steps = planInSteps(token, records, handlers)
      for (let spentMs = 0; ;) {
        const startedMs = clock.monotonicMs()
        const step = steps.next()
        spentMs += clock.monotonicMs() - startedMs
        if (step.done !== true) await this.#yieldTurn()
        else {
          if (segment.lane === 'low') this.#pace?.spent(spentMs)
          return step.value
        }
      }
    }
    try {
      return await plan()
    } catch {
      setUnreadableAside(contents, { from, to }, handlers)
      return await plan()
    }
  }

  /** Records of a buried segment that were not processed will not be. */
  #forgetUnread({ lane }: Segment, { records, counted }: SegmentContents): void {
    if (lane !== 'low' || this.#stop.signal.aborted) return
    records.forEach((record, at) => {
      if (counted[at] === record) this.#deps.low?.onProcessed(record, 0)
    })
    if (this.#deps.log.backlog(['low']).records === 0) this.#deps.low?.onEmpty()
  }

  /** Replaces raw records by their ready ones, in place, until they held enough points; gives where it stopped. */
  async #process(segment: Segment, contents: SegmentContents, from: number): Promise<number> {
    const { counted: records } = contents
    const { clock, handlers, conservation, low } = this.#deps
    const portionRows = this.#deps.rawPortionRows ?? rawPortionRowsMin
    let rows = 0
    let at = from
    for (; at < records.length && rows < portionRows; at++) {
      const record = records[at] ?? null
      if (record === null) continue
      if (segment.lane === 'low') await this.#pace?.turn(this.#stop.signal)
      if (this.#stop.signal.aborted) break
      const startedMs = clock.monotonicMs()
      if (!this.#held.has(segment)) this.#held.set(segment, startedMs)
      try {
        const processed = processedRaw(record, handlers, `${segment.token}-${at}`)
        records[at] = processed.record
        rows += processed.rows
        contents.setBeside(at, processed.also ?? [])
        for (const beside of processed.also ?? []) conservation.queued(beside.tenant, beside.kind, beside.rows)
        // What the handler counted as refused or dropped is no longer in the queue.
        conservation.queued(record.tenant, record.kind, (processed.record?.rows ?? 0) - record.rows)
      } catch (error) {
        contents.setAside(at, error)
      }
      const spentMs = clock.monotonicMs() - startedMs
      if (segment.lane === 'low') {
        this.#pace?.spent(spentMs)
        low?.onProcessed(record, spentMs)
      }
      await this.#yieldTurn()
    }
    return at
  }

  async #insert(insert: PlannedInsert, isRepeated: boolean): Promise<Outcome> {
    const { clock, observer } = this.#deps
    const { signal } = this.#stop
    let token = insert.token
    /** Whether the engine may know the token already. */
    let isDoubtful = isRepeated
    let rejections = 0
    for (let attempt = 1; ; attempt++) {
      if (this.#stop.signal.aborted) return aborted
      const startedMs = clock.monotonicMs()
      try {
        await this.#deps.insert({ ...insert, token, signal })
        if (!isDoubtful || (await this.#deps.isThere(insert.probe, signal))) {
          observer?.inserted(insert.table, insert.rows, clock.monotonicMs() - startedMs)
          return done
        }
        token = `${insert.token}-again-${Math.floor(this.#random() * 2 ** 48).toString(36)}`
        isDoubtful = false
        observer?.retried('rows_missing')
        this.#deps.logger.warn('the engine knows an insert whose rows it has not kept; they are inserted again', { token })
      } catch (error) {
        isDoubtful = true
        if (this.#stop.signal.aborted) return aborted
        if (isAppError(error, 'engine.rejected') && ++rejections >= this.#rejectionsMax) {
          return { type: 'refused', reason: `table ${insert.table}: ${error.message}` }
        }
        await this.#waitOut(insert.token, error, attempt)
      }
    }
  }

  /** `records`: what the counters hold of what is buried. `part`: the records that alone are, as the log gave them; null: all. */
  async #bury(segment: Segment, records: readonly LogRecord[], why: Burial): Promise<void> {
    const { reason, cause, part } = why
    const rows = part?.reduce((sum, record) => sum + record.rows, 0) ?? segment.rows
    const buried = await this.#persist(segment.token, async () => {
      await this.#deps.log.bury(segment, reason, part ?? undefined)
      return true
    })
    if (buried === null) return
    const what = part === null ? 'ingest segment' : 'records of an ingest segment'
    this.#deps.logger.error(`${what} moved to the dead letters`, { token: segment.token, rows, reason, cause })
    for (const of of rowsByTenant(records)) this.#deps.conservation.buried(of.tenant, of.kind, of.rows)
    for (const handler of this.#deps.handlers.values()) handler.buried(records.filter((record) => record.kind === handler.kind))
    this.#segmentsBuried++
    this.#deps.observer?.buried(rows)
  }

  /** Repeats a step on the log until it works; null when the writer stops first. */
  async #persist<T>(token: string, step: () => Promise<T>): Promise<T | null> {
    for (let attempt = 1; !this.#stop.signal.aborted || attempt === 1; attempt++) {
      try {
        return await step()
      } catch (error) {
        await this.#waitOut(token, error, attempt)
      }
    }
    return null
  }

  async #waitOut(token: string, error: unknown, attempt: number): Promise<void> {
    const code = isAppError(error) ? error.code : 'unknown'
    const delayMs = backoffMs(attempt, this.#random)
    this.#retries++
    this.#deps.observer?.retried(code)
    // The first failure and then every doubling, so that an hour without the engine is a dozen lines.
    if ((attempt & (attempt - 1)) === 0)
      this.#deps.logger.warn('ingest writer will try again', { token, code, attempt, delayMs, error: String(error) })
    this.#waiting.set(token, code)
    await this.#deps.clock.sleep(delayMs, this.#stop.signal)
    this.#waiting.delete(token)
  }
}

/** Errors: the handler's, and that there is none. */
function processedRaw(record: LogRecord, handlers: ReadonlyMap<Kind, KindHandler>, place: string): ProcessedRaw {
  const handler = handlers.get(record.kind)
  if (handler === undefined) throw new Error(`no handler for records of kind ${record.kind}`)
  return handler.processRaw(record, place)
}

function unreadable(cause: unknown): string {
  return `its records could not be turned into inserts: ${String(cause)}`
}
