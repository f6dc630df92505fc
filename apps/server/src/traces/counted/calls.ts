/** Calls of one key added up: count, errors, time, durations by bucket, an example of a slow and of a failed one. */
import { bucketOf } from '../duration-buckets.ts'
import { exampleText } from './example-trace.ts'
import type { SegmentSpans } from './segment-spans.ts'

const errorStatus = 2

export class Calls {
  count = 0
  errors = 0
  totalMs = 0
  readonly durations = new Map<number, number>()
  readonly failedDurations = new Map<number, number>()
  /** Rows of the slowest call and the slowest failed one; -1 for none. */
  slowest = -1
  failed = -1

  add(spans: SegmentSpans, row: number): void {
    const weight = spans.weight[row]!
    const durationNs = spans.durationNs[row]!
    this.count += weight
    this.totalMs += (durationNs / 1e6) * weight
    const bucket = bucketOf(durationNs / 1000)
    this.durations.set(bucket, (this.durations.get(bucket) ?? 0) + weight)
    if (this.slowest === -1 || durationNs > spans.durationNs[this.slowest]!) this.slowest = row
    if (spans.status[row] !== errorStatus) return
    this.errors += weight
    this.failedDurations.set(bucket, (this.failedDurations.get(bucket) ?? 0) + weight)
    if (this.failed === -1 || durationNs > spans.durationNs[this.failed]!) this.failed = row
  }

  merge(other: Calls, spans: SegmentSpans): void {
    this.count += other.count
    this.errors += other.errors
    this.totalMs += other.totalMs
    addAll(this.durations, other.durations)
    addAll(this.failedDurations, other.failedDurations)
    this.slowest = slower(spans, this.slowest, other.slowest)
    this.failed = slower(spans, this.failed, other.failed)
  }

  /** Values of the columns that tables of counts end with. */
  values(spans: SegmentSpans): [number, number, number, AdditiveMap, string, string, AdditiveMap] {
    const { count, errors, totalMs, durations, slowest, failed, failedDurations } = this
    return [count, errors, totalMs, mapOf(durations), example(spans, slowest), example(spans, failed), mapOf(failedDurations)]
  }
}

interface AdditiveMap {
  readonly mapKeys: number[]
  readonly mapValues: number[]
}

function mapOf(counts: ReadonlyMap<number, number>): AdditiveMap {
  return { mapKeys: [...counts.keys()], mapValues: [...counts.values()] }
}

function addAll(to: Map<number, number>, counts: ReadonlyMap<number, number>): void {
  for (const [bucket, count] of counts) to.set(bucket, (to.get(bucket) ?? 0) + count)
}

function slower(spans: SegmentSpans, a: number, b: number): number {
  if (a === -1 || b === -1) return Math.max(a, b)
  return spans.durationNs[b]! > spans.durationNs[a]! ? b : a
}

function example(spans: SegmentSpans, row: number): string {
  if (row === -1) return ''
  const place = spans.placeOf(row)
  return exampleText(place.owned, place.row)
}
