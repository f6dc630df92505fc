/**
 * A distribution as exponential buckets, the ones of Prometheus' native histograms: bucket i of schema s holds values in
 * `(base^(i-1), base^i]` with `base = 2^(2^-s)`, negative values by their absolute value, exact zeros apart. At schema 7 a bucket is 0.54 %
 * wide, so whatever value of the right bucket a quantile is answered with, it is within 1 % of the exact one.
 */
import type { NativeHistogram } from '../model.ts'
import { BucketCounts } from './bucket-counts.ts'

/** The finest schema, and the one everything begins with. */
export const sketchSchema = 7
/** The coarsest that Prometheus knows; at it all doubles fit into 130 buckets of either sign. */
const schemaMin = -4

/** Runs of neighbouring buckets as native histograms write them, with a count for each bucket. */
interface Runs {
  readonly spans: number[]
  readonly counts: number[]
}

/** Up to this many empty buckets are written as zeros rather than as a new span. */
const gapMax = 2

function runsOf(buckets: BucketCounts): Runs {
  const spans: number[] = []
  const counts: number[] = []
  let next = 0
  for (const index of buckets.sortedIndexes()) {
    const gap = index - next
    if (spans.length > 0 && gap <= gapMax) {
      for (let at = 0; at < gap; at++) counts.push(0)
      spans[spans.length - 1]! += gap + 1
    } else spans.push(gap, 1)
    counts.push(buckets.count(index))
    next = index + 1
  }
  return { spans, counts }
}

export class Sketch {
  /** Becomes coarser when there are too many buckets. */
  schema = sketchSchema
  /** Sum of weights. */
  count = 0
  sum = 0
  zeroCount = 0
  #positive = new BucketCounts()
  #negative = new BucketCounts()
  #perDoubling = 2 ** sketchSchema

  /** Buckets that have a count, but the one of zero. */
  get bucketCount(): number {
    return this.#positive.size + this.#negative.size
  }

  /** `value` finite, `weight` finite and above 0. True when a new bucket was needed. */
  add(value: number, weight: number): boolean {
    this.count += weight
    this.sum += value * weight
    if (value > 0) return this.#positive.add(this.#indexOf(value), weight)
    if (value < 0) return this.#negative.add(this.#indexOf(-value), weight)
    this.zeroCount += weight
    return false
  }

  /** Adds all of another one. The result has the coarser of both schemas. */
  merge(other: Sketch): void {
    let from = other
    while (this.schema > other.schema) this.coarsen()
    if (other.schema > this.schema) {
      from = other.#copy()
      while (from.schema > this.schema) from.coarsen()
    }
    this.count += from.count
    this.sum += from.sum
    this.zeroCount += from.zeroCount
    from.#positive.each((index, count) => void this.#positive.add(index, count))
    from.#negative.each((index, count) => void this.#negative.add(index, count))
  }

  /** Makes buckets twice as wide; false when they are as wide as can be. Quantiles are then within twice as much as before. */
  coarsen(): boolean {
    if (this.schema === schemaMin) return false
    this.#positive = this.#positive.halved()
    this.#negative = this.#negative.halved()
    this.schema--
    this.#perDoubling /= 2
    return true
  }

  /** As it is now; later additions do not show in it. */
  toHistogram(): NativeHistogram {
    const positive = runsOf(this.#positive)
    const negative = runsOf(this.#negative)
    return {
      schema: this.schema,
      zeroThreshold: 0,
      zeroCount: this.zeroCount,
      count: this.count,
      sum: this.sum,
      positiveSpans: positive.spans,
      positiveCounts: positive.counts,
      negativeSpans: negative.spans,
      negativeCounts: negative.counts,
      customValues: [],
      resetHint: 'unknown',
    }
  }

  /** `base^(i-1) < value <= base^i`, but for values within rounding of a bound. */
  #indexOf(value: number): number {
    return Math.ceil(Math.log2(value) * this.#perDoubling)
  }

  #copy(): Sketch {
    const out = new Sketch()
    out.schema = this.schema
    out.#perDoubling = this.#perDoubling
    out.merge(this)
    return out
  }
}

/** The histogram before any observation. */
export function emptySketchHistogram(schema: number): NativeHistogram {
  const out = new Sketch()
  while (out.schema > schema) out.coarsen()
  return out.toHistogram()
}
