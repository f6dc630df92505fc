/**
 * Makes buckets from samples that stream in as they lie in the engine: by metric, hour, series and time. Each run of a series is an hour
 * of it; a sample at the very start of an hour belongs to the last bucket of the hour before, which is therefore kept open until the
 * series' next run, or the end of its metric. Memory: one open bucket a series of a metric.
 */
import type { NativeBlock } from '../../engines/index.ts'
import { staleSql } from './bucket-values.ts'
import { Bucket } from './bucket.ts'
import { bucketOf, bucketsPerHour, fiveMinutes } from './spans.ts'

/** What the builder reads, of samples after `baseMs`: fewer bytes than the table's columns, and that is most of the cost. */
export function sampleSql(baseMs: number): string {
  const value = `if(f = 0, if(i = toInt64(-9223372036854775808), ${staleSql}, toFloat64(i)), f)`
  return `series, toUInt32(ts - ${baseMs}), ${value}`
}

/** Where series are found by their ids, and their metrics. */
export interface BuiltSeries {
  findId(low: number, high: number): number
  metricHash(ref: number): number
}

/** Told of series that are not in the index. */
export type OnUnknown = (low: number, high: number) => void

/** Takes finished buckets; the object is used again. */
export type BucketSink = (ref: number, bucket: number, content: Bucket) => void

interface OpenBucket {
  readonly bucket: number
  readonly content: Bucket
}

const { bucketMs } = fiveMinutes

export class BucketBuilder {
  readonly #registry: BuiltSeries
  readonly #emit: BucketSink
  readonly #onUnknown: OnUnknown
  /** Samples looked at. */
  rows = 0
  /** Last buckets of hours, by series. */
  readonly #kept = new Map<number, OpenBucket>()
  readonly #spare: Bucket[] = []
  #metric = -1
  #low = -1
  #high = -1
  /** -1: a series that the index does not know; another run makes its buckets. */
  #ref = -1
  #content = new Bucket()
  /** -1: none is open. */
  #bucket = -1
  #startMs = 0
  #endMs = -Infinity

  constructor(registry: BuiltSeries, emit: BucketSink, onUnknown: OnUnknown) {
    this.#registry = registry
    this.#onUnknown = onUnknown
    this.#emit = emit
  }

  /** Adds rows of `sampleSql(baseMs)` in the order of the table. */
  add(block: NativeBlock, baseMs: number): void {
    const [series, at, value] = block.columns
    if (series?.kind !== 'w64' || at?.kind !== 'u32' || value?.kind !== 'f64') throw new Error('unexpected columns of samples')
    this.rows += block.rows
    const ids = series.data
    const times = at.data
    const values = value.data
    for (let row = 0; row < block.rows; row++) {
      if (ids[row * 2] !== this.#low || ids[row * 2 + 1] !== this.#high) this.#turnTo(ids[row * 2]!, ids[row * 2 + 1]!)
      if (this.#ref === -1) continue
      const timeMs = baseMs + times[row]!
      if (timeMs > this.#endMs) this.#open(timeMs)
      this.#content.add(timeMs - this.#startMs, values[row]!)
    }
  }

  /** Gives out what is still open. */
  finish(): void {
    this.#keep()
    this.#giveKept()
  }

  #turnTo(low: number, high: number): void {
    this.#keep()
    this.#low = low
    this.#high = high
    this.#ref = this.#registry.findId(low, high)
    if (this.#ref === -1) return this.#onUnknown(low, high)
    const metric = this.#registry.metricHash(this.#ref)
    if (metric !== this.#metric) this.#giveKept()
    this.#metric = metric
    const kept = this.#kept.get(this.#ref)
    if (kept === undefined) return
    this.#kept.delete(this.#ref)
    this.#spare.push(this.#content)
    this.#content = kept.content
    this.#begin(kept.bucket)
  }

  #begin(bucket: number): void {
    this.#bucket = bucket
    this.#startMs = bucket * bucketMs
    this.#endMs = this.#startMs + bucketMs
  }

  #open(timeMs: number): void {
    if (this.#bucket !== -1) {
      this.#emit(this.#ref, this.#bucket, this.#content)
      this.#content.reset()
    }
    this.#begin(bucketOf(timeMs, bucketMs))
  }

  /** Puts the open bucket away: the next hour may begin with its last sample. */
  #keep(): void {
    if (this.#bucket !== -1) {
      if (this.#bucket % bucketsPerHour === bucketsPerHour - 1) {
        this.#kept.set(this.#ref, { bucket: this.#bucket, content: this.#content })
        this.#content = this.#spare.pop() ?? new Bucket()
      } else this.#emit(this.#ref, this.#bucket, this.#content)
      this.#content.reset()
    }
    this.#bucket = -1
    this.#endMs = -Infinity
  }

  #giveKept(): void {
    for (const [ref, { bucket, content }] of this.#kept) {
      this.#emit(ref, bucket, content)
      content.reset()
      this.#spare.push(content)
    }
    this.#kept.clear()
  }
}
