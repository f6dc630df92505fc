/** The head's native histograms: newest of each series as objects, bounded by number, with a watermark of their own. */
import { headHistogramsMax } from '../limits.ts'
import type { NativeHistogram } from '../model.ts'

export interface TimedHistogram {
  readonly timeMs: number
  readonly histogram: NativeHistogram
}

export class HistogramHead {
  readonly #countMax: number
  /** By ref, ascending by time, unique. */
  readonly #series = new Map<number, TimedHistogram[]>()
  /** Hashes of metrics that have or had native histograms, here or in the engine. */
  #metrics = new Set<number>()
  #count = 0
  #coversFromMs = -Infinity

  constructor(countMax: number = headHistogramsMax) {
    this.#countMax = countMax
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

  get count(): number {
    return this.#count
  }

  /** May the metric have native histograms? Never a wrong no. */
  hasMetric(metricHash: number): boolean {
    return this.#metrics.has(metricHash)
  }

  noteMetric(metricHash: number): void {
    this.#metrics.add(metricHash)
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
    list.splice(at, 0, { timeMs, histogram })
    if (++this.#count > this.#countMax) this.#evict()
  }

  /** Ascending, in `[fromMs, toMs]`. */
  read(ref: number, fromMs: number, toMs: number): readonly TimedHistogram[] {
    const list = this.#series.get(ref)
    return list === undefined ? [] : list.slice(positionOf(list, fromMs), positionOf(list, toMs + 1))
  }

  /** Gives up the older half. */
  #evict(): void {
    const times = new Float64Array(this.#count)
    let at = 0
    for (const list of this.#series.values()) for (const { timeMs } of list) times[at++] = timeMs
    const cutMs = (times.sort()[this.#count >> 1] ?? 0) + 1
    for (const [ref, list] of this.#series) {
      list.splice(0, positionOf(list, cutMs))
      if (list.length === 0) this.#series.delete(ref)
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
