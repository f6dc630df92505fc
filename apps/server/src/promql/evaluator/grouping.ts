/** Which series an aggregation takes together. */
import type { Aggregation } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import { LabelGroups, metricName, type KeyRule } from './label-sets.ts'
import type { VectorValue } from './values.ts'

/** Series of a vector by group. */
export interface Grouping {
  readonly groups: LabelGroups
  /** Group of each series. */
  readonly groupOf: Int32Array
  /** 1 where a member's name is to be dropped at the end. */
  readonly dropName: Uint8Array
}

export function groupingRule(node: Aggregation): KeyRule {
  return node.without ? { names: [...node.grouping, metricName], keep: false } : { names: node.grouping, keep: true }
}

export function groupSeries(ctx: QueryContext, node: Aggregation, vector: VectorValue): Grouping {
  const groups = new LabelGroups(ctx.symbols, groupingRule(node))
  const groupOf = Int32Array.from(vector.sets, (set) => groups.groupOf(set))
  const dropName = new Uint8Array(groups.size)
  for (let s = 0; s < groupOf.length; s++) dropName[groupOf[s]!] = dropName[groupOf[s]!]! | vector.dropName[s]!
  return { groups, groupOf, dropName }
}
