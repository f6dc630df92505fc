/** Differences over time of native histograms, before extrapolation. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { notes } from '../evaluator/annotations.ts'
import { combined } from './arithmetic.ts'
import { isCounterReset } from './reset.ts'
import { fromSparse, toSparse, usesCustomBuckets, withSchema } from './sparse.ts'

/** Where the functions report; a `Window` is one. */
export interface Reporter {
  readonly name: string
  warn(message: string): void
  info(message: string): void
}

function emptyLike(histogram: NativeHistogram): NativeHistogram {
  const none: readonly number[] = []
  return {
    schema: histogram.schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: none,
    positiveCounts: none,
    negativeSpans: none,
    negativeCounts: none,
    customValues: histogram.customValues,
    resetHint: 'unknown',
  }
}

/** Last minus first of at least two points, counter resets added back; null (and a warning) when their buckets cannot be combined. */
export function histogramRate(points: readonly NativeHistogram[], isCounter: boolean, report: Reporter): NativeHistogram | null {
  const first = points[0]
  const second = points[1]
  const last = points.at(-1)
  if (first === undefined || second === undefined || last === undefined) return null
  if (isCounter && points.some((point) => point.resetHint === 'gauge')) report.warn(notes.notCounter(report.name))
  // After a reset right behind it, the first point counts for nothing, and its layout does not matter.
  const base = isCounter && isCounterReset(first, second) ? emptyLike(second) : first
  const relevant = isCounter ? [base, ...points.slice(1)] : [base, last]
  const custom = usesCustomBuckets(base)
  if (relevant.some((point) => usesCustomBuckets(point) !== custom)) {
    report.warn(notes.mixedSchemas(report.name))
    return null
  }
  let result = custom ? last : fromSparse(withSchema(toSparse(last), Math.min(...relevant.map((point) => point.schema))))
  result = step(result, base, -1, report)
  if (isCounter) {
    let previous = base
    for (const point of points.slice(1)) {
      if (isCounterReset(previous, point)) result = step(result, previous, 1, report)
      previous = point
    }
  } else if (first.resetHint !== 'gauge' || last.resetHint !== 'gauge') report.warn(notes.notGauge(report.name))
  return { ...result, resetHint: 'gauge' }
}

/** `a + sign * b` of histograms known to be of one kind. */
function step(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1, report: Reporter): NativeHistogram {
  const result = combined(a, b, sign)
  if (result === null) throw new Error('histograms of two kinds were combined')
  if (result.boundsReconciled) report.info(notes.customBucketsReconciled(sign === 1 ? 'addition' : 'subtraction'))
  return result.histogram
}

/** The difference of the last two points, for irate (`isRate`) and idelta. */
export function histogramInstantDelta(
  older: NativeHistogram,
  newer: NativeHistogram,
  isRate: boolean,
  report: Reporter,
): NativeHistogram | null {
  const gauges = [older, newer].filter((point) => point.resetHint === 'gauge').length
  if (isRate && gauges > 0) report.warn(notes.notCounter(report.name))
  if (!isRate && gauges < 2) report.warn(notes.notGauge(report.name))
  if (isRate && isCounterReset(older, newer)) return { ...fromSparse(toSparse(newer)), resetHint: 'gauge' }
  if (usesCustomBuckets(older) !== usesCustomBuckets(newer)) {
    report.warn(notes.mixedSchemas(report.name))
    return null
  }
  return { ...step(newer, older, -1, report), resetHint: 'gauge' }
}
