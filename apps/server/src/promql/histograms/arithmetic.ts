/** Sums, differences and multiples of native histograms. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { aligned, fromSparse, toSparse, type Buckets, type SparseHistogram } from './sparse.ts'

export interface Combined {
  readonly histogram: NativeHistogram
  readonly boundsReconciled: boolean
  /** A histogram that says "reset" met one that says "no reset". */
  readonly resetConflict: boolean
}

function combineBuckets(a: Buckets, b: Buckets, sign: number): Buckets {
  const indexes: number[] = []
  const counts: number[] = []
  let i = 0
  let j = 0
  while (i < a.indexes.length || j < b.indexes.length) {
    const left = i < a.indexes.length ? a.indexes[i]! : Infinity
    const right = j < b.indexes.length ? b.indexes[j]! : Infinity
    let count = 0
    if (left <= right) count += a.counts[i++]!
    if (right <= left) count += sign * b.counts[j++]!
    indexes.push(Math.min(left, right))
    counts.push(count)
  }
  return { indexes, counts }
}

type ResetHint = NativeHistogram['resetHint']

/** The hint of a combination; a conflict gives 'unknown'. */
export function combinedHint(a: ResetHint, b: ResetHint): { hint: ResetHint; conflict: boolean } {
  if (a === b) return { hint: a, conflict: false }
  if (a === 'gauge' || b === 'gauge') return { hint: 'gauge', conflict: false }
  return { hint: 'unknown', conflict: a !== 'unknown' && b !== 'unknown' }
}

/** `a + sign * b`, or null when exponential and custom buckets meet. */
export function combined(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): Combined | null {
  const both = aligned([toSparse(a), toSparse(b)])
  const left = both?.aligned[0]
  const right = both?.aligned[1]
  if (both === null || left === undefined || right === undefined) return null
  const { hint, conflict } = combinedHint(a.resetHint, b.resetHint)
  const result: SparseHistogram = {
    ...left,
    zeroCount: left.zeroCount + sign * right.zeroCount,
    count: left.count + sign * right.count,
    sum: left.sum + sign * right.sum,
    positive: combineBuckets(left.positive, right.positive, sign),
    negative: combineBuckets(left.negative, right.negative, sign),
    resetHint: hint,
  }
  return { histogram: fromSparse(result), boundsReconciled: both.boundsReconciled, resetConflict: conflict }
}

/** Every count and the sum times `factor`. A negative factor makes a gauge of it; `asGauge` does so in any case. */
export function scaled(histogram: NativeHistogram, factor: number, asGauge = false): NativeHistogram {
  return {
    ...histogram,
    zeroCount: histogram.zeroCount * factor,
    count: histogram.count * factor,
    sum: histogram.sum * factor,
    positiveCounts: histogram.positiveCounts.map((count) => count * factor),
    negativeCounts: histogram.negativeCounts.map((count) => count * factor),
    resetHint: factor < 0 || asGauge ? 'gauge' : histogram.resetHint,
  }
}

/** Every count and the sum divided by `divisor`. Dividing by zero leaves no buckets, as in Prometheus. */
export function divided(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const divide = (value: number): number => value / divisor
  const empty = divisor === 0
  return {
    ...histogram,
    zeroCount: divide(histogram.zeroCount),
    count: divide(histogram.count),
    sum: divide(histogram.sum),
    positiveSpans: empty ? [] : histogram.positiveSpans,
    positiveCounts: empty ? [] : histogram.positiveCounts.map(divide),
    negativeSpans: empty ? [] : histogram.negativeSpans,
    negativeCounts: empty ? [] : histogram.negativeCounts.map(divide),
    resetHint: divisor < 0 ? 'gauge' : histogram.resetHint,
  }
}
