/**
 * One bucket of one series while it is made. Holds what PromQL's functions need of its samples so that whole buckets give their exact
 * answer: ends with their times, extremes, sum, and what a counter lost at resets. Stale markers count only as the newest sample.
 */
import { STALE } from '../model.ts'

/** Finite values beyond it could overflow in a sum in one order and not in another: such buckets are left to the samples. */
const summableMax = 1e290

/** A counter may be reset so often in five minutes; what falls more often is none. */
const resetsMax = 1

export class Bucket {
  /** Samples without stale markers. The numbers below mean something only when it is not 0. */
  count = 0
  first = 0
  last = 0
  /** Milliseconds after the start of the bucket, more than 0. */
  firstAtMs = 0
  lastAtMs = 0
  min = NaN
  max = NaN
  /** Sum of the values that a counter had before it fell: `last - first + resetSum` is its increase. */
  resetSum = 0
  resets = 0
  changes = 0
  endsStale = false
  /** Queries must read the samples: two values of one time, or values too large to be summed. */
  isOdd = false
  /** All values are whole numbers that a double holds exactly. */
  isWhole = true
  /** Of an appended bucket: what `resetSum`, `resets` and `changes` were is not known. */
  #hasWavyPart = false
  #parts = 0
  #sum = 0
  #compensation = 0
  /** Of the newest sample, stale or not; 0 when there is none. */
  #newestAtMs = 0
  #newest = 0

  get isEmpty(): boolean {
    return this.#newestAtMs === 0
  }

  /** Falls more often than a counter does. */
  get isWavy(): boolean {
    return this.#hasWavyPart || (this.#parts === 0 && this.resets > resetsMax)
  }

  get sum(): number {
    return Math.abs(this.#sum) === Infinity ? this.#sum : this.#sum + this.#compensation
  }

  reset(): void {
    this.count = this.first = this.last = this.firstAtMs = this.lastAtMs = this.resetSum = this.resets = this.changes = 0
    this.min = this.max = NaN
    this.endsStale = this.isOdd = false
    this.isWhole = true
    this.#hasWavyPart = false
    this.#parts = 0
    this.#sum = this.#compensation = this.#newestAtMs = this.#newest = 0
  }

  /** Adds the next sample; times never go back. Of two samples of one time the first counts. Sketch: 1 M a second of backfill x 10 ns. */
  add(atMs: number, value: number): void {
    if (atMs === this.#newestAtMs) {
      if (!sameValue(value, this.#newest)) this.isOdd = true
      return
    }
    this.#newestAtMs = atMs
    this.#newest = value
    this.endsStale = value === STALE
    if (this.endsStale) return
    if (!Number.isSafeInteger(value)) {
      this.isWhole = false
      if (Math.abs(value) > summableMax && Math.abs(value) !== Infinity) this.isOdd = true
    }
    if (this.count === 0) {
      this.first = value
      this.firstAtMs = atMs
    } else this.#step(value)
    this.count++
    this.last = value
    this.lastAtMs = atMs
    this.#widen(value, value)
    this.#addToSum(value)
  }

  /** Adds a bucket that begins `shiftMs` after this one and behind everything that is in it. */
  append(later: Bucket, shiftMs: number): void {
    if (later.isEmpty) return
    this.#newestAtMs = shiftMs + later.#newestAtMs
    this.#newest = later.#newest
    this.endsStale = later.endsStale
    this.isOdd ||= later.isOdd
    if (later.count === 0) return
    this.isWhole &&= later.isWhole
    this.#hasWavyPart ||= later.isWavy
    this.#parts++
    if (this.count === 0) {
      this.first = later.first
      this.firstAtMs = shiftMs + later.firstAtMs
    } else this.#step(later.first)
    this.count += later.count
    this.last = later.last
    this.lastAtMs = shiftMs + later.lastAtMs
    this.resetSum += later.resetSum
    this.resets += later.resets
    this.changes += later.changes
    this.#widen(later.min, later.max)
    this.#addToSum(later.sum)
  }

  /** Takes the content of a stored row. `row.atMs` of its newest sample does not matter any more. */
  restore(row: BucketRow): void {
    this.reset()
    this.#hasWavyPart = row.isWavy
    this.count = row.count
    this.first = row.first
    this.last = row.last
    this.firstAtMs = row.firstAtMs
    this.lastAtMs = row.lastAtMs
    this.min = row.min
    this.max = row.max
    this.resetSum = row.resetSum
    this.resets = row.resets
    this.changes = row.changes
    this.endsStale = row.endsStale
    this.isOdd = row.isOdd
    this.isWhole = row.isWhole
    this.#sum = row.sum
    this.#newestAtMs = Math.max(row.lastAtMs, 1)
    this.#newest = row.endsStale ? STALE : row.last
  }

  /** From the newest value to the one behind it. */
  #step(value: number): void {
    const { last } = this
    if (value < last) {
      this.resetSum += last
      this.resets++
    }
    if (!sameValue(value, last)) this.changes++
  }

  /** NaN gives way to every number. */
  #widen(low: number, high: number): void {
    if (low < this.min || Number.isNaN(this.min)) this.min = low
    if (high > this.max || Number.isNaN(this.max)) this.max = high
  }

  /** Neumaier's sum: the smaller of the two loses its low bits. */
  #addToSum(value: number): void {
    const total = this.#sum + value
    this.#compensation += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - total + value : value - total + this.#sum
    this.#sum = total
    if (!Number.isFinite(total)) this.#compensation = 0
  }
}

/** A finished bucket, as it is stored. */
export type BucketRow = Pick<
  Bucket,
  | 'count'
  | 'first'
  | 'last'
  | 'firstAtMs'
  | 'lastAtMs'
  | 'min'
  | 'max'
  | 'sum'
  | 'resetSum'
  | 'resets'
  | 'changes'
  | 'endsStale'
  | 'isOdd'
  | 'isWhole'
  | 'isWavy'
>

function sameValue(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}
