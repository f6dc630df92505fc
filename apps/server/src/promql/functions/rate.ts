/**
 * rate, increase, delta and their instant forms. Extrapolation as Prometheus 3 does it: windows are left-open; the ends are extended by
 * what is missing when that is less than 1.1 average sample distances, else by half of one; a counter is not extended below zero.
 */
import { histogramInstantDelta, histogramRate } from '../histograms/rate.ts'
import { scaled } from '../histograms/arithmetic.ts'
import { notes } from '../evaluator/annotations.ts'
import { ABSENT } from '../evaluator/values.ts'
import type { RangeFunction, Window } from '../evaluator/range-input.ts'
import { extrapolation, increaseKernel } from './extrapolation.ts'

function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return (window) => {
    const floats = window.floatCount
    const histograms = window.histogramCount
    if (floats > 0 && histograms > 0) {
      window.warn(notes.mixedRange(window.name))
      return ABSENT
    }
    if (histograms > 1) return extrapolatedHistogram(window, isCounter, isRate)
    if (floats < 2) return ABSENT
    const { values, times, from, to } = window
    const result = isCounter ? increaseKernel(values, from, to) : values[to - 1]! - values[from]!
    const first = isCounter && result > 0 && values[from]! >= 0 ? values[from]! / result : -1
    return result * extrapolation(window.endMs, window.rangeMs, times[from]!, times[to - 1]!, floats, first, isRate)
  }
}

function extrapolatedHistogram(window: Window, isCounter: boolean, isRate: boolean): number {
  const { histograms, histogramTimes, histogramFrom, histogramTo } = window
  const result = histogramRate(histograms.slice(histogramFrom, histogramTo), isCounter, window)
  if (result === null) return ABSENT
  const firstCount = histograms[histogramFrom]!.count
  const toZero = isCounter && result.count > 0 && firstCount >= 0 ? firstCount / result.count : -1
  const count = histogramTo - histogramFrom
  const firstMs = histogramTimes[histogramFrom]!
  const lastMs = histogramTimes[histogramTo - 1]!
  const factor = extrapolation(window.endMs, window.rangeMs, firstMs, lastMs, count, toZero, isRate)
  window.histogram = scaled(result, factor)
  return NaN
}

/** irate and idelta: from the last two points only. */
function instant(isRate: boolean): RangeFunction {
  return (window) => {
    const { floatCount, histogramCount, times, values, to, histogramTimes, histograms, histogramTo } = window
    if (floatCount + histogramCount < 2) return ABSENT
    const lastFloatMs = floatCount > 0 ? times[to - 1]! : -Infinity
    const lastHistogramMs = histogramCount > 0 ? histogramTimes[histogramTo - 1]! : -Infinity
    const floatIsLast = lastFloatMs > lastHistogramMs
    const olderFloatMs = floatIsLast ? (floatCount > 1 ? times[to - 2]! : -Infinity) : lastFloatMs
    const olderHistogramMs = floatIsLast ? lastHistogramMs : histogramCount > 1 ? histogramTimes[histogramTo - 2]! : -Infinity
    if (floatIsLast !== olderFloatMs > olderHistogramMs) {
      window.warn(notes.mixedRange(window.name))
      return ABSENT
    }
    const intervalMs = floatIsLast ? lastFloatMs - olderFloatMs : lastHistogramMs - olderHistogramMs
    if (intervalMs === 0) return ABSENT
    if (floatIsLast) {
      const last = values[to - 1]!
      const older = values[to - 2]!
      // A counter that fell was reset to zero in between.
      const difference = isRate && last < older ? last : last - older
      return isRate ? difference / (intervalMs / 1000) : difference
    }
    const difference = histogramInstantDelta(histograms[histogramTo - 2]!, histograms[histogramTo - 1]!, isRate, window)
    if (difference === null) return ABSENT
    window.histogram = isRate ? scaled(difference, 1 / (intervalMs / 1000), true) : difference
    return NaN
  }
}

export const rateFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['rate', extrapolated(true, true)],
  ['increase', extrapolated(true, false)],
  ['delta', extrapolated(false, false)],
  ['irate', instant(true)],
  ['idelta', instant(false)],
])

/** True when the name or type says that this cannot be judged a counter by its name. */
export function looksLikeCounter(name: string): boolean {
  return name.endsWith('_total') || name.endsWith('_sum') || name.endsWith('_count') || name.endsWith('_bucket')
}
