/** Instant selectors: the newest sample within the look-back at each step. */
import { STALE, type NativeHistogram, type SeriesBlock } from '../../metrics/index.ts'
import { executionError } from '../errors.ts'
import type { VectorSelector } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import type { SelectorPlan } from './selector-plan.ts'
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
  if (node.mode === 'anchored') throw executionError('anchored modifier can only be used with: changes, delta, increase, rate, resets')
  if (node.mode === 'smoothed') throw executionError('smoothed selectors are not supported yet')
  const fetched = await plan.fetched(node)
  if (fetched.kind === 'grid') {
    const sets = fetched.grid.labels.map((labels) => ctx.symbols.sourceSet(labels))
    const dropName = new Uint8Array(sets.length)
    return { type: 'vector', steps: grid.steps, sets, dropName, values: fetched.grid.values, histograms: null }
  }
  return resample(ctx, fetched.block, referenceOf(ctx, node.shift, grid), grid, asTimestamp)
}

async function resample(
  ctx: QueryContext,
  block: SeriesBlock,
  reference: Reference,
  grid: Grid,
  asTimestamp: boolean,
): Promise<VectorValue> {
  const count = block.labels.length
  const { steps } = grid
  ctx.reserveCells(count * steps)
  const builder = new VectorBuilder(steps, count)
  const rows = new Int32Array(steps)
  for (let s = 0; s < count; s++) {
    const from = block.offsets[s]!
    const to = block.offsets[s + 1]!
    if (ctx.spend(to - from + steps)) await ctx.pause()
    lastRowKernel(block.timesMs, from, to, reference.startMs, reference.stepMs, ctx.limits.lookbackMs, rows)
    const cell = builder.addSeries(ctx.symbols.sourceSet(block.labels[s]!))
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      const row = rows[i]!
      if (row === -1) continue
      const histogram = block.histograms?.[row] ?? null
      if (block.values[row] === STALE || histogram?.sum === STALE) continue
      if (asTimestamp) cells[cell + i] = block.timesMs[row]! / 1000
      else if (histogram === null) cells[cell + i] = block.values[row]!
      else builder.setHistogram(cell + i, histogram)
    }
    builder.dropIfEmpty(cell)
  }
  return builder.build()
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
