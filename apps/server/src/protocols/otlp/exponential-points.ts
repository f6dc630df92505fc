/**
 * ExponentialHistogramDataPoint as Prometheus native histogram: scales over 8 become 8, scales under -4 are refused. Delta points
 * are added up by series in memory; beyond the bound of remembered series they start over (a counter reset).
 */
import { STALE } from '../../metrics/index.ts'
import { measuredValue } from '../decode/sample-value.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { MetricContext } from './contexts.ts'
import {
  type Buckets,
  type ExponentialHistogram,
  added,
  atScale,
  emptyHistogram,
  scaleMax,
  scaleMin,
  toNativeHistogram,
} from './exponential-buckets.ts'
import { NumberList } from './number-list.ts'
import { type PointTools, noRecordedValue } from './point-tools.ts'

const attributeTag = 10
const exemplarTag = 90

/** Bucket indexes beyond this cannot come from a double at any scale up to 20; they would break the arithmetic. */
const offsetMax = 2 ** 31

export class ExponentialPoints {
  readonly #tools: PointTools
  readonly #bucketsMax: number
  readonly #totalsMax: number
  /** Running totals of delta series, by ref. */
  readonly #totals = new Map<number, ExponentialHistogram>()
  #timeMs = 0
  #startMs = 0
  #count = 0
  #sum = NaN
  #scale = 0
  #zeroCount = 0
  #zeroThreshold = 0
  #flags = 0
  #exemplars = false
  #positiveOffset = 0
  #negativeOffset = 0
  readonly #positive = new NumberList()
  readonly #negative = new NumberList()

  constructor(tools: PointTools, limits: ProtocolLimits) {
    this.#tools = tools
    this.#bucketsMax = limits.bucketsPerHistogramMax
    this.#totalsMax = limits.rememberedHistogramsMax
  }

  /** Reads the point the cursor stands before (its length comes first). */
  read(session: DecodeSession, metric: MetricContext): void {
    const { cursor, run } = this.#tools
    const outer = cursor.enter()
    const from = cursor.pos
    const to = cursor.end
    run.begin(cursor.bytes)
    this.#clear()
    while (cursor.pos < cursor.end) this.#field(cursor.pos)
    run.settle(from, to, attributeTag)
    const ref = this.#store(session, metric)
    if (ref >= 0 && this.#exemplars) this.#tools.exemplars(session, from, to, exemplarTag, () => ref)
    cursor.leave(outer)
  }

  #clear(): void {
    this.#timeMs = 0
    this.#startMs = 0
    this.#count = 0
    this.#sum = NaN
    this.#scale = 0
    this.#zeroCount = 0
    this.#zeroThreshold = 0
    this.#flags = 0
    this.#exemplars = false
    this.#positiveOffset = 0
    this.#negativeOffset = 0
    this.#positive.clear()
    this.#negative.clear()
  }

  #field(at: number): void {
    const { cursor } = this.#tools
    const tag = cursor.readTag()
    switch (tag) {
      case attributeTag:
        this.#tools.noteAttribute(at)
        return
      case 17:
        this.#startMs = this.#tools.readTimeMs()
        return
      case 25:
        this.#timeMs = this.#tools.readTimeMs()
        return
      case 33:
        this.#count = cursor.readFixed64()
        return
      case 41:
        this.#sum = measuredValue(cursor.readDouble())
        return
      case 48:
        this.#scale = cursor.readZigzag()
        return
      case 57:
        this.#zeroCount = cursor.readFixed64()
        return
      case 66:
        this.#positiveOffset = this.#buckets(this.#positive)
        return
      case 74:
        this.#negativeOffset = this.#buckets(this.#negative)
        return
      case 80:
        this.#flags = cursor.readVarint()
        return
      case 113:
        this.#zeroThreshold = cursor.readDouble()
        return
      default:
        if (tag === exemplarTag) this.#exemplars = true
        cursor.skip(tag)
    }
  }

  /** Reads one side into `counts`; returns its offset. */
  #buckets(counts: NumberList): number {
    const { cursor } = this.#tools
    const outer = cursor.enter()
    let offset = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 8) offset = cursor.readZigzag()
      else if (tag === 16 || tag === 18) counts.readVarints(cursor, tag === 18)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    return offset
  }

  #problem(): string | null {
    if (this.#scale < scaleMin) return `scale ${this.#scale} is coarser than ${scaleMin}, the coarsest that can be stored`
    if (this.#positive.length > this.#bucketsMax || this.#negative.length > this.#bucketsMax)
      return `it has more than ${this.#bucketsMax} buckets`
    if (!(this.#zeroThreshold >= 0) || this.#zeroThreshold === Infinity) return 'its zero threshold is not valid'
    if (Math.abs(this.#positiveOffset) > offsetMax || Math.abs(this.#negativeOffset) > offsetMax) return 'its bucket offset is out of range'
    return null
  }

  /** The ref of the stored point, -1 when it was refused. */
  #store(session: DecodeSession, metric: MetricContext): number {
    const tools = this.#tools
    if (!tools.timeAccepted(session, metric, this.#timeMs)) return -1
    const ended = (this.#flags & noRecordedValue) !== 0
    const problem = ended ? null : this.#problem()
    if (problem !== null) {
      session.refuse('invalid_histogram', 1, () => `${metric.name}: ${problem}`)
      return -1
    }
    const ref = tools.finder.find(session, metric, tools.run, attributeTag)
    if (ref < 0) {
      tools.refuseUnfound(session)
      return -1
    }
    if (ended) {
      session.addHistogram(ref, this.#timeMs, { ...toNativeHistogram(emptyHistogram(0)), sum: STALE })
      return ref
    }
    const histogram = atScale(this.#histogram(), scaleMax)
    return metric.delta ? this.#storeDelta(session, metric, ref, histogram) : this.#storeCumulative(session, ref, histogram)
  }

  #storeCumulative(session: DecodeSession, ref: number, histogram: ExponentialHistogram): number {
    const native = toNativeHistogram(histogram)
    if (this.#startMs > 0 && session.beginsAnew(ref, this.#startMs, this.#timeMs, this.#tools.finder.isDurable(ref)))
      session.addZeroHistogram(ref, this.#startMs, native)
    session.addHistogram(ref, this.#timeMs, native)
    return ref
  }

  #storeDelta(session: DecodeSession, metric: MetricContext, ref: number, histogram: ExponentialHistogram): number {
    if (!this.#tools.deltaAccepted(session, metric, ref, this.#timeMs)) return -1
    const before = this.#totals.get(ref)
    const total = before === undefined ? histogram : added(before, histogram, this.#bucketsMax)
    if (total === null) {
      session.refuse('invalid_histogram', 1, () => `${metric.name}: its values spread over more buckets than can be stored`)
      return -1
    }
    const native = toNativeHistogram(total)
    const zeroMs = this.#tools.deltaZeroMs(session, ref, this.#startMs, this.#timeMs)
    if (zeroMs > 0) session.addZeroHistogram(ref, zeroMs, native)
    if (before === undefined && this.#totals.size >= this.#totalsMax) this.#totals.clear()
    this.#totals.set(ref, total)
    session.onUndo(() => {
      if (before === undefined) this.#totals.delete(ref)
      else this.#totals.set(ref, before)
    })
    session.touch(ref, this.#timeMs, 0)
    session.addHistogram(ref, this.#timeMs, native)
    return ref
  }

  #histogram(): ExponentialHistogram {
    return {
      scale: this.#scale,
      count: this.#count,
      sum: this.#sum,
      zeroCount: this.#zeroCount,
      zeroThreshold: this.#zeroThreshold,
      positive: bucketsOf(this.#positiveOffset, this.#positive),
      negative: bucketsOf(this.#negativeOffset, this.#negative),
    }
  }
}

function bucketsOf(offset: number, counts: NumberList): Buckets {
  return { offset, counts: Array.from(counts.values.subarray(0, counts.length)) }
}
