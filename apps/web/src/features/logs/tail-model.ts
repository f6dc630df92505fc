/**
 * Rows of a live tail on their way to the screen: kept while paused, shown newest first, bounded; and how many come a second.
 * Outside React: a thousand rows a second render a few times a second.
 */

/** Rows on the screen; older ones leave it. */
export const tailRowsMax = 2000
/** Rows kept while paused; older ones are counted as left out. */
export const tailPausedMax = 5000
/** The rate is of this long. */
const rateWindowMs = 10_000

/** Rows that came and are not on the screen, by the reason. */
export interface TailSkipped {
  /** They match, and came faster than the server sends rows to a page. */
  readonly fast: number
  /** The server had not the time to look at them; they may match or not. */
  readonly unseen: number
  /** Came while the page was paused, more than it keeps. */
  readonly paused: number
}

export const noneSkipped: TailSkipped = { fast: 0, unseen: 0, paused: 0 }

export interface TailSnapshot<Row> {
  /** Newest first. */
  readonly rows: readonly Row[]
  /** Came since the pause and wait. */
  readonly waiting: number
  readonly skipped: TailSkipped
  readonly perSecond: number
}

export class TailBuffer<Row> {
  #shown: readonly Row[] = []
  #waiting: Row[] = []
  #skipped = noneSkipped
  #isPaused = false
  /** Counts of the seconds of the window, by `floor(ms / 1000) % 10`, with the second they are of. */
  readonly #counts = new Float64Array(rateWindowMs / 1000)
  readonly #seconds = new Float64Array(rateWindowMs / 1000).fill(-1)
  #firstSecond = -1
  readonly #newestFirst: (a: Row, b: Row) => number

  /** Compares the times of rows; rows of the same time, and all where there is no telling, stay in the order they came. */
  constructor(newestFirst: (a: Row, b: Row) => number = () => 0) {
    this.#newestFirst = newestFirst
  }

  /** Rows in the order they came, oldest first, and what the server left out before them. */
  push(rows: readonly Row[], { missed, unseen }: { readonly missed: number; readonly unseen: number }, nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const slot = second % this.#counts.length
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second
      this.#counts[slot] = 0
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + rows.length + missed - unseen
    if (this.#firstSecond === -1) this.#firstSecond = second
    const { fast, unseen: before, paused } = this.#skipped
    this.#skipped = { fast: fast + missed - unseen, unseen: before + unseen, paused }
    this.#waiting.push(...rows)
    const most = this.#isPaused ? tailPausedMax : tailRowsMax
    if (this.#waiting.length > most) {
      if (this.#isPaused) this.#skipped = { ...this.#skipped, paused: paused + this.#waiting.length - most }
      this.#waiting = this.#waiting.slice(-most)
    }
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  clear(): void {
    this.#shown = []
    this.#waiting = []
    this.#skipped = noneSkipped
  }

  /** Takes what waits onto the screen unless paused, and says how things are. */
  take(nowMs: number): TailSnapshot<Row> {
    if (!this.#isPaused && this.#waiting.length > 0) {
      this.#shown = [...this.#waiting.reverse(), ...this.#shown].sort(this.#newestFirst).slice(0, tailRowsMax)
      this.#waiting = []
    }
    return { rows: this.#shown, waiting: this.#waiting.length, skipped: this.#skipped, perSecond: this.#rate(nowMs) }
  }

  /** Of the last ten seconds, or as many as there were. */
  #rate(nowMs: number): number {
    const now = Math.floor(nowMs / 1000)
    const length = this.#counts.length
    let sum = 0
    for (let slot = 0; slot < length; slot += 1) if ((this.#seconds[slot] ?? -1) > now - length) sum += this.#counts[slot] ?? 0
    const seconds = this.#firstSecond === -1 ? 1 : Math.min(length, Math.max(1, now - this.#firstSecond + 1))
    return sum / seconds
  }
}
