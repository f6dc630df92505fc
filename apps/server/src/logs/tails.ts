/**
 * Live tails: rows as they are accepted, from memory and not from the engine. Each tail has a search, a room of bounded size and a pace; who
 * reads slowly, or asks for more than can be looked at, loses rows and is told how many. A tail sees what this program takes in.
 */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { MatchBudget, TooMuchWork, type MatchWork, type RowMatcher } from '../search/index.ts'
import type { SignalBatch, SignalObserver } from '../signals/index.ts'
import { LogRowView } from './batch-view.ts'
import { tooManyTails } from './errors.ts'
import {
  tailBodyCharsMax,
  tailBytesMax,
  tailLookedAtMax,
  tailPeriodMs,
  tailRowsMax,
  tailsBytesMax,
  tailsMax,
  tailsOfProjectMax,
  tailValueCharsMax,
} from './limits.ts'
import type { LogRow } from './ports.ts'
import { LogsBatch } from './schema.ts'
import { searchFor } from './where.ts'

export interface TailEvent {
  readonly items: LogRow[]
  /** Rows that match and are not shown, and rows that nobody had the time to look at; since the event before. */
  readonly missed: number
  /** Of the missed ones, those that nobody looked at: they may match or not. */
  readonly unseen: number
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
  readonly #budget: MatchBudget
  /** By organization and project. */
  readonly #tails = new Map<string, Set<Tail>>()
  readonly #room: Room = { held: 0 }
  #count = 0
  #isClosed = false

  /** `budget`: of work, shared with whatever else looks at rows as they come in. */
  constructor(clock: Clock, budget: MatchBudget = new MatchBudget(clock)) {
    this.#clock = clock
    this.#budget = budget
  }

  get open(): number {
    return this.#count
  }

  /** Of rows that wait or are on their way to a reader; one row counts once for each tail. */
  get heldBytes(): number {
    return this.#room.held
  }

  /** Delivers rows of the scope's projects until the reader has gone. Errors: `logs.too_many_tails`, those of searches. */
  async follow(scope: Scope, request: TailRequest): Promise<void> {
    const matcher = searchFor(scope, request.query, this.#clock.nowMs()).matcher()
    const keys = scope.projectIds.map((projectId) => `${scope.organizationId}/${projectId}`)
    if (this.#count >= tailsMax || keys.some((key) => (this.#tails.get(key)?.size ?? 0) >= tailsOfProjectMax))
      throw new AppError(tooManyTails)
    const tail = new Tail(matcher, this.#room)
    if (this.#isClosed) tail.end()
    for (const key of keys) this.#tails.set(key, (this.#tails.get(key) ?? new Set<Tail>()).add(tail))
    this.#count++
    try {
      await this.#pump(tail, request)
    } finally {
      this.#count--
      tail.leave()
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
    const rows = new ShownRows(batch)
    const nowMs = this.#clock.monotonicMs()
    // Each may do its part of the work, and as much stays for rules: a heavy search takes nothing from the others.
    const share = this.#budget.share(batch.tenant, batch.rows)
    let waiting = tails.size
    for (const tail of tails) {
      const work = share.part(1 + waiting--)
      tail.look(rows, nowMs, work)
      share.back(work)
    }
  }

  /** Ends every tail; a new one ends with its first event. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const tails of this.#tails.values()) for (const tail of tails) tail.end()
  }

  async #pump(tail: Tail, { deliver, signal }: TailRequest): Promise<void> {
    signal.addEventListener('abort', () => tail.end(), { once: true })
    await deliver({ items: [], missed: 0, unseen: 0 })
    while (!signal.aborted && !tail.isEnded) {
      await tail.wait()
      const event = tail.take()
      if (event !== null) await deliver(event)
      tail.taken()
      await this.#clock.sleep(tailPeriodMs, signal)
    }
  }
}

interface HeldRow {
  readonly row: LogRow
  readonly bytes: number
}

/** Rows of one batch; what is shown of one is made once for all tails. */
class ShownRows {
  readonly count: number
  readonly view: LogRowView
  readonly #held: HeldRow[] = []

  constructor(batch: LogsBatch) {
    this.count = batch.rows
    this.view = new LogRowView(batch)
  }

  held(index: number): HeldRow {
    return (this.#held[index] ??= heldRow(this.view.at(index).shown()))
  }
}

/** What a row costs beside its texts. */
const rowBytes = 512

function heldRow(whole: LogRow): HeldRow {
  const attributes = Object.fromEntries(Object.entries(whole.attributes).map(([name, value]) => [name, cut(value, tailValueCharsMax)]))
  const row = { ...whole, body: cut(whole.body, tailBodyCharsMax), attributes }
  const bytes = rowBytes + row.body.length + sizeOf(attributes) + sizeOf(row.resource)
  return { row, bytes }
}

function sizeOf(texts: Readonly<Record<string, string>>): number {
  let size = 0
  for (const [name, value] of Object.entries(texts)) size += name.length + value.length
  return size
}

/** Written anew: a slice would keep the whole text in memory. */
function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text
  const isPair = (text.charCodeAt(charsMax - 1) & 0xfc00) === 0xd800
  const kept = text.slice(0, isPair ? charsMax - 1 : charsMax)
  return Buffer.from(`${kept}… (cut: ${text.length} characters)`).toString()
}

/** What all tails hold. */
interface Room {
  held: number
}

class Tail {
  readonly #matches: RowMatcher
  readonly #room: Room
  #items: LogRow[] = []
  /** Of `items`, and of those that are on their way to the reader. */
  #bytes = 0
  #takenBytes = 0
  /** A row did not fit: until rows are taken no other is made to be tried. */
  #isFull = false
  #missed = 0
  #unseen = 0
  #lookedAt = 0
  #sinceMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}
  isEnded = false

  constructor(matches: RowMatcher, room: Room) {
    this.#matches = matches
    this.#room = room
  }

  look(rows: ShownRows, nowMs: number, work: MatchWork): void {
    if (nowMs - this.#sinceMs >= tailPeriodMs) {
      this.#sinceMs = nowMs
      this.#lookedAt = 0
    }
    const most = Math.min(rows.count, tailLookedAtMax - this.#lookedAt)
    this.#lookedAt += most
    this.#skip(rows.count - most)
    for (let row = 0; row < most; row++) {
      if (work.left <= 0) {
        this.#skip(most - row)
        break
      }
      this.#see(rows, row, work)
    }
    if (this.#items.length + this.#missed > 0) this.#wake()
  }

  /** A row that is too much for the search may match: it counts as missed. */
  #see(rows: ShownRows, index: number, work: MatchWork): void {
    try {
      if (this.#matches(rows.view.at(index), work)) this.#keep(rows, index)
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error
      this.#skip(1)
    }
  }

  #skip(rows: number): void {
    this.#missed += rows
    this.#unseen += rows
  }

  #keep(rows: ShownRows, index: number): void {
    if (this.#isFull || this.#items.length >= tailRowsMax) {
      this.#missed++
      return
    }
    const { row, bytes } = rows.held(index)
    if (this.#bytes + bytes > tailBytesMax || this.#room.held + bytes > tailsBytesMax) {
      this.#isFull = true
      this.#missed++
      return
    }
    this.#items.push(row)
    this.#bytes += bytes
    this.#room.held += bytes
  }

  /** Until there is something to take, or no reader. */
  async wait(): Promise<void> {
    if (this.#items.length + this.#missed > 0 || this.isEnded) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** What it gives is held until `taken`. */
  take(): TailEvent | null {
    const event = { items: this.#items, missed: this.#missed, unseen: this.#unseen }
    this.#items = []
    this.#takenBytes += this.#bytes
    this.#bytes = 0
    this.#isFull = false
    this.#missed = 0
    this.#unseen = 0
    return event.items.length + event.missed === 0 ? null : event
  }

  taken(): void {
    this.#room.held -= this.#takenBytes
    this.#takenBytes = 0
  }

  /** The reader has gone: nothing is held for it. */
  leave(): void {
    this.end()
    this.take()
    this.taken()
  }

  end(): void {
    this.isEnded = true
    this.#wake()
  }
}
