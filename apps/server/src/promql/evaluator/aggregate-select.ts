/** Aggregations that look at the samples one by one: topk, bottomk, limitk, limit_ratio, quantile, count_values. */
import type { Labels } from '../../metrics/index.ts'
import { executionError } from '../errors.ts'
import { quantileOf } from '../functions/quantile.ts'
import { printHistogram } from '../histograms/print.ts'
import type { Aggregation } from '../syntax/ast.ts'
import { formatPlain } from '../syntax/literals.ts'
import { notes } from './annotations.ts'
import type { QueryContext } from './context.ts'
import { groupingRule, type Grouping } from './grouping.ts'
import { LabelGroups, wholeKey, withLabels } from './label-sets.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, VectorBuilder, type ScalarValue, type VectorValue } from './values.ts'

/** Series of each group, in the vector's order. */
function membersOf(grouping: Grouping): number[][] {
  const members: number[][] = Array.from({ length: grouping.groups.size }, () => [])
  for (let s = 0; s < grouping.groupOf.length; s++) members[grouping.groupOf[s]!]?.push(s)
  return members
}

/** The vector with only the chosen cells, in the given order of series. */
function masked(vector: VectorValue, chosen: Uint8Array, order: readonly number[]): VectorValue {
  const { steps } = vector
  const builder = new VectorBuilder(steps, order.length)
  for (const s of order) {
    const cell = builder.addSeries(vector.sets[s]!, vector.dropName[s])
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      if (chosen[s * steps + i] === 0) continue
      const histogram = histogramAt(vector, s * steps + i)
      if (histogram === null) cells[cell + i] = vector.values[s * steps + i]!
      else builder.setHistogram(cell + i, histogram)
    }
    builder.dropIfEmpty(cell)
  }
  return builder.build()
}

function countParam(param: ScalarValue, step: number): number {
  const value = param.values[step]!
  if (Number.isNaN(value)) throw executionError('Parameter value is NaN')
  if (Math.abs(value) >= 2 ** 63) throw executionError(`Scalar value ${value} overflows int64`)
  return Math.trunc(value)
}

type Better = (a: number, b: number) => number

/** Up to this many are kept in order as cells come by; of more, all cells are sorted. */
const keptMax = 64

/** The best `k` of the cells, best first; of equals the one that comes first. */
function bestOf(cells: readonly number[], k: number, better: Better): number[] {
  if (k > keptMax) return [...cells].sort(better).slice(0, k)
  const best: number[] = []
  for (const cell of cells) {
    let place = best.length
    if (place === k && better(cell, best[place - 1]!) >= 0) continue
    if (place < k) best.push(cell)
    else place--
    for (; place > 0 && better(cell, best[place - 1]!) < 0; place--) best[place] = best[place - 1]!
    best[place] = cell
  }
  return best
}

/** topk and bottomk: the k best floats of each group at each step; of equals the first wins, NaN is worst. */
export async function ranked(
  ctx: QueryContext,
  node: Aggregation,
  vector: VectorValue,
  grouping: Grouping,
  param: ScalarValue,
): Promise<VectorValue> {
  const { steps, values } = vector
  const sign = node.op === 'topk' ? 1 : -1
  const chosen = new Uint8Array(values.length)
  const better: Better = (a, b) => {
    const x = values[a]! * sign
    const y = values[b]! * sign
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1
    return Number.isNaN(y) ? -1 : y - x === 0 || x === y ? 0 : y > x ? 1 : -1
  }
  const members = membersOf(grouping)
  const order: number[] = []
  for (let i = 0; i < steps; i++) {
    const k = countParam(param, i)
    if (k < 1) continue
    for (const group of members) {
      if (ctx.spend(group.length)) await ctx.pause()
      const cells: number[] = []
      for (const s of group) {
        const cell = s * steps + i
        if (values[cell] === ABSENT) continue
        if (histogramAt(vector, cell) === null) cells.push(cell)
        else ctx.annotations.info(notes.ignoredInAggregation(node.op), node.expr.start)
      }
      const best = bestOf(cells, k, better)
      for (const cell of best) chosen[cell] = 1
      // An instant query shows them best first.
      if (ctx.isInstant) order.push(...best.map((cell) => Math.floor(cell / steps)))
    }
  }
  return masked(vector, chosen, ctx.isInstant && steps === 1 ? order : vector.sets.map((_, s) => s))
}

/** limitk takes the first k of each group; limit_ratio a share of the series by the hash of their labels. */
export function limited(ctx: QueryContext, node: Aggregation, vector: VectorValue, grouping: Grouping, param: ScalarValue): VectorValue {
  const { steps, values } = vector
  const chosen = new Uint8Array(values.length)
  const members = membersOf(grouping)
  const shares = node.op === 'limit_ratio' ? vector.sets.map((set) => labelShare(set.labels)) : []
  for (let i = 0; i < steps; i++) {
    if (node.op === 'limitk') {
      const k = countParam(param, i)
      for (const group of members) {
        let taken = 0
        for (const s of group) {
          if (taken >= k) break
          if (values[s * steps + i] === ABSENT) continue
          chosen[s * steps + i] = 1
          taken++
        }
      }
      continue
    }
    const ratio = ratioParam(ctx, node, param.values[i]!)
    for (let s = 0; s < shares.length; s++) {
      const inside = ratio >= 0 ? shares[s]! < ratio : shares[s]! >= 1 + ratio
      if (inside && values[s * steps + i] !== ABSENT) chosen[s * steps + i] = 1
    }
  }
  return masked(
    vector,
    chosen,
    vector.sets.map((_, s) => s),
  )
}

function ratioParam(ctx: QueryContext, node: Aggregation, ratio: number): number {
  if (Number.isNaN(ratio)) throw executionError(`Ratio value is NaN`)
  const capped = Math.min(1, Math.max(-1, ratio))
  if (capped !== ratio) ctx.annotations.warn(notes.ratioOutOfRange(ratio, capped), node.param?.start ?? node.start)
  return capped
}

/** Where a label set stands in [0, 1): FNV-1a with a final mix, the same on every run. */
function labelShare(labels: Labels): number {
  let hash = 0x811c9dc5
  for (const [name, value] of labels) {
    const text = `${name}\u0000${value}\u0001`
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

export async function quantiles(
  ctx: QueryContext,
  node: Aggregation,
  vector: VectorValue,
  grouping: Grouping,
  param: ScalarValue,
): Promise<VectorValue> {
  const { steps, values } = vector
  const builder = new VectorBuilder(steps, grouping.groups.size)
  for (const [g, group] of membersOf(grouping).entries()) {
    const first = builder.addSeries(ctx.symbols.labelSet(grouping.groups.labelsOf(g)), grouping.dropName[g])
    const scratch = new Float64Array(group.length)
    for (let i = 0; i < steps; i++) {
      if (ctx.spend(group.length)) await ctx.pause()
      let count = 0
      for (const s of group) {
        const cell = s * steps + i
        if (values[cell] === ABSENT) continue
        if (histogramAt(vector, cell) === null) scratch[count++] = values[cell]!
        else ctx.annotations.info(notes.ignoredInAggregation('quantile'), node.expr.start)
      }
      if (count === 0) continue
      const q = param.values[i]!
      if (!(q >= 0 && q <= 1)) ctx.annotations.warn(notes.quantileOutOfRange(q), node.param?.start ?? node.start)
      builder.cells[first + i] = quantileOf(q, scratch.subarray(0, count))
    }
    builder.dropIfEmpty(first)
  }
  return builder.build()
}

/** One series a group and distinct value, the value as a label. */
export function countValues(ctx: QueryContext, node: Aggregation, vector: VectorValue, grouping: Grouping, label: string): VectorValue {
  const { steps, values } = vector
  const results = new LabelGroups(ctx.symbols, wholeKey)
  const builder = new VectorBuilder(steps, grouping.groups.size)
  const rule = groupingRule(node)
  for (let s = 0; s < vector.sets.length; s++) {
    const base = vector.sets[s]!.labels.filter((pair) => rule.names.includes(pair[0]) === rule.keep)
    for (let i = 0; i < steps; i++) {
      const cell = s * steps + i
      if (values[cell] === ABSENT) continue
      const histogram = histogramAt(vector, cell)
      const text = histogram === null ? formatPlain(values[cell]!) : printHistogram(histogram)
      const set = ctx.symbols.labelSet(withLabels(base, new Map([[label, text]])))
      const group = results.groupOf(set)
      if (group === builder.sets.length) {
        ctx.reserveCells(steps)
        builder.addSeries(set, vector.dropName[s])
      }
      const target = group * steps + i
      const { cells } = builder
      cells[target] = cells[target] === ABSENT ? 1 : cells[target]! + 1
    }
  }
  return builder.build()
}
