/**
 * Prometheus native histograms as remote write 1 and 2 send them (the message is the same; field 17 exists in 2 only).
 * Integer histograms carry differences between neighbouring buckets, float histograms counts; both become absolute counts.
 */
import type { NativeHistogram } from '../../metrics/index.ts'
import { sampleValue } from '../decode/sample-value.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { ProtoCursor } from '../protobuf/cursor.ts'

const customSchema = -53
const resetHints = ['unknown', 'yes', 'no', 'gauge'] as const

export class HistogramReader {
  timeMs = 0
  /** Remote write 2: when the histogram began, ms; 0 when not said. */
  startMs = 0
  #schema = 0
  #count = 0
  #sum = 0
  #zeroThreshold = 0
  #zeroCount = 0
  #resetHint = 0
  #positiveSpans: number[] = []
  #negativeSpans: number[] = []
  #positiveCounts: number[] = []
  #negativeCounts: number[] = []
  #customValues: number[] = []

  /** Reads the message the cursor stands in, to its end. A string says why the histogram cannot be stored. */
  read(cursor: ProtoCursor, limits: ProtocolLimits): NativeHistogram | string {
    this.#clear()
    while (cursor.pos < cursor.end) this.#field(cursor, cursor.readTag())
    const bucketsMax = limits.bucketsPerHistogramMax
    const buckets = this.#positiveCounts.length + this.#negativeCounts.length
    if (buckets > bucketsMax || this.#customValues.length > bucketsMax) return `it has more than ${bucketsMax} buckets`
    return this.#problem() ?? this.#histogram()
  }

  #clear(): void {
    this.timeMs = 0
    this.startMs = 0
    this.#schema = 0
    this.#count = 0
    this.#sum = 0
    this.#zeroThreshold = 0
    this.#zeroCount = 0
    this.#resetHint = 0
    this.#positiveSpans = []
    this.#negativeSpans = []
    this.#positiveCounts = []
    this.#negativeCounts = []
    this.#customValues = []
  }

  /** Cases are tags (`number << 3 | wire type`), so that a known number with a wrong type is passed over as unknown. */
  #field(cursor: ProtoCursor, tag: number): void {
    switch (tag) {
      case 8: // 1 count_int
        this.#count = cursor.readVarint()
        return
      case 17: // 2 count_float
        this.#count = cursor.readDouble()
        return
      case 25: {
        const at = cursor.pos // 3 sum
        this.#sum = sampleValue(cursor.readDouble(), cursor.view, at)
        return
      }
      case 32: // 4 schema
        this.#schema = cursor.readZigzag()
        return
      case 41: // 5 zero_threshold
        this.#zeroThreshold = cursor.readDouble()
        return
      case 48: // 6 zero_count_int
        this.#zeroCount = cursor.readVarint()
        return
      case 57: // 7 zero_count_float
        this.#zeroCount = cursor.readDouble()
        return
      case 112: // 14 reset_hint
        this.#resetHint = cursor.readVarint()
        return
      case 120: // 15 timestamp
        this.timeMs = cursor.readInt64()
        return
      case 136: // 17 start_timestamp
        this.startMs = cursor.readInt64()
        return
      default:
        this.#bucketField(cursor, tag)
    }
  }

  #bucketField(cursor: ProtoCursor, tag: number): void {
    switch (tag) {
      case 66: // 8 negative_spans
        readSpan(cursor, this.#negativeSpans)
        return
      case 72: // 9 negative_deltas
      case 74:
        readDeltas(cursor, tag, this.#negativeCounts)
        return
      case 81: // 10 negative_counts
      case 82:
        readDoubles(cursor, tag, this.#negativeCounts)
        return
      case 90: // 11 positive_spans
        readSpan(cursor, this.#positiveSpans)
        return
      case 96: // 12 positive_deltas
      case 98:
        readDeltas(cursor, tag, this.#positiveCounts)
        return
      case 105: // 13 positive_counts
      case 106:
        readDoubles(cursor, tag, this.#positiveCounts)
        return
      case 129: // 16 custom_values
      case 130:
        readDoubles(cursor, tag, this.#customValues)
        return
      default:
        cursor.skip(tag)
    }
  }

  #problem(): string | null {
    const custom = this.#schema === customSchema
    if (!custom && (this.#schema < -4 || this.#schema > 8)) return `schema ${this.#schema} is not supported`
    if (!(this.#zeroThreshold >= 0) || !(this.#zeroCount >= 0)) return 'its zero bucket is not valid'
    if (!(this.#count >= 0)) return 'its count is negative'
    if (this.#resetHint >= resetHints.length) return `reset hint ${this.#resetHint} does not exist`
    if (custom) {
      if (this.#negativeCounts.length > 0 || this.#zeroCount !== 0) return 'custom buckets have no negative or zero buckets'
      for (let index = 0; index < this.#customValues.length; index++) {
        if (!((this.#customValues[index] ?? 0) > (this.#customValues[index - 1] ?? -Infinity))) return 'its custom bounds do not increase'
      }
    } else if (this.#customValues.length > 0) return 'only schema -53 has custom bounds'
    return (
      spanProblem(this.#positiveSpans, this.#positiveCounts, custom ? this.#customValues.length + 1 : Infinity) ??
      spanProblem(this.#negativeSpans, this.#negativeCounts, Infinity)
    )
  }

  #histogram(): NativeHistogram {
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount,
      count: this.#count,
      sum: this.#sum,
      positiveSpans: this.#positiveSpans,
      positiveCounts: this.#positiveCounts,
      negativeSpans: this.#negativeSpans,
      negativeCounts: this.#negativeCounts,
      customValues: this.#customValues,
      resetHint: resetHints[this.#resetHint] ?? 'unknown',
    }
  }
}

/** Spans must name exactly the buckets there are, and stay below `indexMax`. */
export function spanProblem(spans: readonly number[], counts: readonly number[], indexMax: number): string | null {
  let buckets = 0
  let index = 0
  for (let at = 0; at < spans.length; at += 2) {
    const offset = spans[at] ?? 0
    if (at > 0 && offset < 0) return 'its spans overlap'
    if (at === 0 && offset < 0 && indexMax !== Infinity) return 'its spans leave its bounds'
    buckets += spans[at + 1] ?? 0
    index += offset + (spans[at + 1] ?? 0)
  }
  if (buckets !== counts.length) return `its spans name ${buckets} buckets but there are ${counts.length}`
  if (index > indexMax) return 'its spans leave its bounds'
  for (const count of counts) if (!(count >= 0)) return 'a bucket has a negative count'
  return null
}

export function readSpan(cursor: ProtoCursor, spans: number[]): void {
  const outer = cursor.enter()
  let offset = 0
  let length = 0
  while (cursor.pos < cursor.end) {
    const tag = cursor.readTag()
    if (tag === 8) offset = cursor.readZigzag()
    else if (tag === 16) length = cursor.readVarint()
    else cursor.skip(tag)
  }
  cursor.leave(outer)
  spans.push(offset, length)
}

/** Packed or not; each value is the difference to the bucket before it. */
export function readDeltas(cursor: ProtoCursor, tag: number, counts: number[]): void {
  if ((tag & 7) === 0) {
    counts.push((counts.at(-1) ?? 0) + cursor.readZigzag())
    return
  }
  const outer = cursor.enter()
  let count = counts.at(-1) ?? 0
  while (cursor.pos < cursor.end) counts.push((count += cursor.readZigzag()))
  cursor.leave(outer)
}

export function readDoubles(cursor: ProtoCursor, tag: number, values: number[]): void {
  if ((tag & 7) === 1) {
    values.push(cursor.readDouble())
    return
  }
  const outer = cursor.enter()
  while (cursor.pos < cursor.end) values.push(cursor.readDouble())
  cursor.leave(outer)
}
