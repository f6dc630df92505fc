/**
 * Functions of anchored ranges: what happened between the last sample at or before the range and the last one in it, without
 * extrapolation, so that whole numbers stay whole and windows side by side add up. For floats as Prometheus has them; native histograms,
 * which it leaves out there, go by the same rule.
 */
import { notes } from '../evaluator/annotations.ts'
import type { RangeFunction, Window } from '../evaluator/range-input.ts'
import { ABSENT } from '../evaluator/values.ts'
import { scaled } from '../histograms/arithmetic.ts'
import { histogramRate } from '../histograms/rate.ts'
import { increaseKernel } from './extrapolation.ts'
import { overTimeFunctions } from './over-time.ts'

/** Nothing but the sample before the range: nothing is known of the range itself. */
function isEmpty(window: Window): boolean {
  const afterMs = window.endMs - window.rangeMs
  const lastMs = window.floatCount > 0 ? window.times[window.to - 1]! : -Infinity
  const lastHistogramMs = window.histogramCount > 0 ? window.histogramTimes[window.histogramTo - 1]! : -Infinity
  return Math.max(lastMs, lastHistogramMs) <= afterMs
}

function difference(isCounter: boolean, isRate: boolean): RangeFunction {
  return (window) => {
    const { values, from, to, floatCount, histogramCount } = window
    if (isEmpty(window)) return ABSENT
    if (floatCount > 0 && histogramCount > 0) {
      window.warn(notes.mixedRange(window.name))
      return ABSENT
    }
    const perSecond = isRate ? 1 / (window.rangeMs / 1000) : 1
    if (histogramCount > 0) return histogramDifference(window, isCounter, perSecond)
    return (isCounter ? increaseKernel(values, from, to) : values[to - 1]! - values[from]!) * perSecond
  }
}

/** One histogram alone says nothing. */
function histogramDifference(window: Window, isCounter: boolean, factor: number): number {
  const result = histogramRate(window.histograms.slice(window.histogramFrom, window.histogramTo), isCounter, window)
  if (result === null) return ABSENT
  window.histogram = factor === 1 ? result : scaled(result, factor)
  return NaN
}

/** The function of plain ranges, which sees the sample before the range as its first. */
function counted(name: string): RangeFunction {
  const plain = overTimeFunctions.get(name)
  if (plain === undefined) throw new Error(`there is no function ${name}`)
  return (window) => (isEmpty(window) ? ABSENT : plain(window))
}

export const anchoredFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['increase', difference(true, false)],
  ['rate', difference(true, true)],
  ['delta', difference(false, false)],
  ['changes', counted('changes')],
  ['resets', counted('resets')],
])
