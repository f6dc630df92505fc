/** Sum and mean of many native histograms, compensated (Kahan) in every field. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { KahanSum } from '../functions/kahan.ts'
import { divided } from './arithmetic.ts'
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
    const parts = aligned(this.#parts)?.aligned ?? []
    const first = parts[0]
    if (first === undefined) throw new Error('a sum of no histograms was asked for')
    const hints = new Set(parts.map((part) => part.resetHint))
    return fromSparse({
      ...first,
      zeroCount: total(parts, (part) => part.zeroCount),
      count: total(parts, (part) => part.count),
      sum: total(parts, (part) => part.sum),
      positive: totalBuckets(parts.map((part) => part.positive)),
      negative: totalBuckets(parts.map((part) => part.negative)),
      resetHint: hints.size === 1 ? first.resetHint : hints.has('gauge') ? 'gauge' : 'unknown',
    })
  }

  mean(): NativeHistogram {
    return divided(this.total(), this.#parts.length)
  }
}

function total(parts: readonly SparseHistogram[], field: (part: SparseHistogram) => number): number {
  const sum = new KahanSum()
  for (const part of parts) sum.add(field(part))
  return sum.value
}

function totalBuckets(all: readonly Buckets[]): Buckets {
  const sums = new Map<number, KahanSum>()
  for (const { indexes, counts } of all) {
    for (let i = 0; i < indexes.length; i++) {
      let sum = sums.get(indexes[i]!)
      if (sum === undefined) sums.set(indexes[i]!, (sum = new KahanSum()))
      sum.add(counts[i]!)
    }
  }
  if (sums.size === 0) return noBuckets
  const indexes = [...sums.keys()].sort((a, b) => a - b)
  return { indexes, counts: indexes.map((index) => sums.get(index)?.value ?? 0) }
}
