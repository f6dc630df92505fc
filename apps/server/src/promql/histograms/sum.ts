/** Sum and mean of many native histograms, compensated (Kahan) in every field. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { KahanMean, KahanSum } from '../functions/kahan.ts'
import { aligned, fromSparse, noBuckets, toSparse, usesCustomBuckets, type Buckets, type SparseHistogram } from './sparse.ts'

export class HistogramSum {
  readonly #parts: SparseHistogram[] = []
  #reconciled = false

  get count(): number {
    return this.#parts.length
  }

  /** False when exponential and custom buckets would be mixed; the histogram is then not added. */
  add(histogram: NativeHistogram): boolean {
    const first = this.#parts[0]
    if (first !== undefined && usesCustomBuckets(first) !== usesCustomBuckets(histogram)) return false
    this.#parts.push(toSparse(histogram))
    return true
  }

  /** Valid after `total` or `mean`, and before them as far as bounds differ. */
  get customBucketsReconciled(): boolean {
    const first = this.#parts[0]
    if (first === undefined || !usesCustomBuckets(first)) return false
    this.#reconciled ||= aligned(this.#parts)?.boundsReconciled ?? false
    return this.#reconciled
  }

  /** A "reset" met a "no reset". */
  get counterResetConflict(): boolean {
    return this.#parts.some((part) => part.resetHint === 'yes') && this.#parts.some((part) => part.resetHint === 'no')
  }

  total(): NativeHistogram {
    return this.#combined(totalOf)
  }

  /** Each field as a mean of its own, which survives a sum that overflows. */
  mean(): NativeHistogram {
    return this.#combined(meanOf)
  }

  #combined(reduce: (values: readonly number[]) => number): NativeHistogram {
    const parts = aligned(this.#parts)?.aligned ?? []
    const first = parts[0]
    if (first === undefined) throw new Error('a sum of no histograms was asked for')
    const hints = new Set(parts.map((part) => part.resetHint))
    return fromSparse({
      ...first,
      zeroCount: reduce(parts.map((part) => part.zeroCount)),
      count: reduce(parts.map((part) => part.count)),
      sum: reduce(parts.map((part) => part.sum)),
      positive: combinedBuckets(
        parts.map((part) => part.positive),
        reduce,
      ),
      negative: combinedBuckets(
        parts.map((part) => part.negative),
        reduce,
      ),
      resetHint: hints.size === 1 ? first.resetHint : hints.has('gauge') ? 'gauge' : 'unknown',
    })
  }
}

function totalOf(values: readonly number[]): number {
  const sum = new KahanSum()
  for (const value of values) sum.add(value)
  return sum.value
}

function meanOf(values: readonly number[]): number {
  const mean = new KahanMean()
  mean.reset()
  for (const value of values) mean.add(value)
  return mean.value
}

/** Bucket by bucket; a histogram without the bucket counts as zero there. */
function combinedBuckets(all: readonly Buckets[], reduce: (values: readonly number[]) => number): Buckets {
  const columns = new Map<number, number[]>()
  for (const [part, { indexes, counts }] of all.entries()) {
    for (let i = 0; i < indexes.length; i++) {
      let column = columns.get(indexes[i]!)
      if (column === undefined) columns.set(indexes[i]!, (column = Array.from(all, () => 0)))
      column[part] = counts[i]!
    }
  }
  if (columns.size === 0) return noBuckets
  const indexes = [...columns.keys()].sort((a, b) => a - b)
  return { indexes, counts: indexes.map((index) => reduce(columns.get(index) ?? [])) }
}
