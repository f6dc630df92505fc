/**
 * Native histograms in the form their arithmetic wants: bucket indexes and counts side by side, sorted by index. Bucket `i` of an
 * exponential schema covers `(2^((i-1)/2^schema), 2^(i/2^schema)]`; of custom bounds (schema -53) `(bounds[i-1], bounds[i]]`.
 * Source of the format: Prometheus native histograms.
 */
import type { NativeHistogram } from '../../metrics/index.ts'

export const customSchema = -53
const largestFloat = Number.MAX_VALUE

export interface Buckets {
  readonly indexes: readonly number[]
  readonly counts: readonly number[]
}

export interface SparseHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: Buckets
  readonly negative: Buckets
  readonly customValues: readonly number[]
  readonly resetHint: NativeHistogram['resetHint']
}

export const noBuckets: Buckets = { indexes: [], counts: [] }

export function usesCustomBuckets(histogram: { readonly schema: number }): boolean {
  return histogram.schema === customSchema
}

function readBuckets(spans: readonly number[], counts: readonly number[]): Buckets {
  if (counts.length === 0) return noBuckets
  const indexes: number[] = []
  let index = 0
  for (let s = 0; s < spans.length; s += 2) {
    index += spans[s]!
    for (let i = 0; i < spans[s + 1]!; i++) indexes.push(index++)
  }
  return { indexes, counts }
}

export function toSparse(histogram: NativeHistogram): SparseHistogram {
  return {
    schema: histogram.schema,
    zeroThreshold: histogram.zeroThreshold,
    zeroCount: histogram.zeroCount,
    count: histogram.count,
    sum: histogram.sum,
    positive: readBuckets(histogram.positiveSpans, histogram.positiveCounts),
    negative: readBuckets(histogram.negativeSpans, histogram.negativeCounts),
    customValues: histogram.customValues,
    resetHint: histogram.resetHint,
  }
}

/** Spans and counts without empty buckets. */
function writeBuckets(buckets: Buckets): { spans: number[]; counts: number[] } {
  const spans: number[] = []
  const counts: number[] = []
  let next = 0
  for (let i = 0; i < buckets.indexes.length; i++) {
    const count = buckets.counts[i]!
    if (count === 0) continue
    const index = buckets.indexes[i]!
    if (spans.length > 0 && index === next) spans[spans.length - 1]!++
    else spans.push(spans.length === 0 ? index : index - next, 1)
    counts.push(count)
    next = index + 1
  }
  return { spans, counts }
}

export function fromSparse(sparse: SparseHistogram): NativeHistogram {
  const positive = writeBuckets(sparse.positive)
  const negative = writeBuckets(sparse.negative)
  return {
    schema: sparse.schema,
    zeroThreshold: sparse.zeroThreshold,
    zeroCount: sparse.zeroCount,
    count: sparse.count,
    sum: sparse.sum,
    positiveSpans: positive.spans,
    positiveCounts: positive.counts,
    negativeSpans: negative.spans,
    negativeCounts: negative.counts,
    customValues: sparse.customValues,
    resetHint: sparse.resetHint,
  }
}

/** Upper bound of a positive bucket. The last finite one ends at the largest float, the next is for infinite observations. */
export function upperBound(index: number, schema: number, customValues: readonly number[]): number {
  if (schema === customSchema) return index < customValues.length ? customValues[index]! : Infinity
  if (schema <= 0) {
    const exponent = index * 2 ** -schema
    return exponent === 1024 ? largestFloat : 2 ** exponent
  }
  const perPower = 2 ** schema
  const whole = Math.floor(index / perPower)
  const part = index - whole * perPower
  if (part === 0 && whole === 1024) return largestFloat
  return 2 ** whole * 2 ** (part / perPower)
}

export function lowerBound(index: number, schema: number, customValues: readonly number[]): number {
  if (schema === customSchema) return index > 0 ? customValues[index - 1]! : -Infinity
  return upperBound(index - 1, schema, customValues)
}

/** Adds `count` at `index` to sorted columns under construction whose indexes come in ascending order. */
function pushAscending(indexes: number[], counts: number[], index: number, count: number): void {
  const last = indexes.length - 1
  if (last >= 0 && indexes[last] === index) counts[last]! += count
  else {
    indexes.push(index)
    counts.push(count)
  }
}

function remapped(buckets: Buckets, map: (index: number) => number): Buckets {
  const indexes: number[] = []
  const counts: number[] = []
  for (let i = 0; i < buckets.indexes.length; i++) pushAscending(indexes, counts, map(buckets.indexes[i]!), buckets.counts[i]!)
  return { indexes, counts }
}

/** The same observations at a lower (or equal) resolution. */
export function withSchema(histogram: SparseHistogram, schema: number): SparseHistogram {
  if (histogram.schema === schema) return histogram
  const ratio = 2 ** (histogram.schema - schema)
  const map = (index: number): number => Math.ceil(index / ratio)
  return { ...histogram, schema, positive: remapped(histogram.positive, map), negative: remapped(histogram.negative, map) }
}

/** The same observations under fewer custom bounds; every one of `bounds` must be among the histogram's own. */
export function withCustomBounds(histogram: SparseHistogram, bounds: readonly number[]): SparseHistogram {
  if (sameNumbers(histogram.customValues, bounds)) return histogram
  const map = (index: number): number => {
    const upper = upperBound(index, customSchema, histogram.customValues)
    const at = bounds.findIndex((bound) => bound >= upper)
    return at === -1 ? bounds.length : at
  }
  return { ...histogram, customValues: bounds, positive: remapped(histogram.positive, map) }
}

export function sharedBounds(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameNumbers(a, b)) return a
  const inB = new Set(b)
  return a.filter((bound) => inB.has(bound))
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/**
 * What the zero bucket would hold with a threshold of at least `threshold`. The threshold grows to the end of a populated bucket
 * that it would cut.
 */
export function zeroBucketFor(histogram: SparseHistogram, threshold: number): { count: number; threshold: number } {
  if (threshold === histogram.zeroThreshold) return { count: histogram.zeroCount, threshold }
  let limit = threshold
  for (let again = true; again;) {
    again = false
    for (const side of [histogram.positive, histogram.negative]) {
      const cut = cutBucketEnd(side, histogram.schema, limit)
      if (cut > limit) {
        limit = cut
        again = true
      }
    }
  }
  let count = histogram.zeroCount
  for (const { indexes, counts } of [histogram.positive, histogram.negative]) {
    for (let i = 0; i < indexes.length; i++) if (lowerBound(indexes[i]!, histogram.schema, []) < limit) count += counts[i]!
  }
  return { count, threshold: limit }
}

/** Upper bound of the populated bucket that contains `limit` inside, or 0. */
function cutBucketEnd(buckets: Buckets, schema: number, limit: number): number {
  for (let i = 0; i < buckets.indexes.length; i++) {
    const index = buckets.indexes[i]!
    const upper = upperBound(index, schema, [])
    if (buckets.counts[i] !== 0 && lowerBound(index, schema, []) < limit && upper > limit) return upper
  }
  return 0
}

/** The histogram with the wider zero bucket that `threshold` asks for; buckets inside it are taken out. */
export function withZeroThreshold(histogram: SparseHistogram, threshold: number): SparseHistogram {
  if (usesCustomBuckets(histogram) || threshold <= histogram.zeroThreshold) return histogram
  const zero = zeroBucketFor(histogram, threshold)
  const outside = ({ indexes, counts }: Buckets): Buckets => {
    const keep = indexes.map((index) => upperBound(index, histogram.schema, []) > zero.threshold)
    return { indexes: indexes.filter((_, i) => keep[i]), counts: counts.filter((_, i) => keep[i]) }
  }
  return {
    ...histogram,
    zeroThreshold: zero.threshold,
    zeroCount: zero.count,
    positive: outside(histogram.positive),
    negative: outside(histogram.negative),
  }
}

/** Two (or more) histograms brought to one layout, or null when exponential and custom buckets meet. */
export function aligned(histograms: readonly SparseHistogram[]): { aligned: SparseHistogram[]; boundsReconciled: boolean } | null {
  const first = histograms[0]
  if (first === undefined) return { aligned: [], boundsReconciled: false }
  const custom = usesCustomBuckets(first)
  if (histograms.some((histogram) => usesCustomBuckets(histogram) !== custom)) return null
  if (custom) {
    const bounds = histograms.reduce<readonly number[]>((shared, next) => sharedBounds(shared, next.customValues), first.customValues)
    const boundsReconciled = histograms.some((histogram) => !sameNumbers(histogram.customValues, bounds))
    return { aligned: histograms.map((histogram) => withCustomBounds(histogram, bounds)), boundsReconciled }
  }
  const schema = Math.min(...histograms.map((histogram) => histogram.schema))
  let threshold = Math.max(...histograms.map((histogram) => histogram.zeroThreshold))
  // Widening one zero bucket may push the threshold further; it settles, since it only grows to bucket ends.
  for (let again = true; again;) {
    again = false
    for (const histogram of histograms) {
      const needed = histogram.zeroThreshold < threshold ? zeroBucketFor(histogram, threshold).threshold : threshold
      if (needed > threshold) {
        threshold = needed
        again = true
      }
    }
  }
  const same = histograms.map((histogram) => withSchema(withZeroThreshold(histogram, threshold), schema))
  return { aligned: same, boundsReconciled: false }
}
