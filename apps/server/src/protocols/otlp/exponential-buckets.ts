/**
 * Exponential histograms as OTLP counts them: bucket `index` of scale `s` holds (base^index, base^(index+1)], base = 2^(2^-s).
 * Here they are merged to coarser scales, added up, and turned into Prometheus native histograms, whose bucket `index` ends where
 * OTLP's begins: its index is one higher.
 */
import type { NativeHistogram } from '../../metrics/index.ts'

/** Dense run of buckets: `counts[i]` belongs to index `offset + i`. */
export interface Buckets {
  readonly offset: number
  readonly counts: readonly number[]
}

export interface ExponentialHistogram {
  readonly scale: number
  readonly count: number
  /** NaN when the sender left it out. */
  readonly sum: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: Buckets
  readonly negative: Buckets
}

/** Prometheus native histograms have schemas -4 to 8. */
export const scaleMin = -4
export const scaleMax = 8

/** Used when the sender gives none: only exact zeros (and what is as good as zero) lie in the zero bucket. */
const defaultZeroThreshold = 1e-128

/** Spans are split where at least this many empty buckets follow one another: a span costs about as much. */
const gapMin = 3

const noBuckets: Buckets = { offset: 0, counts: [] }

/** `buckets` at a scale lower by `steps`: 2^steps neighbours become one. */
export function coarser(buckets: Buckets, steps: number): Buckets {
  if (steps === 0 || buckets.counts.length === 0) return buckets
  const factor = 2 ** steps
  const offset = Math.floor(buckets.offset / factor)
  const last = Math.floor((buckets.offset + buckets.counts.length - 1) / factor)
  const counts = Array.from({ length: last - offset + 1 }, () => 0)
  for (let index = 0; index < buckets.counts.length; index++) {
    const at = Math.floor((buckets.offset + index) / factor) - offset
    counts[at] = (counts[at] ?? 0) + (buckets.counts[index] ?? 0)
  }
  return { offset, counts }
}

/** The histogram at `scale` or, when its is lower already, as it is. */
export function atScale(histogram: ExponentialHistogram, scale: number): ExponentialHistogram {
  const steps = histogram.scale - scale
  if (steps <= 0) return histogram
  return { ...histogram, scale, positive: coarser(histogram.positive, steps), negative: coarser(histogram.negative, steps) }
}

/** Both together, at the coarser scale and with the wider zero bucket; coarser still until no side has over `bucketsMax` buckets. Null when that fails. */
export function added(a: ExponentialHistogram, b: ExponentialHistogram, bucketsMax: number): ExponentialHistogram | null {
  const zeroThreshold = Math.max(a.zeroThreshold, b.zeroThreshold)
  for (let scale = Math.min(a.scale, b.scale); scale >= scaleMin; scale--) {
    const left = widened(atScale(a, scale), zeroThreshold)
    const right = widened(atScale(b, scale), zeroThreshold)
    const positive = joined(left.positive, right.positive, bucketsMax)
    const negative = joined(left.negative, right.negative, bucketsMax)
    if (positive === null || negative === null) continue
    return {
      scale,
      count: left.count + right.count,
      sum: left.sum + right.sum,
      zeroCount: left.zeroCount + right.zeroCount,
      zeroThreshold,
      positive,
      negative,
    }
  }
  return null
}

/** Moves buckets that lie within `zeroThreshold` into the zero bucket. */
function widened(histogram: ExponentialHistogram, zeroThreshold: number): ExponentialHistogram {
  if (histogram.zeroThreshold === zeroThreshold || zeroThreshold <= 0) return histogram
  // Bucket i ends at 2^((i + 1) * 2^-scale), so it lies within the threshold when i + 1 <= log2(threshold) * 2^scale.
  const end = Math.floor(Math.log2(zeroThreshold) * 2 ** histogram.scale)
  const [positive, moved] = without(histogram.positive, end)
  const [negative, movedToo] = without(histogram.negative, end)
  return { ...histogram, positive, negative, zeroThreshold, zeroCount: histogram.zeroCount + moved + movedToo }
}

function without(buckets: Buckets, end: number): [Buckets, moved: number] {
  const drop = Math.min(Math.max(end - buckets.offset, 0), buckets.counts.length)
  if (drop === 0) return [buckets, 0]
  let moved = 0
  for (let index = 0; index < drop; index++) moved += buckets.counts[index] ?? 0
  return [{ offset: buckets.offset + drop, counts: buckets.counts.slice(drop) }, moved]
}

function joined(a: Buckets, b: Buckets, bucketsMax: number): Buckets | null {
  if (a.counts.length === 0) return b.counts.length > bucketsMax ? null : b
  if (b.counts.length === 0) return a.counts.length > bucketsMax ? null : a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  if (end - offset > bucketsMax) return null
  const counts = Array.from({ length: end - offset }, () => 0)
  for (const part of [a, b]) {
    for (let index = 0; index < part.counts.length; index++) {
      const at = part.offset - offset + index
      counts[at] = (counts[at] ?? 0) + (part.counts[index] ?? 0)
    }
  }
  return { offset, counts }
}

/** As Prometheus stores it. The scale must be within `scaleMin` and `scaleMax`. */
export function toNativeHistogram(histogram: ExponentialHistogram): NativeHistogram {
  const positive = spansOf(histogram.positive)
  const negative = spansOf(histogram.negative)
  return {
    schema: histogram.scale,
    zeroThreshold: histogram.zeroThreshold > 0 ? histogram.zeroThreshold : defaultZeroThreshold,
    zeroCount: histogram.zeroCount,
    count: histogram.count,
    sum: Number.isNaN(histogram.sum) ? 0 : histogram.sum,
    positiveSpans: positive.spans,
    positiveCounts: positive.counts,
    negativeSpans: negative.spans,
    negativeCounts: negative.counts,
    customValues: [],
    resetHint: 'unknown',
  }
}

/** A histogram of nothing, as marker of a series' end (`sum` is for the caller to set). */
export function emptyHistogram(scale: number): ExponentialHistogram {
  return { scale, count: 0, sum: 0, zeroCount: 0, zeroThreshold: 0, positive: noBuckets, negative: noBuckets }
}

function spansOf(buckets: Buckets): { spans: number[]; counts: number[] } {
  const spans: number[] = []
  const counts: number[] = []
  /** One past the last bucket of the last span, in Prometheus indexes. */
  let end = 0
  let empties = 0
  for (let index = 0; index < buckets.counts.length; index++) {
    const count = buckets.counts[index] ?? 0
    if (count === 0) {
      empties++
      continue
    }
    const at = buckets.offset + index + 1
    if (spans.length === 0 || empties >= gapMin) {
      spans.push(spans.length === 0 ? at : at - end, 1)
      counts.push(count)
    } else {
      for (; empties > 0; empties--) counts.push(0)
      counts.push(count)
      const length = spans.length - 1
      spans[length] = (spans[length] ?? 0) + (at + 1 - end)
    }
    empties = 0
    end = at + 1
  }
  return { spans, counts }
}
