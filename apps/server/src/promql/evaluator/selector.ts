/** Instant selectors: the newest sample within the look-back at each step. */
import { STALE, type NativeHistogram, type SeriesRows } from '../../metrics/index.ts'
import { anchoredIsFor, executionError } from '../errors.ts'
import type { VectorSelector } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import type { SelectorPlan } from './selector-plan.ts'
import { evaluateParts, type SeriesInput } from './series-input.ts'
import { referenceOf, type Reference } from './time-grid.ts'
import { ABSENT, VectorBuilder, type Grid, type VectorValue } from './values.ts'

/** `asTimestamp` gives the samples' times in seconds in place of their values. */
export async function evaluateSelector(
  ctx: QueryContext,
  plan: SelectorPlan,
  node: VectorSelector,
  grid: Grid,
  asTimestamp: boolean,
): Promise<VectorValue> {
  if (node.mode === 'anchored') throw executionError(anchoredIsFor)
  if (node.mode === 'smoothed') throw executionError('smoothed selectors are not supported yet')
  const parts = await plan.fetched(node)
  return evaluateParts(ctx, parts, grid, (input, part) => resample(ctx, input, referenceOf(ctx, node.shift, part), part, asTimestamp))
}

async function resample(
  ctx: QueryContext,
  input: SeriesInput,
  reference: Reference,
  grid: Grid,
  asTimestamp: boolean,
): Promise<VectorValue> {
  const count = input.labels.length
  const { steps } = grid
  ctx.reserveCells(count * steps)
  const builder = new VectorBuilder(steps, count)
  const chosen = new Int32Array(steps)
  const resampled = valuesAtSteps(reference, ctx.limits.lookbackMs, steps)
  for (let s = 0; s < count; s++) {
    const rows = input.rows(s)
    const { timesMs, values, start, end } = rows
    const cell = builder.addSeries(ctx.symbols.sourceSet(input.labels[s]!))
    if (input.histograms === null && !asTimestamp) resampled(rows, builder.cells, cell)
    else {
      lastRowKernel(timesMs, start, end, reference.startMs, reference.stepMs, ctx.limits.lookbackMs, chosen)
      if (input.histograms === null) timeCells(timesMs, values, chosen, builder.cells, cell)
      else mixedCells(builder, cell, { timesMs, values, chosen, histograms: input.histograms, asTimestamp })
    }
    builder.dropIfEmpty(cell)
    if (ctx.spend(end - start + steps)) await ctx.pause()
  }
  return builder.build()
}

/** Writes the newest value within `(t - lookback, t]` of each step `t` to `out[at + i]`. `STALE` is `ABSENT`, so a stale marker needs no look. */
export function valuesAtSteps(
  { startMs, stepMs }: Reference,
  lookbackMs: number,
  steps: number,
): (rows: SeriesRows, out: Float64Array, at: number) => void {
  return ({ timesMs, values, start, end }, out, at) => {
    let next = start
    for (let i = 0; i < steps; i++) {
      const t = startMs + i * stepMs
      while (next < end && timesMs[next]! <= t) next++
      if (next > start && timesMs[next - 1]! > t - lookbackMs) out[at + i] = values[next - 1]!
    }
  }
}

function timeCells(timesMs: Float64Array, values: Float64Array, chosen: Int32Array, cells: Float64Array, cell: number): void {
  for (let i = 0; i < chosen.length; i++) {
    const row = chosen[i]!
    if (row !== -1 && values[row] !== STALE) cells[cell + i] = timesMs[row]! / 1000
  }
}

interface ChosenRows {
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly chosen: Int32Array
  readonly histograms: readonly (NativeHistogram | null)[]
  readonly asTimestamp: boolean
}

function mixedCells(builder: VectorBuilder, cell: number, { timesMs, values, chosen, histograms, asTimestamp }: ChosenRows): void {
  for (const [i, row] of chosen.entries()) {
    if (row === -1) continue
    const histogram = histograms[row] ?? null
    if (values[row] === STALE || histogram?.sum === STALE) continue
    if (asTimestamp) builder.cells[cell + i] = timesMs[row]! / 1000
    else if (histogram === null) builder.cells[cell + i] = values[row]!
    else builder.setHistogram(cell + i, histogram)
  }
}

/** Row of the newest sample in `(t - lookback, t]` for each step, -1 when there is none. */
function lastRowKernel(
  times: Float64Array,
  from: number,
  to: number,
  startMs: number,
  stepMs: number,
  lookbackMs: number,
  rows: Int32Array,
): void {
  let next = from
  for (let i = 0; i < rows.length; i++) {
    const t = startMs + i * stepMs
    while (next < to && times[next]! <= t) next++
    rows[i] = next > from && times[next - 1]! > t - lookbackMs ? next - 1 : -1
  }
}

/** The histogram of a cell, or null. */
export function histogramAt(vector: VectorValue, cell: number): NativeHistogram | null {
  return vector.histograms === null ? null : (vector.histograms[cell] ?? null)
}

/** True when no step of the series has a value. */
export function isEmptySeries(vector: VectorValue, series: number): boolean {
  const first = series * vector.steps
  for (let i = 0; i < vector.steps; i++) if (vector.values[first + i] !== ABSENT) return false
  return true
}
