/** Aggregations: groups by label key, then one pass a series over all steps. */
import { executionError } from '../errors.ts'
import { isWellFormed } from '../syntax/literals.ts'
import type { Aggregation } from '../syntax/ast.ts'
import { columnsFor, type Columns } from './aggregate-columns.ts'
import { countValues, limited, quantiles, ranked } from './aggregate-select.ts'
import { notes } from './annotations.ts'
import type { QueryContext } from './context.ts'
import { groupSeries, type Grouping } from './grouping.ts'
import type { LabelGroups } from './label-sets.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, mergeSameLabels, VectorBuilder, type ScalarValue, type Value, type VectorValue } from './values.ts'

export async function aggregate(ctx: QueryContext, node: Aggregation, vector: VectorValue, param: Value | null): Promise<VectorValue> {
  const grouping = groupSeries(ctx, node, vector)
  switch (node.op) {
    case 'topk':
    case 'bottomk':
      return ranked(ctx, node, vector, grouping, scalarParam(param))
    case 'limitk':
    case 'limit_ratio':
      return limited(ctx, node, vector, grouping, scalarParam(param))
    case 'quantile':
      return finish(ctx, await quantiles(ctx, node, vector, grouping, scalarParam(param)))
    case 'count_values': {
      const label = param?.type === 'string' ? param.value : ''
      if (label === '' || !isWellFormed(label)) throw executionError(`invalid label name ${JSON.stringify(label)}`)
      return finish(ctx, countValues(ctx, node, vector, grouping, label))
    }
    default:
      return finish(ctx, await reduce(ctx, node, vector, grouping))
  }
}

/** Groups by a name that is still to be dropped may collide only at the end; with names dropped at once they cannot. */
function finish(ctx: QueryContext, vector: VectorValue): VectorValue {
  return ctx.delayedNames ? mergeSameLabels(vector, ctx.symbols) : vector
}

function scalarParam(param: Value | null): ScalarValue {
  if (param?.type !== 'scalar') throw new Error('an aggregation lost its parameter')
  return param
}

async function reduce(ctx: QueryContext, node: Aggregation, vector: VectorValue, grouping: Grouping): Promise<VectorValue> {
  const { steps } = vector
  const { groups, groupOf } = grouping
  ctx.reserveCells(groups.size * steps * 3)
  const columns = columnsFor(node.op, groups.size * steps)
  for (let s = 0; s < groupOf.length; s++) {
    if (ctx.spend(steps)) await ctx.pause()
    columns.addRow(vector.values, s * steps, groupOf[s]! * steps, steps, vector.histograms)
    if (vector.histograms === null) continue
    for (let i = 0; i < steps; i++) {
      const histogram = histogramAt(vector, s * steps + i)
      if (histogram !== null) columns.addHistogram(groupOf[s]! * steps + i, histogram)
    }
  }
  return reducedVector(ctx, node, columns, { groups, steps, dropName: grouping.dropName })
}

/** Where the results of a reduction go. */
export interface ReducedGroups {
  readonly groups: LabelGroups
  readonly steps: number
  readonly dropName: Uint8Array
}

/** The columns' results, a series a group, and what they have to say. */
export function reducedVector(
  ctx: QueryContext,
  node: Aggregation,
  columns: Columns,
  { groups, steps, dropName }: ReducedGroups,
): VectorValue {
  const builder = new VectorBuilder(steps, groups.size)
  for (let g = 0; g < groups.size; g++) {
    const cell = builder.addSeries(ctx.symbols.labelSet(groups.labelsOf(g)), dropName[g])
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      const result = columns.result(cell + i)
      if (typeof result === 'number') cells[cell + i] = result
      else builder.setHistogram(cell + i, result)
    }
  }
  for (const note of columns.notes) {
    if (note === 'ignored') ctx.annotations.info(notes.ignoredInAggregation(node.op), node.expr.start)
    else if (note === 'mixed') ctx.annotations.warn(notes.mixedAggregation, node.expr.start)
    else if (note === 'schemas') ctx.annotations.warn(notes.mixedSchemas(''), node.expr.start)
    else if (note === 'bounds') ctx.annotations.info(notes.customBucketsReconciled('aggregation'), node.expr.start)
    else ctx.annotations.warn(notes.counterResetCollision('aggregation'), node.expr.start)
  }
  return compact(builder.build())
}

/** Leaves out groups that have no point at all. */
function compact(vector: VectorValue): VectorValue {
  const { steps } = vector
  const isEmpty = (s: number): boolean => {
    for (let i = 0; i < steps; i++) if (vector.values[s * steps + i] !== ABSENT) return false
    return true
  }
  const kept = vector.sets.map((_, s) => s).filter((s) => !isEmpty(s))
  if (kept.length === vector.sets.length) return vector
  const values = new Float64Array(kept.length * steps)
  const histograms = vector.histograms === null ? null : kept.flatMap((s) => vector.histograms?.slice(s * steps, (s + 1) * steps) ?? [])
  for (const [to, s] of kept.entries()) values.set(vector.values.subarray(s * steps, (s + 1) * steps), to * steps)
  return {
    ...vector,
    sets: kept.map((s) => vector.sets[s]!),
    dropName: Uint8Array.from(kept, (s) => vector.dropName[s]!),
    values,
    histograms,
  }
}
