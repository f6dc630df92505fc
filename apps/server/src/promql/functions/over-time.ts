/** The `*_over_time` family, changes and resets. Functions for floats skip histograms, and say so when a window has both. */
import { isCounterReset } from '../histograms/reset.ts'
import { equalHistograms } from '../histograms/compare.ts'
import { HistogramSum } from '../histograms/sum.ts'
import { notes } from '../evaluator/annotations.ts'
import { ABSENT } from '../evaluator/values.ts'
import type { RangeFunction, Window } from '../evaluator/range-input.ts'
import { KahanSum } from './kahan.ts'
import { quantileOf } from './quantile.ts'

/** A function over the floats alone. */
function overFloats(compute: (window: Window) => number): RangeFunction {
  return (window) => {
    if (window.floatCount === 0) return ABSENT
    if (window.histogramCount > 0) window.info(notes.ignoredInMixedRange(window.name))
    return compute(window)
  }
}

/** True (and a warning) when the window holds floats and histograms and the function cannot combine them. */
function isMixed(window: Window): boolean {
  if (window.floatCount === 0 || window.histogramCount === 0) return false
  window.warn(notes.mixedRange(window.name))
  return true
}

function sumOverTime(window: Window): number {
  if (isMixed(window)) return ABSENT
  if (window.histogramCount > 0) return histogramTotal(window, false)
  const { values, from, to, sum } = window
  sum.reset()
  for (let i = from; i < to; i++) sum.add(values[i]!)
  return sum.value
}

function avgOverTime(window: Window): number {
  if (isMixed(window)) return ABSENT
  if (window.histogramCount > 0) return histogramTotal(window, true)
  const { values, from, to, mean } = window
  mean.reset()
  for (let i = from; i < to; i++) mean.add(values[i]!)
  return mean.value
}

function histogramTotal(window: Window, average: boolean): number {
  const total = new HistogramSum()
  for (let i = window.histogramFrom; i < window.histogramTo; i++) {
    if (!total.add(window.histograms[i]!)) {
      window.warn(notes.mixedSchemas(window.name))
      return ABSENT
    }
  }
  if (total.customBucketsReconciled) window.info(notes.customBucketsReconciled('aggregation'))
  if (total.counterResetConflict) window.warn(notes.counterResetCollision('aggregation'))
  window.histogram = average ? total.mean() : total.total()
  return NaN
}

/** Index of the extreme value; NaN gives way to any number; of equals the last wins when `orEqual`. */
function extremeIndex(window: Window, sign: number, orEqual: boolean): number {
  const { values, from, to } = window
  let best = from
  for (let i = from + 1; i < to; i++) {
    const value = values[i]! * sign
    const current = values[best]! * sign
    if (value > current || (orEqual && value === current) || Number.isNaN(current)) best = i
  }
  return best
}

function variance(window: Window): number {
  const { values, from, to } = window
  let count = 0
  const average = new KahanSum()
  const squares = new KahanSum()
  for (let i = from; i < to; i++) {
    const value = values[i]!
    const delta = value - (average.sum + average.compensation)
    average.add(delta / ++count)
    squares.add(delta * (value - (average.sum + average.compensation)))
  }
  return (squares.sum + squares.compensation) / count
}

function medianAbsoluteDeviation(window: Window): number {
  const values = window.values.slice(window.from, window.to)
  // Unlike a quantile, which counts NaN as the smallest value.
  if (values.some(Number.isNaN)) return NaN
  const median = quantileOf(0.5, values)
  return quantileOf(
    0.5,
    values.map((value) => Math.abs(value - median)),
  )
}

/** Picks the first or last point of either kind. `asTime` gives its time in seconds. */
function endPoint(last: boolean, asTime: boolean): RangeFunction {
  return (window) => {
    const { floatCount, histogramCount } = window
    const floatIndex = last ? window.to - 1 : window.from
    const histogramIndex = last ? window.histogramTo - 1 : window.histogramFrom
    const none = last ? -Infinity : Infinity
    const floatMs = floatCount > 0 ? window.times[floatIndex]! : none
    const histogramMs = histogramCount > 0 ? window.histogramTimes[histogramIndex]! : none
    const takeFloat = histogramCount === 0 || (floatCount > 0 && (last ? floatMs > histogramMs : floatMs < histogramMs))
    if (asTime) return (takeFloat ? floatMs : histogramMs) / 1000
    if (takeFloat) return window.values[floatIndex]!
    window.histogram = window.histograms[histogramIndex]!
    return NaN
  }
}

/** Counts neighbours for which one of the callbacks says yes, floats and histograms merged by time. */
function countPairs(
  window: Window,
  floats: (older: number, newer: number) => boolean,
  histograms: (older: Window['histograms'][number], newer: Window['histograms'][number]) => boolean,
): number {
  let count = 0
  let f = window.from
  let h = window.histogramFrom
  let previousKind: 'none' | 'float' | 'histogram' = 'none'
  while (f < window.to || h < window.histogramTo) {
    const takeFloat = h >= window.histogramTo || (f < window.to && window.times[f]! < window.histogramTimes[h]!)
    if (takeFloat) {
      if (previousKind === 'histogram' || (previousKind === 'float' && floats(window.values[f - 1]!, window.values[f]!))) count++
      previousKind = 'float'
      f++
    } else {
      if (previousKind === 'float' || (previousKind === 'histogram' && histograms(window.histograms[h - 1]!, window.histograms[h]!)))
        count++
      previousKind = 'histogram'
      h++
    }
  }
  return count
}

export const overTimeFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['sum_over_time', sumOverTime],
  ['avg_over_time', avgOverTime],
  ['count_over_time', (window) => window.floatCount + window.histogramCount],
  ['present_over_time', () => 1],
  ['last_over_time', endPoint(true, false)],
  ['first_over_time', endPoint(false, false)],
  ['ts_of_last_over_time', endPoint(true, true)],
  ['ts_of_first_over_time', endPoint(false, true)],
  ['min_over_time', overFloats((window) => window.values[extremeIndex(window, -1, false)]!)],
  ['max_over_time', overFloats((window) => window.values[extremeIndex(window, 1, false)]!)],
  ['ts_of_min_over_time', overFloats((window) => window.times[extremeIndex(window, -1, true)]! / 1000)],
  ['ts_of_max_over_time', overFloats((window) => window.times[extremeIndex(window, 1, true)]! / 1000)],
  ['stdvar_over_time', overFloats(variance)],
  ['stddev_over_time', overFloats((window) => Math.sqrt(variance(window)))],
  ['mad_over_time', overFloats(medianAbsoluteDeviation)],
  [
    'quantile_over_time',
    (window) => {
      const q = window.param(0)
      if (window.floatCount === 0) return ABSENT
      if (window.histogramCount > 0) window.info(notes.ignoredInMixedRange(window.name))
      return quantileOf(q, window.values.slice(window.from, window.to))
    },
  ],
  ['changes', (window) => countPairs(window, changed, (older, newer) => !equalHistograms(older, newer))],
  [
    'resets',
    (window) =>
      countPairs(
        window,
        (older, newer) => newer < older,
        (older, newer) => isCounterReset(older, newer),
      ),
  ],
])

function changed(older: number, newer: number): boolean {
  return older !== newer && !(Number.isNaN(older) && Number.isNaN(newer))
}

/** Functions that keep the metric name. */
export const nameKeepers: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time'])
