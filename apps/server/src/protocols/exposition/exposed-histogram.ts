/**
 * `io.prometheus.client.Histogram`: classic buckets and, in the same message, a native histogram. Kept as numbers until it is known
 * which of them are wanted. Integer histograms carry differences between neighbouring buckets, float histograms counts.
 */
import type { NativeHistogram } from '../../metrics/index.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { ProtoCursor } from '../protobuf/cursor.ts'
import { readDeltas, readDoubles, readSpan, spanProblem } from '../remote-write/histogram-reader.ts'

export interface ExposedBucket {
  readonly upperBound: number
  readonly count: number
  /** Where the message of its exemplar is; 0, 0: it has none. */
  readonly exemplarStart: number
  readonly exemplarEnd: number
}

export class ExposedHistogram {
  count = 0
  sum = 0
  createdMs = 0
  buckets: ExposedBucket[] = []
  /** Of the native histogram: start and end of each message. */
  exemplars: number[] = []
  #schema = 0
  #zeroThreshold = 0
  #zeroCount = 0
  #negativeSpans: number[] = []
  #negativeCounts: number[] = []
  #positiveSpans: number[] = []
  #positiveCounts: number[] = []

  /** Reads the message that the cursor stands before. */
  read(cursor: ProtoCursor): void {
    this.count = 0
    this.sum = 0
    this.createdMs = 0
    this.buckets = []
    this.exemplars = []
    this.#schema = 0
    this.#zeroThreshold = 0
    this.#zeroCount = 0
    this.#negativeSpans = []
    this.#negativeCounts = []
    this.#positiveSpans = []
    this.#positiveCounts = []
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) this.#field(cursor, cursor.readTag())
    cursor.leave(outer)
  }

  /** As Prometheus tells: a native histogram without observations has a zero bucket or an empty span. */
  get isNative(): boolean {
    return this.#positiveSpans.length > 0 || this.#negativeSpans.length > 0 || this.#zeroThreshold > 0 || this.#zeroCount > 0
  }

  /** A string says why it cannot be stored. */
  native(isGauge: boolean, limits: ProtocolLimits): NativeHistogram | string {
    const bucketsMax = limits.bucketsPerHistogramMax
    if (this.#positiveCounts.length + this.#negativeCounts.length > bucketsMax) return `it has more than ${bucketsMax} buckets`
    if (this.#schema < -4 || this.#schema > 8) return `schema ${this.#schema} is not supported`
    if (!(this.#zeroThreshold >= 0) || !(this.#zeroCount >= 0)) return 'its zero bucket is not valid'
    if (!(this.count >= 0)) return 'its count is negative'
    const problem =
      spanProblem(this.#positiveSpans, this.#positiveCounts, Infinity) ?? spanProblem(this.#negativeSpans, this.#negativeCounts, Infinity)
    if (problem !== null) return problem
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount,
      count: this.count,
      sum: this.sum,
      positiveSpans: this.#positiveSpans,
      positiveCounts: this.#positiveCounts,
      negativeSpans: this.#negativeSpans,
      negativeCounts: this.#negativeCounts,
      customValues: [],
      resetHint: isGauge ? 'gauge' : 'unknown',
    }
  }

  /** Cases are tags (`number << 3 | wire type`). Float counts override integer ones when they are above 0. */
  #field(cursor: ProtoCursor, tag: number): void {
    switch (tag) {
      case 8: // 1 sample_count
        this.count = cursor.readVarint()
        return
      case 33: // 4 sample_count_float
        this.count = cursor.readDouble() || this.count
        return
      case 17: // 2 sample_sum
        this.sum = cursor.readDouble()
        return
      case 26: // 3 bucket
        this.#bucket(cursor)
        return
      case 122: // 15 created_timestamp
        this.createdMs = readTimestampMs(cursor)
        return
      default:
        this.#nativeField(cursor, tag)
    }
  }

  #nativeField(cursor: ProtoCursor, tag: number): void {
    switch (tag) {
      case 40: // 5 schema
        this.#schema = cursor.readZigzag()
        return
      case 49: // 6 zero_threshold
        this.#zeroThreshold = cursor.readDouble()
        return
      case 56: // 7 zero_count
        this.#zeroCount = cursor.readVarint()
        return
      case 65: // 8 zero_count_float
        this.#zeroCount = cursor.readDouble() || this.#zeroCount
        return
      case 130: {
        // 16 exemplars
        const size = cursor.readLength()
        this.exemplars.push(cursor.pos, cursor.pos + size)
        cursor.pos += size
        return
      }
      default:
        this.#bucketField(cursor, tag)
    }
  }

  #bucketField(cursor: ProtoCursor, tag: number): void {
    switch (tag) {
      case 74: // 9 negative_span
        readSpan(cursor, this.#negativeSpans)
        return
      case 80: // 10 negative_delta
      case 82:
        readDeltas(cursor, tag, this.#negativeCounts)
        return
      case 89: // 11 negative_count
      case 90:
        readDoubles(cursor, tag, this.#negativeCounts)
        return
      case 98: // 12 positive_span
        readSpan(cursor, this.#positiveSpans)
        return
      case 104: // 13 positive_delta
      case 106:
        readDeltas(cursor, tag, this.#positiveCounts)
        return
      case 113: // 14 positive_count
      case 114:
        readDoubles(cursor, tag, this.#positiveCounts)
        return
      default:
        cursor.skip(tag)
    }
  }

  #bucket(cursor: ProtoCursor): void {
    const outer = cursor.enter()
    let upperBound = 0
    let count = 0
    let exemplarStart = 0
    let exemplarEnd = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 8) count = cursor.readVarint()
      else if (tag === 33) count = cursor.readDouble() || count
      else if (tag === 17) upperBound = cursor.readDouble()
      else if (tag === 26) {
        const size = cursor.readLength()
        exemplarStart = cursor.pos
        exemplarEnd = cursor.pos += size
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
    this.buckets.push({ upperBound, count, exemplarStart, exemplarEnd })
  }
}

/** `google.protobuf.Timestamp` that the cursor stands before, ms since 1970. */
export function readTimestampMs(cursor: ProtoCursor): number {
  const outer = cursor.enter()
  let seconds = 0
  let nanos = 0
  while (cursor.pos < cursor.end) {
    const tag = cursor.readTag()
    if (tag === 8) seconds = cursor.readInt64()
    else if (tag === 16) nanos = cursor.readInt64()
    else cursor.skip(tag)
  }
  cursor.leave(outer)
  return seconds * 1000 + Math.round(nanos / 1_000_000)
}
