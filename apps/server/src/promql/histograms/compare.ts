/** Equality of native histograms as `==` and `changes` see it: bit-equal numbers, empty buckets ignored, hints ignored. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { fromSparse, sameNumbers, toSparse, usesCustomBuckets } from './sparse.ts'

export function equalHistograms(a: NativeHistogram, b: NativeHistogram): boolean {
  if (a === b) return true
  if (a.schema !== b.schema || !Object.is(a.count, b.count) || !Object.is(a.sum, b.sum)) return false
  if (!sameNumbers(a.customValues, b.customValues)) return false
  if (!usesCustomBuckets(a) && (a.zeroThreshold !== b.zeroThreshold || a.zeroCount !== b.zeroCount)) return false
  const left = fromSparse(toSparse(a))
  const right = fromSparse(toSparse(b))
  return (
    sameNumbers(left.positiveSpans, right.positiveSpans) &&
    sameNumbers(left.positiveCounts, right.positiveCounts) &&
    sameNumbers(left.negativeSpans, right.negativeSpans) &&
    sameNumbers(left.negativeCounts, right.negativeCounts)
  )
}
