/**
 * The head's native histograms: newest of each series as objects, bounded by number, with a watermark of their own. What may not be
 * in the engine yet is kept, up to twice the bound.
 */
import type { Clock } from '../../kernel/clock.ts'
import { headHistogramsMax } from '../limits.ts'
import type { NativeHistogram } from '../model.ts'

export interface TimedHistogram {
  readonly timeMs: number
  readonly histogram: NativeHistogram
}

interface HeldHistogram extends TimedHistogram {
  /** Monotonic. */
  readonly heldSinceMs: number
}

/** What of the head may not be in the engine yet. */
export interface PendingHistograms {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Age in ms of the oldest acknowledged record that is not in the engine; 0 when there is none. */
  readonly pendingAgeMs: () => number
}

/** Added to the age of what is pending, because clocks and counters are read at different moments. */
const pendingSlackMs = 5_000

const nothingPending: PendingHistograms = { clock: { monotonicMs: () => 0 }, pendingAgeMs: () => -Infinity }

export class HistogramHead {
  readonly #countMax: number
  readonly #pending: PendingHistograms
  #evictAt: number
  /** By ref, ascending by time, unique. */
  readonly #series = new Map<number, HeldHistogram[]>()
  /** Hashes of metrics that have or had native histograms, here or in the engine. */
  #metrics = new Set<number>()
  #count = 0
  #coversFromMs = -Infinity
  /** As in the head of samples. */
  #hidden = 0
  #hiddenTotal = 0
  #hiddenAtMs = -Infinity

  constructor(countMax: number = headHistogramsMax, pending: PendingHistograms = nothingPending) {
    this.#countMax = countMax
    this.#evictAt = countMax
    this.#pending = pending
  }

  /** A head that holds and covers nothing and knows the same metrics: what is read through it comes from the engine alone. */
  withoutContent(): HistogramHead {
    const twin = new HistogramHead(this.#countMax)
    twin.#metrics = this.#metrics
    twin.coverFrom(Number.POSITIVE_INFINITY)
    return twin
  }

  /** Every acknowledged histogram at or after this time is here. */
  get coversFromMs(): number {
    return this.#coversFromMs
  }

  coverFrom(timeMs: number): void {
    if (timeMs > this.#coversFromMs) this.#coversFromMs = timeMs
  }

  /** Metrics that have or had native histograms. */
  get metricCount(): number {
    return this.#metrics.size
  }

  get count(): number {
    return this.#count
  }

  /** Histograms given up for want of memory that the engine may not have yet: no query sees them until the writer has come that far. */
  get hiddenHistograms(): number {
    return this.#hiddenAtMs < this.#insertedBeforeMs() ? 0 : this.#hidden
  }

  /** All that were ever given up so. */
  get hiddenHistogramsTotal(): number {
    return this.#hiddenTotal
  }

  /** May the metric have native histograms? Never a wrong no. */
  hasMetric(metricHash: number): boolean {
    return this.#metrics.has(metricHash)
  }

  noteMetric(metricHash: number): void {
    this.#metrics.add(metricHash)
  }

  /** Has the head histograms of the series? */
  holds(ref: number): boolean {
    return this.#series.has(ref)
  }

  /** Gives up the series' histograms up to this time: they are deleted. */
  remove(ref: number, toMs: number): void {
    const list = this.#series.get(ref)
    if (list === undefined) return
    const kept = list.filter(({ timeMs }) => timeMs > toMs)
    this.#count -= list.length - kept.length
    if (kept.length === 0) this.#series.delete(ref)
    else this.#series.set(ref, kept)
  }

  /** Has the series a histogram of this time? */
  has(ref: number, timeMs: number): boolean {
    const list = this.#series.get(ref)
    if (list === undefined) return false
    const at = positionOf(list, timeMs)
    return list[at]?.timeMs === timeMs
  }

  /** The first histogram of a time wins. */
  append(ref: number, timeMs: number, histogram: NativeHistogram): void {
    let list = this.#series.get(ref)
    if (list === undefined) this.#series.set(ref, (list = []))
    const at = positionOf(list, timeMs)
    if (list[at]?.timeMs === timeMs) return
    list.splice(at, 0, { timeMs, histogram, heldSinceMs: this.#pending.clock.monotonicMs() })
    if (++this.#count > this.#evictAt) this.#makeRoom()
  }

  /** Ascending, in `[fromMs, toMs]`. */
  read(ref: number, fromMs: number, toMs: number): readonly TimedHistogram[] {
    const list = this.#series.get(ref)
    return list === undefined ? [] : list.slice(positionOf(list, fromMs), positionOf(list, toMs + 1))
  }

  /** What was held before this is in the engine. */
  #insertedBeforeMs(): number {
    const { clock, pendingAgeMs } = this.#pending
    return clock.monotonicMs() - pendingAgeMs() - pendingSlackMs
  }

  #makeRoom(): void {
    this.#evict(this.#insertedBeforeMs())
    // Over twice the bound memory matters more than seeing what the engine has not taken yet; it stays durable in the log.
    if (this.#count > this.#countMax * 2) {
      const before = this.#count
      this.#evict(Infinity)
      this.#hidden = this.hiddenHistograms + before - this.#count
      this.#hiddenTotal += before - this.#count
      this.#hiddenAtMs = this.#pending.clock.monotonicMs()
    }
    this.#evictAt = Math.max(this.#countMax, this.#count + Math.ceil(this.#countMax / 16))
  }

  /** Gives up the older half, except what came at or after `heldBeforeMs`. */
  #evict(heldBeforeMs: number): void {
    const times = new Float64Array(this.#count)
    let at = 0
    for (const list of this.#series.values()) for (const { timeMs } of list) times[at++] = timeMs
    const cutMs = (times.sort()[this.#count >> 1] ?? 0) + 1
    for (const [ref, list] of this.#series) {
      const kept = list.filter(({ timeMs, heldSinceMs }) => timeMs >= cutMs || heldSinceMs >= heldBeforeMs)
      if (kept.length === 0) this.#series.delete(ref)
      else if (kept.length < list.length) this.#series.set(ref, kept)
    }
    this.#count = 0
    for (const list of this.#series.values()) this.#count += list.length
    this.coverFrom(cutMs)
  }
}

/** First position whose time is >= `timeMs`. */
function positionOf(list: readonly TimedHistogram[], timeMs: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle]?.timeMs ?? 0) < timeMs) low = middle + 1
    else high = middle
  }
  return low
}
