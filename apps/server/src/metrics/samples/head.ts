/**
 * The head: newest samples of each series in memory. It holds every acknowledged sample with a time at or after
 * `coversFromMs`, and what it happens to hold before that; the engine is asked for the rest. When its budget is used up it gives
 * up the oldest chunks and raises the watermark; chunks with samples that may not be in the engine yet are kept (up to twice the budget).
 * Times of a series are unique: the first sample of a time wins, as in Prometheus.
 */
import type { Clock } from '../../kernel/clock.ts'
import { grownF64, grownU32 } from '../series/growable.ts'
import { chunkBytes, chunkSamples, chunkSpanMsMax, ChunkPool, noChunk } from './chunk-pool.ts'
import { cutMsOf } from './head-cut.ts'
import { ScanBudget } from './head-scan-budget.ts'
import { SampleColumns } from './sample-columns.ts'

/** What appending a sample would do. `same` and `conflict`: the series has a sample of that time, equal or not. */
export type SampleVerdict = 'new' | 'same' | 'conflict'

export interface HeadOptions {
  readonly sizeBytesMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Age in ms of the oldest acknowledged record that is not in the engine; 0 when there is none. */
  readonly pendingAgeMs: () => number
  /** Told of samples before they can be seen: the first `count` of the columns. */
  readonly onAppend?: (refs: Uint32Array, timesMs: Float64Array, count: number) => void
}

/** Added to the age of what is pending, because clocks and counters are read at different moments. */
const pendingSlackSec = 5
/** Of the budget: what all scans under way may hold of what was given up before they came to it. Comes on top of the budget. */
const setAsideShare = 1 / 8

export class Head {
  /** What all scans of this head together may set aside. */
  readonly scanBudget: ScanBudget
  readonly #options: HeadOptions
  readonly #pool = new ChunkPool()
  readonly #chunksMax: number
  /** By ref: oldest and newest chunk, time of the newest sample. */
  #first = new Uint32Array(1024)
  #last = new Uint32Array(1024)
  #lastMs = new Float64Array(1024).fill(-Infinity)
  /** Where late samples of a series went last, so that filling in old data does not walk the list each time. */
  readonly #lateChunk = new Map<number, number>()
  readonly #guards = new Set<(cutMs: number) => void>()
  #evictAt: number
  #coversFromMs = -Infinity
  #coverLosses = 0
  #samples = 0
  /** Given up before they were known to be in the engine: since the last time that all were, in all, and when last (monotonic). */
  #hidden = 0
  #hiddenTotal = 0
  #hiddenAtSec = -Infinity

  constructor(options: HeadOptions) {
    this.#options = options
    this.#chunksMax = Math.max(Math.floor(options.sizeBytesMax / chunkBytes), 64)
    this.#evictAt = this.#chunksMax
    this.scanBudget = new ScanBudget(Math.floor(this.#chunksMax * chunkBytes * setAsideShare))
  }

  /** Every acknowledged sample at or after this time is here. */
  get coversFromMs(): number {
    return this.#coversFromMs
  }

  get sampleCount(): number {
    return this.#samples
  }

  /** Samples given up for want of memory that the engine may not have yet: no query sees them until the writer has come that far. */
  get hiddenSamples(): number {
    return this.#hiddenAtSec < this.#insertedBeforeSec(Math.floor(this.#options.clock.monotonicMs() / 1000)) ? 0 : this.#hidden
  }

  /** All that were ever given up so. */
  get hiddenSamplesTotal(): number {
    return this.#hiddenTotal
  }

  get sizeBytes(): number {
    return this.#pool.sizeBytes + this.#first.length * 16
  }

  /** How often something was given up, wherever the watermark was, or the watermark was raised. */
  get coverLosses(): number {
    return this.#coverLosses
  }

  /** The engine may hold samples up to this time that are not here (at start). Never lowers the watermark. */
  coverFrom(timeMs: number): void {
    if (timeMs <= this.#coversFromMs) return
    this.#coversFromMs = timeMs
    this.#coverLosses++
  }

  /**
   * Lowers the watermark: the engine's samples from `timeMs` on were put in (`prepend`). False, and nothing changes, when `coverLosses` is
   * not what it was before they were read from the engine: they may be among what was given up meanwhile.
   */
  coverBackTo(timeMs: number, coverLosses: number): boolean {
    if (this.#coverLosses !== coverLosses) return false
    this.#coversFromMs = Math.min(timeMs, this.#coversFromMs)
    return true
  }

  /** Share of the budget in use. */
  get usedShare(): number {
    return this.#pool.used / this.#chunksMax
  }

  /** Has the head samples of the series? */
  holds(ref: number): boolean {
    return ref < this.#first.length && this.#first[ref] !== noChunk
  }

  /** Gives up an eighth of what it holds, as when the budget is used up: memory is wanted elsewhere. */
  relieve(): void {
    const nowSec = Math.floor(this.#options.clock.monotonicMs() / 1000)
    this.#evict(cutMsOf(this.#pool) + 1, this.#insertedBeforeSec(nowSec))
  }

  /** The refs, of which nothing is held, mean other series now. */
  clear(refs: Uint32Array): void {
    for (const ref of refs) {
      if (ref >= this.#lastMs.length) continue
      if (this.#first[ref] !== noChunk) throw new Error('the head holds samples of a series that is gone')
      this.#lastMs[ref] = -Infinity
    }
  }

  /** Gives up the series' samples up to this time: they are deleted. The later ones count as not inserted yet. */
  remove(ref: number, toMs: number): void {
    if (!this.holds(ref)) return
    const pool = this.#pool
    const kept = new SampleColumns()
    this.read(ref, toMs + 1, Infinity, kept)
    for (let chunk = this.#first[ref]!; chunk !== noChunk;) {
      const next = pool.next(chunk)
      this.#samples -= pool.count(chunk)
      pool.give(chunk)
      chunk = next
    }
    this.#first[ref] = noChunk
    this.#last[ref] = noChunk
    this.#lastMs[ref] = -Infinity
    this.#lateChunk.delete(ref)
    const nowSec = Math.floor(this.#options.clock.monotonicMs() / 1000)
    for (let i = 0; i < kept.count; i++) this.#appendOne(ref, kept.timesMs[i]!, kept.values[i]!, nowSec)
  }

  /** Time of the newest sample of the series, `-Infinity` when there is none. */
  newestMs(ref: number): number {
    return ref < this.#lastMs.length ? this.#lastMs[ref]! : -Infinity
  }

  verdict(ref: number, timeMs: number, value: number): SampleVerdict {
    if (timeMs > this.newestMs(ref)) return 'new'
    const { chunk } = this.#find(ref, timeMs)
    if (chunk === noChunk) return 'new'
    const i = this.#pool.position(chunk, timeMs)
    if (i === this.#pool.count(chunk) || this.#pool.timeMs(chunk, i) !== timeMs) return 'new'
    const known = this.#pool.value(chunk, i)
    return known === value || (Number.isNaN(known) && Number.isNaN(value)) ? 'same' : 'conflict'
  }

  /** Appends the first `count` samples of the columns; a second sample of a time is left out. Fast path: newer than all before. */
  append(refs: Uint32Array, timesMs: Float64Array, values: Float64Array, count: number): void {
    this.#options.onAppend?.(refs, timesMs, count)
    const nowSec = Math.floor(this.#options.clock.monotonicMs() / 1000)
    for (let i = 0; i < count; i++) this.#appendOne(refs[i]!, timesMs[i]!, values[i]!, nowSec)
  }

  /**
   * Puts samples that the engine has, ascending, before those of the series that are here; a time that is here stays as it is. Room is
   * not made for them: see `usedShare`.
   */
  prepend(ref: number, { timesMs, values, count }: Pick<SampleColumns, 'timesMs' | 'values' | 'count'>): void {
    if (count === 0) return
    if (ref >= this.#first.length) this.#reserve(ref + 1)
    const pool = this.#pool
    const first = this.#first[ref]!
    if (first !== noChunk && timesMs[count - 1]! >= pool.baseMs(first)) {
      // Late samples came before them.
      const nowSec = Math.floor(this.#options.clock.monotonicMs() / 1000)
      for (let i = 0; i < count; i++) this.#appendOne(ref, timesMs[i]!, values[i]!, nowSec)
      return
    }
    let chunk = noChunk
    let previousMs = NaN
    for (let i = 0; i < count; i++) {
      const timeMs = timesMs[i]!
      if (timeMs === previousMs) continue
      previousMs = timeMs
      if (chunk === noChunk || pool.count(chunk) === chunkSamples || timeMs - pool.baseMs(chunk) > chunkSpanMsMax) {
        const next = pool.take(timeMs)
        if (chunk === noChunk) this.#first[ref] = next
        else pool.link(chunk, next)
        chunk = next
      }
      pool.push(chunk, timeMs, values[i]!, 0)
      this.#samples++
    }
    if (first !== noChunk) return pool.link(chunk, first)
    this.#last[ref] = chunk
    this.#lastMs[ref] = previousMs
  }

  /** Adds the samples of the series in `[fromMs, toMs]` to `out`, ascending. */
  read(ref: number, fromMs: number, toMs: number, out: SampleColumns): void {
    if (ref >= this.#first.length) return
    const pool = this.#pool
    for (let chunk = this.#chunkAt(ref, fromMs); chunk !== noChunk; chunk = pool.next(chunk)) {
      if (pool.baseMs(chunk) > toMs) return
      if (pool.lastMs(chunk) >= fromMs) pool.read(chunk, fromMs, toMs, out)
    }
  }

  /** How many samples `read` would add. */
  countSamples(ref: number, fromMs: number, toMs: number): number {
    if (ref >= this.#first.length) return 0
    const pool = this.#pool
    let count = 0
    for (let chunk = this.#chunkAt(ref, fromMs); chunk !== noChunk && pool.baseMs(chunk) <= toMs; chunk = pool.next(chunk)) {
      const start = pool.baseMs(chunk) >= fromMs ? 0 : pool.position(chunk, fromMs)
      const end = pool.lastMs(chunk) <= toMs ? pool.count(chunk) : pool.position(chunk, toMs + 1)
      count += Math.max(end - start, 0)
    }
    return count
  }

  /**
   * `giveUp` is called just before samples older than its argument may be taken away, so that a reader which is not done can take them
   * first. Until the result is disposed.
   */
  guard(giveUp: (cutMs: number) => void): Disposable {
    this.#guards.add(giveUp)
    return { [Symbol.dispose]: () => void this.#guards.delete(giveUp) }
  }

  /** A chunk of the series before which nothing is at or after `timeMs`; from whichever end of the list is nearer. */
  #chunkAt(ref: number, timeMs: number): number {
    const pool = this.#pool
    const first = this.#first[ref]!
    if (first === noChunk || timeMs - pool.baseMs(first) < this.#lastMs[ref]! - timeMs) return first
    let chunk = this.#last[ref]!
    while (pool.baseMs(chunk) > timeMs && pool.previous(chunk) !== noChunk) chunk = pool.previous(chunk)
    return chunk
  }

  /** May the head hold samples of any of the series in the range that are not in the engine yet? Never a wrong no. */
  hasPending(refs: Iterable<number>, fromMs: number, toMs: number): boolean {
    const pool = this.#pool
    const insertedBeforeSec = this.#insertedBeforeSec(Math.floor(this.#options.clock.monotonicMs() / 1000))
    for (const ref of refs) {
      if (ref >= this.#first.length) continue
      for (let chunk = this.#chunkAt(ref, fromMs); chunk !== noChunk && pool.baseMs(chunk) <= toMs; chunk = pool.next(chunk)) {
        if (pool.lastMs(chunk) >= fromMs && pool.touchedSec(chunk) >= insertedBeforeSec) return true
      }
    }
    return false
  }

  /** What was last changed before this second is in the engine. */
  #insertedBeforeSec(nowSec: number): number {
    return nowSec - this.#options.pendingAgeMs() / 1000 - pendingSlackSec
  }

  #appendOne(ref: number, timeMs: number, value: number, nowSec: number): void {
    if (ref >= this.#first.length) this.#reserve(ref + 1)
    if (timeMs <= this.#lastMs[ref]!) return this.#insertLate(ref, timeMs, value, nowSec)
    let chunk = this.#last[ref]!
    if (chunk === noChunk || this.#pool.count(chunk) === chunkSamples || timeMs - this.#pool.baseMs(chunk) > chunkSpanMsMax) {
      // Making room first: it may take this very series' chunks away.
      this.#makeRoom(nowSec)
      const previous = this.#last[ref]!
      chunk = this.#pool.take(timeMs)
      if (previous === noChunk) this.#first[ref] = chunk
      else this.#pool.link(previous, chunk)
      this.#last[ref] = chunk
    }
    this.#pool.push(chunk, timeMs, value, nowSec)
    this.#lastMs[ref] = timeMs
    this.#samples++
  }

  /** First chunk that ends at or after `timeMs`, and the one before it. */
  #find(ref: number, timeMs: number): { chunk: number; previous: number } {
    const pool = this.#pool
    let previous = noChunk
    let chunk = ref < this.#first.length ? this.#first[ref]! : noChunk
    const late = this.#lateChunk.get(ref)
    if (late !== undefined && pool.lastMs(late) < timeMs) {
      previous = late
      chunk = pool.next(late)
    }
    while (chunk !== noChunk && pool.lastMs(chunk) < timeMs) {
      previous = chunk
      chunk = pool.next(chunk)
    }
    return { chunk, previous }
  }

  #insertLate(ref: number, timeMs: number, value: number, nowSec: number): void {
    this.#makeRoom(nowSec)
    const pool = this.#pool
    const { chunk, previous } = this.#find(ref, timeMs)
    if (chunk === noChunk) {
      // Eviction just took the series' newer samples away: start again as if it were new.
      if (this.#first[ref] === noChunk) this.#lastMs[ref] = -Infinity
      return timeMs > this.#lastMs[ref]! ? this.#appendOne(ref, timeMs, value, nowSec) : undefined
    }
    const i = pool.position(chunk, timeMs)
    if (i < pool.count(chunk) && pool.timeMs(chunk, i) === timeMs) return
    this.#samples++
    if (i === 0 && previous !== noChunk && pool.count(previous) < chunkSamples && timeMs - pool.baseMs(previous) <= chunkSpanMsMax) {
      pool.push(previous, timeMs, value, nowSec)
      this.#lateChunk.set(ref, previous)
      return
    }
    // Wherever it goes, the next late sample of the series is likely to go right behind.
    if (previous !== noChunk) this.#lateChunk.set(ref, previous)
    const fits = pool.count(chunk) < chunkSamples && pool.lastMs(chunk) - timeMs <= chunkSpanMsMax
    if (fits) {
      pool.insert(chunk, i, timeMs, value, nowSec)
    } else if (i === 0) {
      const fresh = pool.take(timeMs)
      pool.push(fresh, timeMs, value, nowSec)
      pool.link(fresh, chunk)
      if (previous === noChunk) this.#first[ref] = fresh
      else pool.link(previous, fresh)
      this.#lateChunk.set(ref, fresh)
    } else {
      const second = pool.split(chunk, i)
      if (this.#last[ref] === chunk) this.#last[ref] = second
      if (i < chunkSamples && timeMs - pool.baseMs(chunk) <= chunkSpanMsMax) pool.push(chunk, timeMs, value, nowSec)
      else pool.insert(second, 0, timeMs, value, nowSec)
      this.#lateChunk.set(ref, chunk)
    }
  }

  /** Gives up old chunks when the budget is used up. */
  #makeRoom(nowSec: number): void {
    if (this.#pool.used < this.#evictAt) return
    const insertedBeforeSec = this.#insertedBeforeSec(nowSec)
    const cutMs = cutMsOf(this.#pool)
    const freed = this.#evict(cutMs, insertedBeforeSec)
    // Over twice the budget memory matters more than seeing what the engine has not taken yet; it stays durable in the log.
    if (freed === 0 && this.#pool.used >= this.#chunksMax * 2) {
      const before = this.#samples
      this.#evict(cutMs + 1, Infinity)
      this.#hide(before - this.#samples, nowSec)
    }
    this.#evictAt = Math.max(this.#chunksMax, this.#pool.used + Math.ceil(this.#chunksMax / 64))
  }

  #hide(samples: number, nowSec: number): void {
    this.#hidden = this.hiddenSamples + samples
    this.#hiddenTotal += samples
    this.#hiddenAtSec = nowSec
  }

  /** Frees the chunks at the start of each list that end before `cutMs` and were last changed before `touchedBeforeSec`. */
  #evict(cutMs: number, touchedBeforeSec: number): number {
    const pool = this.#pool
    if (!this.#canFree(cutMs, touchedBeforeSec)) return 0
    for (const giveUp of this.#guards) giveUp(cutMs)
    let freed = 0
    for (let ref = 0; ref < this.#first.length; ref++) {
      let chunk = this.#first[ref]!
      if (chunk === noChunk || pool.lastMs(chunk) >= cutMs) continue
      while (chunk !== noChunk && pool.lastMs(chunk) < cutMs && pool.touchedSec(chunk) < touchedBeforeSec) {
        const next = pool.next(chunk)
        this.#samples -= pool.count(chunk)
        pool.give(chunk)
        chunk = next
        freed++
      }
      this.#first[ref] = chunk
      if (chunk === noChunk) this.#last[ref] = noChunk
      else pool.lead(chunk)
    }
    this.#coverLosses++
    this.#lateChunk.clear()
    this.coverFrom(cutMs)
    return freed
  }

  #canFree(cutMs: number, touchedBeforeSec: number): boolean {
    const pool = this.#pool
    return this.#first.some((chunk) => chunk !== noChunk && pool.lastMs(chunk) < cutMs && pool.touchedSec(chunk) < touchedBeforeSec)
  }

  #reserve(count: number): void {
    const before = this.#first.length
    this.#first = grownU32(this.#first, count)
    this.#last = grownU32(this.#last, this.#first.length)
    this.#lastMs = grownF64(this.#lastMs, this.#first.length).fill(-Infinity, before)
  }
}
