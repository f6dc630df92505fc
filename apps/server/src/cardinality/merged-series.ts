/**
 * One series made of several raw ones: a counter that grows by what they grow by, or a gauge that is a function of their newest values. Times of
 * what it says only go up, so that what comes late from one sender is no reset in the eyes of a query.
 */
import { STALE } from '../metrics/index.ts'
import type { HistogramSum } from './histogram-sum.ts'
import type { GaugeFunction } from './ports.ts'
import { noSlot, type RawSeries } from './raw-series.ts'

/** Members up to which a sum is added up anew each time, so that no error of rounding stays. */
const addedUpMax = 256
/** Of larger ones it is every so many times. */
const addedUpEvery = 256

export class MergedSeries {
  /** Under this ref it is stored. */
  readonly ref: number
  readonly kind: 'counter' | GaugeFunction
  /** `rule version` of who made it. */
  readonly rule: string
  total: number
  /** Of native histograms, when these are what comes. */
  histogram: HistogramSum | null = null
  /** When its last raw sample came, ms of this process. */
  heardMs = -Infinity
  /** Until then the first value of a raw series is where it begins. */
  learningUntilMs: number
  /** Newest time among the raw samples of the batch in hand. */
  batchMs = -Infinity
  #first = noSlot
  #count = 0
  #said = Number.NaN
  #saidMs: number
  #rounds = 0
  #isInexact = false

  constructor(facts: {
    ref: number
    kind: 'counter' | GaugeFunction
    rule: string
    total: number
    newestMs: number
    learningUntilMs: number
  }) {
    this.ref = facts.ref
    this.kind = facts.kind
    this.rule = facts.rule
    this.total = facts.total
    this.#saidMs = facts.newestMs
    this.learningUntilMs = facts.learningUntilMs
  }

  /** Takes over from the series that another rule made under this ref: what that said last may not be stored yet. */
  goOnFrom(former: MergedSeries): void {
    if (this.kind === 'counter' && former.kind === 'counter') this.total = former.total
    this.histogram = former.histogram
    this.#saidMs = Math.max(this.#saidMs, former.#saidMs)
  }

  get memberCount(): number {
    return this.#count
  }

  /** A value of a raw gauge. */
  setMember(raw: RawSeries, slot: number, value: number): void {
    const before = raw.lastValue[slot]!
    if (raw.isMember[slot] === 0) {
      this.#link(raw, slot)
      if (this.kind === 'sum' || this.kind === 'avg') this.total += value
      else if (this.kind === 'last' || this.#count === 1) this.total = value
      else this.total = this.kind === 'min' ? Math.min(this.total, value) : Math.max(this.total, value)
      return
    }
    if (this.kind === 'sum' || this.kind === 'avg') this.total += value - before
    else if (this.kind === 'last') this.total = value
    else if (this.kind === 'min' ? value <= this.total : value >= this.total) this.total = value
    else if (before === this.total) this.#isInexact = true
  }

  dropMember(raw: RawSeries, slot: number): void {
    if (raw.isMember[slot] === 0) return
    const next = raw.next[slot]!
    const previous = raw.previous[slot]!
    if (previous === noSlot) this.#first = next
    else raw.next[previous] = next
    if (next !== noSlot) raw.previous[next] = previous
    raw.isMember[slot] = 0
    this.#count--
    if (this.kind === 'sum' || this.kind === 'avg') this.total -= raw.lastValue[slot]!
    else this.#isInexact = this.kind !== 'last'
  }

  /** Time at which the sum of histograms is to be stored now. */
  sayHistogram(nowMs: number): number {
    const timeMs = Math.max(Math.min(this.batchMs, nowMs), this.#saidMs + 1)
    this.batchMs = -Infinity
    this.#saidMs = timeMs
    return timeMs
  }

  /** Time and value to store now, or null when there is nothing to say. `nowMs` keeps a sender's wrong clock from carrying it away. */
  say(raw: RawSeries, nowMs: number): { timeMs: number; value: number } | null {
    const value = this.#value(raw)
    const asked = Math.min(this.batchMs, nowMs)
    this.batchMs = -Infinity
    if (value === this.#said && asked <= this.#saidMs) return null
    const timeMs = Math.max(asked, this.#saidMs + 1)
    this.#said = value
    this.#saidMs = timeMs
    return { timeMs, value }
  }

  /** What was said last is not stored: it has to be said again. */
  forgetSaid(): void {
    this.#said = Number.NaN
  }

  #link(raw: RawSeries, slot: number): void {
    raw.next[slot] = this.#first
    raw.previous[slot] = noSlot
    if (this.#first !== noSlot) raw.previous[this.#first] = slot
    this.#first = slot
    raw.isMember[slot] = 1
    this.#count++
  }

  #value(raw: RawSeries): number {
    if (this.kind === 'counter') return this.total
    if (this.#count === 0) return STALE
    if (this.kind === 'last') return this.total
    if (this.kind === 'sum' || this.kind === 'avg') {
      if (this.#count <= addedUpMax || ++this.#rounds % addedUpEvery === 0) this.total = this.#sum(raw)
      return this.kind === 'sum' ? this.total : this.total / this.#count
    }
    if (this.#isInexact) this.total = this.#extreme(raw, this.kind === 'min' ? Math.min : Math.max)
    this.#isInexact = false
    return this.total
  }

  #sum(raw: RawSeries): number {
    let sum = 0
    for (let slot = this.#first; slot !== noSlot; slot = raw.next[slot]!) sum += raw.lastValue[slot]!
    return sum
  }

  #extreme(raw: RawSeries, choose: (a: number, b: number) => number): number {
    let found = raw.lastValue[this.#first]!
    for (let slot = this.#first; slot !== noSlot; slot = raw.next[slot]!) found = choose(found, raw.lastValue[slot]!)
    return found
  }
}
