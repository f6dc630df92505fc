/** `and`, `or`, `unless`: presence by match group and step decides which samples stay. */
import type { BinaryExpr, VectorMatching } from '../syntax/ast.ts'
import { matchingRule } from './binary-vector.ts'
import type { QueryContext } from './context.ts'
import { LabelGroups } from './label-sets.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, mergeSameLabels, VectorBuilder, type VectorValue } from './values.ts'

/** For each group of a side, at which steps it has a sample: `present[group * steps + i]`. */
interface Presence {
  readonly groups: LabelGroups
  readonly present: Uint8Array
}

function presenceOf(ctx: QueryContext, vector: VectorValue, matching: VectorMatching): Presence {
  const groups = new LabelGroups(ctx.symbols, matchingRule(matching))
  const { steps } = vector
  const numbers = vector.sets.map((set) => groups.groupOf(set))
  const present = new Uint8Array(groups.size * steps)
  for (const [s, group] of numbers.entries()) {
    for (let i = 0; i < steps; i++) if (vector.values[s * steps + i] !== ABSENT) present[group * steps + i] = 1
  }
  return { groups, present }
}

/** Copies the samples of `from` whose group's presence on the other side equals `wanted`. */
function copyWhere(builder: VectorBuilder, from: VectorValue, other: Presence, wanted: 0 | 1): void {
  const { steps } = from
  for (let s = 0; s < from.sets.length; s++) {
    const group = other.groups.find(from.sets[s]!)
    if (group === -1 && wanted === 1) continue
    const cell = builder.addSeries(from.sets[s]!, from.dropName[s])
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      const value = from.values[s * steps + i]!
      const present = group === -1 ? 0 : other.present[group * steps + i]!
      if (value === ABSENT || present !== wanted) continue
      const histogram = histogramAt(from, s * steps + i)
      if (histogram === null) cells[cell + i] = value
      else builder.setHistogram(cell + i, histogram)
    }
    builder.dropIfEmpty(cell)
  }
}

export function setOperation(ctx: QueryContext, node: BinaryExpr, left: VectorValue, right: VectorValue): VectorValue {
  const { matching } = node
  if (matching === null) throw new Error('a set operation lost its matching')
  ctx.reserveCells(left.values.length + right.values.length)
  const builder = new VectorBuilder(left.steps, left.sets.length + right.sets.length)
  if (node.op === 'and') copyWhere(builder, left, presenceOf(ctx, right, matching), 1)
  else if (node.op === 'unless') copyWhere(builder, left, presenceOf(ctx, right, matching), 0)
  else {
    const nothing: Presence = { groups: new LabelGroups(ctx.symbols, matchingRule(matching)), present: new Uint8Array(0) }
    copyWhere(builder, left, nothing, 0)
    copyWhere(builder, right, presenceOf(ctx, left, matching), 0)
  }
  return mergeSameLabels(builder.build(), ctx.symbols)
}
