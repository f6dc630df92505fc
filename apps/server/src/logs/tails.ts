/**
 * Live tails: rows as they are accepted, from memory and not from the engine. Each tail has a search, a room of bounded size and a pace; who
 * reads slowly, or asks for more than can be looked at, loses rows and is told how many. A tail sees what this program takes in.
 */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { RowView } from '../search/index.ts'
import type { SignalBatch, SignalObserver } from '../signals/index.ts'
import { LogRowView } from './batch-view.ts'
import { tooManyTails } from './errors.ts'
import { tailLookedAtMax, tailPeriodMs, tailRowsMax, tailsMax, tailsOfProjectMax } from './limits.ts'
import type { LogRow } from './ports.ts'
import { LogsBatch } from './schema.ts'
import { searchFor } from './where.ts'

export interface TailEvent {
  readonly items: LogRow[]
  /** Rows that match and are not shown, and rows that nobody had the time to look at; since the event before. */
  readonly missed: number
}

export interface TailRequest {
  readonly query: string
  /** Called with an event at most every `tailPeriodMs`. Resolves when the reader has taken it: until then rows gather. */
  deliver(event: TailEvent): Promise<void>
  /** The reader has gone. */
  readonly signal: AbortSignal
}

export class LogTails implements SignalObserver, Disposable {
  readonly #clock: Clock
  /** By organization and project. */
  readonly #tails = new Map<string, Set<Tail>>()
  #count = 0
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get open(): number {
    return this.#count
  }

  /** Delivers rows of the scope's projects until the reader has gone. Errors: `logs.too_many_tails`, those of searches. */
  async follow(scope: Scope, request: TailRequest): Promise<void> {
    const matcher = searchFor(scope, request.query, this.#clock.nowMs()).matcher()
    const keys = scope.projectIds.map((projectId) => `${scope.organizationId}/${projectId}`)
    if (this.#count >= tailsMax || keys.some((key) => (this.#tails.get(key)?.size ?? 0) >= tailsOfProjectMax))
      throw new AppError(tooManyTails)
    const tail = new Tail(matcher)
    if (this.#isClosed) tail.end()
    for (const key of keys) this.#tails.set(key, (this.#tails.get(key) ?? new Set<Tail>()).add(tail))
    this.#count++
    try {
      await this.#pump(tail, request)
    } finally {
      this.#count--
      for (const key of keys) {
        const tails = this.#tails.get(key)
        tails?.delete(tail)
        if (tails?.size === 0) this.#tails.delete(key)
      }
    }
  }

  accepted(batch: SignalBatch): void {
    if (this.#count === 0 || !(batch instanceof LogsBatch)) return
    const tails = this.#tails.get(`${batch.tenant.organizationId}/${batch.tenant.projectId}`)
    if (tails === undefined) return
    const view = new LogRowView(batch)
    const nowMs = this.#clock.monotonicMs()
    for (const tail of tails) tail.look(view, batch.rows, nowMs)
  }

  /** Ends every tail; a new one ends with its first event. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const tails of this.#tails.values()) for (const tail of tails) tail.end()
  }

  async #pump(tail: Tail, { deliver, signal }: TailRequest): Promise<void> {
    signal.addEventListener('abort', () => tail.end(), { once: true })
    await deliver({ items: [], missed: 0 })
    while (!signal.aborted && !tail.isEnded) {
      await tail.wait()
      const event = tail.take()
      if (event !== null) await deliver(event)
      await this.#clock.sleep(tailPeriodMs, signal)
    }
  }
}

class Tail {
  readonly #matches: (row: RowView) => boolean
  #items: LogRow[] = []
  #missed = 0
  #lookedAt = 0
  #sinceMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}
  isEnded = false

  constructor(matches: (row: RowView) => boolean) {
    this.#matches = matches
  }

  look(view: LogRowView, rows: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= tailPeriodMs) {
      this.#sinceMs = nowMs
      this.#lookedAt = 0
    }
    const most = Math.min(rows, tailLookedAtMax - this.#lookedAt)
    this.#lookedAt += most
    this.#missed += rows - most
    for (let row = 0; row < most; row++) {
      if (!this.#matches(view.at(row))) continue
      if (this.#items.length < tailRowsMax) this.#items.push(view.shown())
      else this.#missed++
    }
    if (this.#items.length + this.#missed > 0) this.#wake()
  }

  /** Until there is something to take, or no reader. */
  async wait(): Promise<void> {
    if (this.#items.length + this.#missed > 0 || this.isEnded) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  take(): TailEvent | null {
    const event = { items: this.#items, missed: this.#missed }
    this.#items = []
    this.#missed = 0
    return event.items.length + event.missed === 0 ? null : event
  }

  end(): void {
    this.isEnded = true
    this.#wake()
  }
}
