/** Functions of one float, sample by sample; histograms are left out. Names are dropped. */
import type { QueryContext } from '../evaluator/context.ts'
import { histogramAt } from '../evaluator/selector.ts'
import { ABSENT, VectorBuilder, type VectorValue } from '../evaluator/values.ts'

/** Go's rounding of ties is away from zero only in `round`, which PromQL does not use: half goes up. */
function roundTo(value: number, nearest: number): number {
  const inverse = 1 / nearest
  return Math.floor(value * inverse + 0.5) / inverse
}

/** `params` are the scalar arguments at the step. */
export type FloatFunction = (value: number, params: readonly number[]) => number

export const mathFunctions: ReadonlyMap<string, FloatFunction> = new Map<string, FloatFunction>([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (value) => (value * 180) / Math.PI],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (value) => (value * Math.PI) / 180],
  ['sgn', (value) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ['round', (value, params) => roundTo(value, params[0] ?? 1)],
  // A lower bound above the upper one gives no sample at all.
  ['clamp', (value, [low = NaN, high = NaN]) => (high < low ? ABSENT : Math.max(low, Math.min(high, value)))],
  ['clamp_min', (value, [low = NaN]) => Math.max(low, value)],
  ['clamp_max', (value, [high = NaN]) => Math.min(high, value)],
  ...dateFunctions(),
])

/** Calendar fields in UTC of a time in seconds. */
function dateFunctions(): [string, FloatFunction][] {
  const of =
    (field: (date: Date) => number): FloatFunction =>
    (value) =>
      field(new Date(Math.trunc(value) * 1000))
  return [
    ['day_of_month', of((date) => date.getUTCDate())],
    ['day_of_week', of((date) => date.getUTCDay())],
    ['day_of_year', of((date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1)],
    ['days_in_month', of((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate())],
    ['hour', of((date) => date.getUTCHours())],
    ['minute', of((date) => date.getUTCMinutes())],
    ['month', of((date) => date.getUTCMonth() + 1)],
    ['year', of((date) => date.getUTCFullYear())],
  ]
}

/** Maps every float of a vector. The caller drops the names. */
export async function mapFloats(
  ctx: QueryContext,
  vector: VectorValue,
  func: FloatFunction,
  params: readonly Float64Array[],
): Promise<VectorValue> {
  const { steps } = vector
  ctx.reserveCells(vector.values.length)
  const builder = new VectorBuilder(steps, vector.sets.length)
  const scratch = params.map(() => 0)
  for (let s = 0; s < vector.sets.length; s++) {
    if (ctx.spend(steps)) await ctx.pause()
    const cell = builder.addSeries(vector.sets[s]!, vector.dropName[s])
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      const value = vector.values[s * steps + i]!
      if (value === ABSENT || histogramAt(vector, s * steps + i) !== null) continue
      for (let p = 0; p < params.length; p++) scratch[p] = params[p]![i]!
      cells[cell + i] = func(value, scratch)
    }
    builder.dropIfEmpty(cell)
  }
  return builder.build()
}
