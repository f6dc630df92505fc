/** Arithmetic and comparisons between two vectors: one-to-one, many-to-one, one-to-many. */
import { executionError } from '../errors.ts'
import type { BinaryExpr, VectorMatching } from '../syntax/ast.ts'
import { quote } from '../syntax/literals.ts'
import type { Labels } from '../../metrics/index.ts'
import type { QueryContext } from './context.ts'
import { arithmetic, comparisons, histogramOp, type FloatOp, type FloatTest } from './element-ops.ts'
import {
  compareNames,
  labelValue,
  LabelGroups,
  metricName,
  withLabels,
  withoutMetadata,
  type KeyRule,
  type LabelSet,
} from './label-sets.ts'
import { histogramAt } from './selector.ts'
import { ABSENT, mergeSameLabels, namesDropped, VectorBuilder, type VectorValue } from './values.ts'

/** The key of a matching: exactly the `on` labels, or all but the ignored ones and the name. */
export function matchingRule(matching: VectorMatching): KeyRule {
  return matching.on ? { names: matching.labels, keep: true } : { names: [...matching.labels, metricName], keep: false }
}

/** `{a="x", b="y"}` as Prometheus prints label sets in errors. */
export function printLabels(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
}

/** The "one" side by match group: which series holds the value at each step. */
class OneSide {
  readonly #vector: VectorValue
  readonly #groups: LabelGroups
  readonly #members: number[][] = []

  constructor(ctx: QueryContext, vector: VectorValue, matching: VectorMatching, manyPresent: Uint8Array, sideName: string) {
    this.#vector = vector
    this.#groups = new LabelGroups(ctx.symbols, matchingRule(matching))
    for (const [s, set] of vector.sets.entries()) {
      const group = this.#groups.groupOf(set)
      const members = (this.#members[group] ??= [])
      for (const other of members) this.#refuseOverlap(other, s, group, manyPresent, sideName)
      members.push(s)
    }
  }

  /** The series that could match `set`. */
  membersFor(set: LabelSet): readonly number[] {
    const group = this.#groups.find(set)
    return group === -1 ? [] : (this.#members[group] ?? [])
  }

  groupOf(set: LabelSet): number {
    return this.#groups.find(set)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  #refuseOverlap(a: number, b: number, group: number, manyPresent: Uint8Array, sideName: string): void {
    const { values, steps, sets } = this.#vector
    for (let i = 0; i < steps; i++) {
      // Prometheus looks for duplicates only where the other side has something to match.
      if (manyPresent[i] === 0 || values[a * steps + i] === ABSENT || values[b * steps + i] === ABSENT) continue
      const pair = [sets[a]!.labels, sets[b]!.labels].map(printLabels).sort(compareNames)
      throw executionError(
        `found duplicate series for the match group ${printLabels(this.#groups.labelsOf(group))} on the ${sideName} hand-side of the ` +
          `operation: [${pair.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
      )
    }
  }
}

function presence(vector: VectorValue): Uint8Array {
  const present = new Uint8Array(vector.steps)
  for (let s = 0; s < vector.sets.length; s++) {
    for (let i = 0; i < vector.steps; i++) if (vector.values[s * vector.steps + i] !== ABSENT) present[i] = 1
  }
  return present
}

function resultLabels(node: BinaryExpr, matching: VectorMatching, many: Labels, one: Labels): Labels {
  let labels = arithmetic.has(node.op) ? withoutMetadata(many) : many
  if (matching.card === 'one-to-one') labels = labels.filter((pair) => matching.labels.includes(pair[0]) === matching.on)
  if (matching.include.length === 0) return labels
  return withLabels(labels, new Map(matching.include.map((name) => [name, labelValue(one, name)])))
}

export async function vectorVector(ctx: QueryContext, node: BinaryExpr, left: VectorValue, right: VectorValue): Promise<VectorValue> {
  const matching = node.matching
  if (matching === null) throw new Error('a vector operation lost its matching')
  if (matching.fillLeft !== null || matching.fillRight !== null) throw executionError('fill modifiers are not supported yet')
  const swapped = matching.card === 'one-to-many'
  const many = swapped ? right : left
  const one = swapped ? left : right
  const oneSide = new OneSide(ctx, one, matching, presence(many), swapped ? 'left' : 'right')
  const matcher = new Matcher(ctx, node, matching, many, one, swapped)
  ctx.reserveCells(many.values.length)
  // One-to-one: a group's second match at a step is an error, even when the comparison would drop it.
  const taken = matching.card === 'one-to-one' ? new Map<number, Uint8Array>() : null
  for (let s = 0; s < many.sets.length; s++) {
    const set = many.sets[s]!
    for (const partner of oneSide.membersFor(set)) {
      if (ctx.spend(many.steps)) await ctx.pause()
      if (taken !== null) claim(taken, oneSide.groupOf(set), many, s, one, partner)
      matcher.combine(s, partner)
    }
  }
  return matcher.result()
}

function claim(taken: Map<number, Uint8Array>, group: number, many: VectorValue, s: number, one: VectorValue, partner: number): void {
  const { steps } = many
  let claimed = taken.get(group)
  if (claimed === undefined) taken.set(group, (claimed = new Uint8Array(steps)))
  for (let i = 0; i < steps; i++) {
    if (many.values[s * steps + i] === ABSENT || one.values[partner * steps + i] === ABSENT) continue
    if (claimed[i] === 1) {
      throw executionError('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)')
    }
    claimed[i] = 1
  }
}

/** Combines matched pairs of series into the result. */
class Matcher {
  readonly #ctx: QueryContext
  readonly #node: BinaryExpr
  readonly #matching: VectorMatching
  readonly #many: VectorValue
  readonly #one: VectorValue
  readonly #swapped: boolean
  readonly #builder: VectorBuilder
  readonly #op: FloatOp | undefined
  readonly #test: FloatTest | undefined

  constructor(ctx: QueryContext, node: BinaryExpr, matching: VectorMatching, many: VectorValue, one: VectorValue, swapped: boolean) {
    this.#ctx = ctx
    this.#node = node
    this.#matching = matching
    this.#many = many
    this.#one = one
    this.#swapped = swapped
    this.#builder = new VectorBuilder(many.steps, many.sets.length)
    this.#op = arithmetic.get(node.op)
    this.#test = comparisons.get(node.op)
  }

  combine(s: number, partner: number): void {
    const { steps } = this.#many
    const labels = resultLabels(this.#node, this.#matching, this.#many.sets[s]!.labels, this.#one.sets[partner]!.labels)
    const dropName = this.#node.returnBool ? 1 : this.#op === undefined ? this.#many.dropName[s] : 0
    const cell = this.#builder.addSeries(this.#ctx.symbols.labelSet(labels), dropName)
    this.#floats(s * steps, partner * steps, cell)
    if (this.#many.histograms !== null || this.#one.histograms !== null) this.#histograms(s * steps, partner * steps, cell)
    this.#builder.dropIfEmpty(cell)
  }

  #floats(manyCell: number, oneCell: number, cell: number): void {
    const { cells, steps } = this.#builder
    const { returnBool } = this.#node
    const leftValues = this.#swapped ? this.#one.values : this.#many.values
    const rightValues = this.#swapped ? this.#many.values : this.#one.values
    const leftCell = this.#swapped ? oneCell : manyCell
    const rightCell = this.#swapped ? manyCell : oneCell
    const op = this.#op
    const test = this.#test
    for (let i = 0; i < steps; i++) {
      const left = leftValues[leftCell + i]!
      const right = rightValues[rightCell + i]!
      if (left === ABSENT || right === ABSENT) continue
      if (op !== undefined) cells[cell + i] = op(left, right)
      else if (test !== undefined) {
        const kept = test(left, right)
        if (returnBool) cells[cell + i] = kept ? 1 : 0
        else if (kept) cells[cell + i] = left
      }
    }
  }

  /** Overwrites cells where a side is a histogram; the float kernel saw NaN there. */
  #histograms(manyCell: number, oneCell: number, cell: number): void {
    for (let i = 0; i < this.#builder.steps; i++) {
      const many = { float: this.#many.values[manyCell + i]!, histogram: histogramAt(this.#many, manyCell + i) }
      const one = { float: this.#one.values[oneCell + i]!, histogram: histogramAt(this.#one, oneCell + i) }
      if (many.float === ABSENT || one.float === ABSENT || (many.histogram === null && one.histogram === null)) continue
      const left = this.#swapped ? one : many
      const right = this.#swapped ? many : one
      const result = histogramOp(this.#node.op, left, right, this.#ctx.annotations, this.#node.start)
      this.#builder.cells[cell + i] = ABSENT
      if (result === null) continue
      if (this.#node.returnBool) this.#builder.cells[cell + i] = result.keep ? 1 : 0
      else if (result.keep && result.histogram !== null) this.#builder.setHistogram(cell + i, result.histogram)
    }
  }

  result(): VectorValue {
    const built = this.#builder.build()
    const named = this.#node.returnBool && !this.#ctx.delayedNames ? namesDropped(built, this.#ctx.symbols) : built
    const grouped = this.#matching.card !== 'one-to-one'
    return mergeSameLabels(
      named,
      this.#ctx.symbols,
      grouped ? 'multiple matches for labels: grouping labels must ensure unique matches' : undefined,
    )
  }
}
