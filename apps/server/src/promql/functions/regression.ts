/** deriv, predict_linear, double_exponential_smoothing: trends over the floats of a window. */
import { executionError } from '../errors.ts'
import { notes } from '../evaluator/annotations.ts'
import { ABSENT } from '../evaluator/values.ts'
import type { RangeFunction, Window } from '../evaluator/range-input.ts'
import { KahanSum } from './kahan.ts'

interface Line {
  readonly slope: number
  readonly intercept: number
}

/** Least squares; the intercept is the value at `interceptMs`. */
function regression(window: Window, interceptMs: number): Line {
  const { times, values, from, to } = window
  const first = values[from]!
  const sumX = new KahanSum()
  const sumY = new KahanSum()
  const sumXY = new KahanSum()
  const sumX2 = new KahanSum()
  let constant = true
  for (let i = from; i < to; i++) {
    const y = values[i]!
    if (y !== first) constant = false
    const x = (times[i]! - interceptMs) / 1000
    sumX.add(x)
    sumY.add(y)
    sumXY.add(x * y)
    sumX2.add(x * x)
  }
  if (constant) return Math.abs(first) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first }
  const n = to - from
  const x = sumX.sum + sumX.compensation
  const y = sumY.sum + sumY.compensation
  const covariance = sumXY.sum + sumXY.compensation - (x * y) / n
  const variance = sumX2.sum + sumX2.compensation - (x * x) / n
  const slope = covariance / variance
  return { slope, intercept: y / n - (slope * x) / n }
}

/** False when there are too few floats; tells about histograms that were left out. */
function enoughFloats(window: Window): boolean {
  if (window.floatCount > 0 && window.histogramCount > 0) window.info(notes.ignoredInMixedRange(window.name))
  return window.floatCount >= 2
}

function smoothing(window: Window): number {
  const factor = window.param(0)
  const trend = window.param(1)
  if (!(factor > 0 && factor < 1)) throw executionError(`invalid smoothing factor. Expected: 0 < sf < 1, got: ${factor.toFixed(6)}`)
  if (!(trend > 0 && trend < 1)) throw executionError(`invalid trend factor. Expected: 0 < tf < 1, got: ${trend.toFixed(6)}`)
  if (!enoughFloats(window)) return ABSENT
  const { values, from, to } = window
  let older = 0
  let smoothed = values[from]!
  let slope = values[from + 1]! - smoothed
  for (let i = from + 1; i < to; i++) {
    const scaled = factor * values[i]!
    if (i > from + 1) slope = trend * (smoothed - older) + (1 - trend) * slope
    const rest = (1 - factor) * (smoothed + slope)
    older = smoothed
    smoothed = scaled + rest
  }
  return smoothed
}

export const regressionFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['deriv', (window) => (enoughFloats(window) ? regression(window, window.times[window.from]!).slope : ABSENT)],
  [
    'predict_linear',
    (window) => {
      if (!enoughFloats(window)) return ABSENT
      const { slope, intercept } = regression(window, window.timeMs)
      return slope * window.param(0) + intercept
    },
  ],
  ['double_exponential_smoothing', smoothing],
])
