/**
 * A reduction of a selector or of one range function, without the vector in between: each series' steps are computed into one scratch row
 * and added to its group at once. Sketch: 9,000 series x 289 steps are 21 MB that are neither written, read again nor collected.
 */
import type { Aggregation, Call, Expr, MatrixSelector, VectorSelector } from '../syntax/ast.ts'
import { unwrapParens } from '../syntax/ast.ts'
import { columnsFor, reductions } from './aggregate-columns.ts'
import { reducedVector } from './aggregate.ts'
import type { QueryContext } from './context.ts'
import { groupingRule } from './grouping.ts'
import { LabelGroups, type LabelSet } from './label-sets.ts'
import { applyToWindows, pointsOf, rowVisitsMax, Window, type RangeFunction, type RowKernel } from './range-input.ts'
import { valuesAtSteps } from './selector.ts'
import type { InputPart, SeriesInput } from './series-input.ts'
import { durationOf, referenceOf } from './time-grid.ts'
import { ABSENT, type Grid, type VectorValue } from './values.ts'

export interface ReducedRange {
  readonly matrix: MatrixSelector
  readonly func: RangeFunction
  readonly kernel: RowKernel
  readonly keepsName: boolean
}

/** What is reduced: a plain selector, or a range function over one. */
export interface ReducedRows {
  readonly selector: VectorSelector
  /** Null for the plain selector. */
  readonly range: ReducedRange | null
  /** Told of a series that has a value. */
  readonly onSeries: (set: LabelSet) => void
}

/** The selector below parentheses, or null. */
export function plainSelector(expr: Expr): VectorSelector | null {
  const node = unwrapParens(expr)
  return node.kind === 'selector' && node.mode === 'plain' ? node : null
}

/** The one range of a call, or null when there is more or it is a subquery. */
export function plainRange(node: Call): MatrixSelector | null {
  const range = node.args[0] === undefined ? null : unwrapParens(node.args[0])
  return node.args.length === 1 && range?.kind === 'matrix' && range.selector.mode === 'plain' ? range : null
}

export function isReduction(node: Aggregation): boolean {
  return reductions.has(node.op)
}

/**
 * Null when it takes the long way: histograms, or series that would be alike without their names (which is an error where both have a
 * value). Nothing has been read then.
 */
export async function reduceRows(
  ctx: QueryContext,
  node: Aggregation,
  rows: ReducedRows,
  grid: Grid,
  parts: readonly InputPart[],
): Promise<VectorValue | null> {
  if (ctx.delayedNames) return null
  const dropsNames = rows.range !== null && !rows.range.keepsName
  const sources: LabelSet[][] = []
  for (const part of parts) {
    if (part.kind === 'rows' && part.input.histograms !== null) return null
    const labels = part.kind === 'grid' ? part.grid.labels : part.input.labels
    sources.push(labels.map((one) => ctx.symbols.sourceSet(one)))
  }
  const name = sources.find((sets) => sets.length > 0)?.[0]?.namedBy ?? -1
  if (dropsNames && (name === -2 || sources.some((sets) => sets.some((set) => set.namedBy !== name)))) return null
  const groups = new LabelGroups(ctx.symbols, groupingRule(node))
  const groupsOf = sources.map((sets) => Int32Array.from(sets, (set) => groups.groupOf(dropsNames ? set.nameless : set)))
  ctx.reserveCells(groups.size * grid.steps * 3)
  const columns = columnsFor(node.op, groups.size * grid.steps)
  let step = 0
  for (const [p, part] of parts.entries()) {
    const groupOf = groupsOf[p]!
    const partGrid: Grid = { startMs: grid.startMs + step * grid.stepMs, stepMs: grid.stepMs, steps: part.steps }
    const fill = part.kind === 'rows' ? rowFiller(ctx, rows, partGrid, part.input) : null
    const scratch = new Float64Array(part.steps)
    for (let s = 0; s < groupOf.length; s++) {
      let work = part.steps
      const values = part.kind === 'grid' ? part.grid.values : scratch
      const at = part.kind === 'grid' ? s * part.steps : 0
      if (fill !== null) {
        const read = fill(s, scratch)
        work += typeof read === 'number' ? read : await read
      }
      if (hasValueKernel(values, at, at + part.steps)) {
        rows.onSeries(sources[p]![s]!)
        columns.addRow(values, at, groupOf[s]! * grid.steps + step, part.steps, null)
      }
      if (ctx.spend(work)) await ctx.pause()
    }
    step += part.steps
  }
  return reducedVector(ctx, node, columns, { groups, steps: grid.steps, dropName: new Uint8Array(groups.size) })
}

/** Writes the steps of a series to a row; gives how many looks at samples are to be accounted for. A promise when it is long, and pauses. */
type RowFiller = (series: number, row: Float64Array) => number | Promise<number>

function rowFiller(ctx: QueryContext, { selector, range }: ReducedRows, grid: Grid, input: SeriesInput): RowFiller {
  const { startMs, stepMs } = referenceOf(ctx, selector.shift, grid)
  const { steps } = grid
  if (range === null) {
    const resampled = valuesAtSteps({ startMs, stepMs }, ctx.limits.lookbackMs, steps)
    return (series, row) => {
      const rows = input.rows(series)
      row.fill(ABSENT)
      resampled(rows, row, 0)
      return rows.end - rows.start
    }
  }
  const rangeMs = durationOf(ctx, range.matrix.range)
  const window = new Window(ctx, range.matrix.start, [])
  window.rangeMs = rangeMs
  const plain = { reference: { startMs, stepMs }, grid, func: range.func, window, firstStep: 0, onHistogram: () => undefined }
  return (series, row) => {
    const points = pointsOf(input.rows(series), null)
    const { times, values, start, end } = points
    row.fill(ABSENT)
    if (start === end) return 0
    const windows = { times, values, start, end, startMs, stepMs, steps, rangeMs, param: noParam }
    const visits = range.kernel.visits(windows)
    if (visits > rowVisitsMax) return applyToWindows(points, plain, row, 0).then(() => 0)
    range.kernel.run(windows, row, 0)
    return end - start + visits
  }
}

const noParam = new Float64Array(0)

function hasValueKernel(values: Float64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (values[i] !== ABSENT) return true
  return false
}
