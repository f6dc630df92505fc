/**
 * `PerformanceMetric`: throughput, percentiles, error rate and Apdex of an operation over a time, from additive rows: two of them added
 * are the figures of both times together. Percentiles are read from histograms, so they are as exact as a bucket is narrow.
 */
import type { OperationFigures, OperationStep } from './ports.ts'

/** Widest histogram; buckets beyond it are joined with the last one. */
const bucketsMax = 2_000

type Addend = Pick<OperationStep, 'count' | 'errors' | 'totalMs' | 'lowersMs' | 'uppersMs' | 'counts'>

export class PerformanceMetric {
  #count = 0
  #errors = 0
  #totalMs = 0
  /** Upper end of a bucket to its lower end and count. */
  readonly #buckets = new Map<number, { readonly lowerMs: number; count: number }>()
  #sorted: readonly { readonly lowerMs: number; readonly upperMs: number; readonly count: number }[] | null = null
  #measured = 0

  get count(): number {
    return this.#count
  }

  get errors(): number {
    return this.#errors
  }

  get totalMs(): number {
    return this.#totalMs
  }

  add(row: Addend): void {
    this.#count += row.count
    this.#errors += row.errors
    this.#totalMs += row.totalMs
    for (let i = 0; i < row.counts.length; i++) this.#addBucket(row.lowersMs[i] ?? 0, row.uppersMs[i] ?? 0, row.counts[i] ?? 0)
    this.#sorted = null
  }

  /** Adds all of another one. */
  merge(other: PerformanceMetric): void {
    this.#count += other.#count
    this.#errors += other.#errors
    this.#totalMs += other.#totalMs
    for (const [upperMs, { lowerMs, count }] of other.#buckets) this.#addBucket(lowerMs, upperMs, count)
    this.#sorted = null
  }

  /** Share of failed calls, 0 to 1; null: no calls. */
  errorRate(): number | null {
    return this.#count === 0 ? null : Math.min(1, this.#errors / this.#count)
  }

  averageMs(): number | null {
    return this.#count === 0 ? null : this.#totalMs / this.#count
  }

  /** Calls a minute over `lengthMs`. */
  perMinute(lengthMs: number): number {
    return lengthMs <= 0 ? 0 : (this.#count * 60_000) / lengthMs
  }

  /** The duration that a share `q` (0 to 1) of the calls does not exceed: even within its bucket. Null: no durations. */
  percentileMs(q: number): number | null {
    const buckets = this.#inOrder()
    if (this.#measured === 0) return null
    const rank = Math.min(1, Math.max(0, q)) * this.#measured
    let below = 0
    for (const { lowerMs, upperMs, count } of buckets) {
      if (below + count >= rank && count > 0) return within(lowerMs, upperMs, (rank - below) / count)
      below += count
    }
    return buckets[buckets.length - 1]?.upperMs ?? null
  }

  /**
   * Apdex (Apdex Alliance, technical specification 1.1): calls within `thresholdMs` satisfy, those within four times as much satisfy half.
   * Failed calls satisfy nobody; as rows do not say how long they took, they are taken evenly from all durations.
   */
  apdex(thresholdMs: number): number | null {
    if (this.#count === 0 || this.#inOrder().length === 0) return null
    const satisfied = this.#share(thresholdMs)
    const tolerating = this.#share(thresholdMs * 4) - satisfied
    return (satisfied + tolerating / 2) * (1 - (this.errorRate() ?? 0))
  }

  /** All figures over a time of `lengthMs`. */
  figures(lengthMs: number, apdexMs: number): OperationFigures {
    return {
      count: this.#count,
      perMinute: this.perMinute(lengthMs),
      errorRate: this.errorRate(),
      averageMs: this.averageMs(),
      p50Ms: this.percentileMs(0.5),
      p90Ms: this.percentileMs(0.9),
      p95Ms: this.percentileMs(0.95),
      p99Ms: this.percentileMs(0.99),
      apdex: this.apdex(apdexMs),
      totalMs: this.#totalMs,
    }
  }

  /** Share of calls that took at most `limitMs`. */
  #share(limitMs: number): number {
    let within = 0
    for (const { lowerMs, upperMs, count } of this.#inOrder()) {
      if (upperMs <= limitMs) within += count
      else if (lowerMs < limitMs) within += (count * (limitMs - lowerMs)) / (upperMs - lowerMs)
    }
    return this.#measured === 0 ? 0 : within / this.#measured
  }

  #addBucket(lowerMs: number, upperMs: number, count: number): void {
    const known = this.#buckets.get(upperMs)
    if (known !== undefined) known.count += count
    else if (this.#buckets.size < bucketsMax) this.#buckets.set(upperMs, { lowerMs, count })
    else this.#largest().count += count
  }

  #largest(): { count: number } {
    let largest = -Infinity
    for (const upperMs of this.#buckets.keys()) largest = Math.max(largest, upperMs)
    return this.#buckets.get(largest) ?? { count: 0 }
  }

  #inOrder(): readonly { readonly lowerMs: number; readonly upperMs: number; readonly count: number }[] {
    if (this.#sorted !== null) return this.#sorted
    const sorted = Array.from(this.#buckets, ([upperMs, { lowerMs, count }]) => ({ lowerMs, upperMs, count }))
    sorted.sort((a, b) => a.upperMs - b.upperMs)
    this.#measured = sorted.reduce((sum, { count }) => sum + count, 0)
    this.#sorted = sorted
    return sorted
  }
}

/** A place within a bucket: even in the logarithm, as durations are, where the bucket does not begin at zero. */
function within(lowerMs: number, upperMs: number, share: number): number {
  if (lowerMs <= 0) return upperMs * share
  return lowerMs * (upperMs / lowerMs) ** share
}
