/** Arithmetic and comparisons between two vectors: one-to-one, many-to-one, one-to-many. */
import { executionError } from '../errors.ts'
import type { BinaryExpr, VectorMatching } from '../syntax/ast.ts'
import { quote } from '../syntax/literals.ts'
import type { Labels, NativeHistogram } from '../../metrics/index.ts'
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

/** One row of the "one" side: the cells from `cell` on, and the labels that `group_left` may copy. */
interface OneRow {
  readonly values: Float64Array
  readonly histograms: VectorValue['histograms']
  readonly cell: number
  readonly labels: Labels
}

/** The "one" side by match group. At each step at most one series of a group may have a value. */
class OneSide {
  readonly #vector: VectorValue
  readonly #groups: LabelGroups
  readonly #members: number[][] = []
  /** Groups of several series joined to one row, made when asked for. */
  readonly #joined = new Map<number, OneRow>()

  constructor(ctx: QueryContext, vector: VectorValue, matching: VectorMatching) {
    this.#vector = vector
    this.#groups = new LabelGroups(ctx.symbols, matchingRule(matching))
    for (const [s, set] of vector.sets.entries()) (this.#members[this.#groups.groupOf(set)] ??= []).push(s)
  }

  /** The match group of a series of the other side, -1 when nothing can match it. */
  groupOf(set: LabelSet): number {
    return this.#groups.find(set)
  }

  /** The rows of a group: one for each series, or a joined one where their labels do not matter. */
  rows(group: number, labelsMatter: boolean): readonly OneRow[] {
    const members = this.#members[group] ?? []
    if (members.length <= 1 || labelsMatter) return members.map((s) => this.#row(s))
    let joined = this.#joined.get(group)
    if (joined === undefined) this.#joined.set(group, (joined = this.#join(members)))
    return [joined]
  }

  #row(s: number): OneRow {
    const { values, histograms, steps, sets } = this.#vector
    return { values, histograms, cell: s * steps, labels: sets[s]!.labels }
  }

  #join(members: readonly number[]): OneRow {
    const { values, steps } = this.#vector
    const joined = new Float64Array(steps).fill(ABSENT)
    const histograms = this.#vector.histograms === null ? null : Array.from({ length: steps }, (): NativeHistogram | null => null)
    for (const s of members) {
      for (let i = 0; i < steps; i++) {
        const value = values[s * steps + i]!
        if (value === ABSENT) continue
        joined[i] = value
        if (histograms !== null) histograms[i] = histogramAt(this.#vector, s * steps + i)
      }
    }
    return { values: joined, histograms, cell: 0, labels: [] }
  }

  /**
   * Throws when two series of a group have a value at one step. Prometheus looks only where the other side has something to match,
   * so `manyPresent` says at which steps.
   */
  async refuseDuplicates(ctx: QueryContext, manyPresent: Uint8Array, sideName: string): Promise<void> {
    if (!manyPresent.includes(1)) return
    const { values, steps } = this.#vector
    for (const [group, members] of this.#members.entries()) {
      if (members.length === 1) continue
      const owner = new Int32Array(steps).fill(-1)
      for (const s of members) {
        if (ctx.spend(steps)) await ctx.pause()
        for (let i = 0; i < steps; i++) {
          if (manyPresent[i] === 0 || values[s * steps + i] === ABSENT) continue
          if (owner[i] !== -1) throw this.#duplicate(group, [owner[i]!, s], sideName)
          owner[i] = s
        }
      }
    }
  }

  #duplicate(group: number, pair: readonly number[], sideName: string): Error {
    const names = pair.map((s) => printLabels(this.#vector.sets[s]!.labels)).sort(compareNames)
    return executionError(
      `found duplicate series for the match group ${printLabels(this.#groups.labelsOf(group))} on the ${sideName} hand-side of the ` +
        `operation: [${names.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
    )
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
  const oneSide = new OneSide(ctx, one, matching)
  await oneSide.refuseDuplicates(ctx, presence(many), swapped ? 'left' : 'right')
  const matcher = new Matcher(ctx, node, matching, many, swapped)
  ctx.reserveCells(many.values.length)
  // One-to-one: a group's second match at a step is an error, even when the comparison would drop it.
  const taken = matching.card === 'one-to-one' ? new Map<number, Uint8Array>() : null
  for (let s = 0; s < many.sets.length; s++) {
    const group = oneSide.groupOf(many.sets[s]!)
    if (group === -1) continue
    for (const row of oneSide.rows(group, matching.include.length > 0)) {
      if (ctx.spend(many.steps)) await ctx.pause()
      if (taken !== null) claim(taken, group, many, s, row)
      matcher.combine(s, row)
    }
  }
  return matcher.result()
}

function claim(taken: Map<number, Uint8Array>, group: number, many: VectorValue, s: number, row: OneRow): void {
  const { steps } = many
  let claimed = taken.get(group)
  if (claimed === undefined) taken.set(group, (claimed = new Uint8Array(steps)))
  for (let i = 0; i < steps; i++) {
    if (many.values[s * steps + i] === ABSENT || row.values[row.cell + i] === ABSENT) continue
    if (claimed[i] === 1) {
      throw executionError('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)')
    }
    claimed[i] = 1
  }
}

/** Combines series of the "many" side with rows of the "one" side into the result. */
class Matcher {
  readonly #ctx: QueryContext
  readonly #node: BinaryExpr
  readonly #matching: VectorMatching
  readonly #many: VectorValue
  readonly #swapped: boolean
  readonly #builder: VectorBuilder
  readonly #op: FloatOp | undefined
  readonly #test: FloatTest | undefined

  constructor(ctx: QueryContext, node: BinaryExpr, matching: VectorMatching, many: VectorValue, swapped: boolean) {
    this.#ctx = ctx
    this.#node = node
    this.#matching = matching
    this.#many = many
    this.#swapped = swapped
    this.#builder = new VectorBuilder(many.steps, many.sets.length)
    this.#op = arithmetic.get(node.op)
    this.#test = comparisons.get(node.op)
  }

  combine(s: number, row: OneRow): void {
    const { steps } = this.#many
    // More rows than the many side has series: their cells were not reserved.
    if (this.#builder.sets.length >= this.#many.sets.length) this.#ctx.reserveCells(steps)
    const labels = resultLabels(this.#node, this.#matching, this.#many.sets[s]!.labels, row.labels)
    const dropName = this.#node.returnBool ? 1 : this.#op === undefined ? this.#many.dropName[s] : 0
    const cell = this.#builder.addSeries(this.#ctx.symbols.labelSet(labels), dropName)
    this.#floats(s * steps, row, cell)
    if (this.#many.histograms !== null || row.histograms !== null) this.#histograms(s * steps, row, cell)
    this.#builder.dropIfEmpty(cell)
  }

  #floats(manyCell: number, row: OneRow, cell: number): void {
    const { cells, steps } = this.#builder
    const { returnBool } = this.#node
    const leftValues = this.#swapped ? row.values : this.#many.values
    const rightValues = this.#swapped ? this.#many.values : row.values
    const leftCell = this.#swapped ? row.cell : manyCell
    const rightCell = this.#swapped ? manyCell : row.cell
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
  #histograms(manyCell: number, row: OneRow, cell: number): void {
    for (let i = 0; i < this.#builder.steps; i++) {
      const many = { float: this.#many.values[manyCell + i]!, histogram: histogramAt(this.#many, manyCell + i) }
      const one = { float: row.values[row.cell + i]!, histogram: row.histograms?.[row.cell + i] ?? null }
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
