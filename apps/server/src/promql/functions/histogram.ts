/** Functions of histograms, classic (series by `le`) and native, in one vector. */
import type { Labels, NativeHistogram } from '../../metrics/index.ts'
import { notes } from '../evaluator/annotations.ts'
import type { QueryContext } from '../evaluator/context.ts'
import { labelValue, LabelGroups, metricName, withLabels, type LabelSet } from '../evaluator/label-sets.ts'
import { histogramAt } from '../evaluator/selector.ts'
import { ABSENT, VectorBuilder, type Value, type VectorValue } from '../evaluator/values.ts'
import { executionError } from '../errors.ts'
import { classicFraction, classicQuantile, type ClassicBucket } from '../histograms/classic.ts'
import { nativeFraction, nativeQuantile, nativeVariance } from '../histograms/native-quantile.ts'
import type { Call, Expr } from '../syntax/ast.ts'
import { formatNumber, isWellFormed, numberOrNull } from '../syntax/literals.ts'

/** The result still carries names; the caller drops them. */
export type HistogramFunction = (ctx: QueryContext, node: Call, args: readonly Value[]) => VectorValue

function vectorAt(args: readonly Value[], index: number): VectorValue {
  const value = args[index]
  if (value?.type !== 'vector') throw new Error('a histogram function lost its vector')
  return value
}

function scalarAt(args: readonly Value[], index: number): Float64Array {
  const value = args[index]
  if (value?.type !== 'scalar') throw new Error('a histogram function lost its scalar')
  return value.values
}

/** A function of native histograms alone; floats are left out. */
function ofNative(compute: (histogram: NativeHistogram) => number): HistogramFunction {
  return (_ctx, _node, args) => {
    const vector = vectorAt(args, 0)
    const { steps } = vector
    const builder = new VectorBuilder(steps, vector.sets.length)
    for (let s = 0; s < vector.sets.length; s++) {
      const cell = builder.addSeries(vector.sets[s]!, vector.dropName[s])
      for (let i = 0; i < steps; i++) {
        const histogram = histogramAt(vector, s * steps + i)
        if (histogram !== null) builder.cells[cell + i] = compute(histogram)
      }
      builder.dropIfEmpty(cell)
    }
    return builder.build()
  }
}

/** What a quantile or fraction is computed from, at one step. */
interface Measure {
  classic(buckets: readonly ClassicBucket[], step: number, name: string): number
  native(histogram: NativeHistogram, step: number, name: string): number
}

/** Series of one classic histogram. */
interface ClassicGroup {
  readonly labels: Labels
  readonly name: string
  readonly dropName: number
  readonly members: { series: number; upper: number }[]
}

function parseBound(text: string): number | null {
  const value = numberOrNull(text.replace(/^[+-]/, ''))
  if (value === null || Number.isNaN(value)) return null
  return text.startsWith('-') ? -value : value
}

/** A vector split into classic histograms and series with native ones. */
class HistogramVector {
  readonly #ctx: QueryContext
  readonly #vector: VectorValue
  readonly #argStart: number
  readonly #groups: LabelGroups
  readonly #classic = new Map<number, ClassicGroup>()
  /** Series that may hold native histograms, by the same groups. */
  readonly #native = new Map<number, number[]>()

  constructor(ctx: QueryContext, vector: VectorValue, argStart: number) {
    this.#ctx = ctx
    this.#vector = vector
    this.#argStart = argStart
    this.#groups = new LabelGroups(ctx.symbols, { names: ['le'], keep: false })
    for (let s = 0; s < vector.sets.length; s++) this.#addClassic(s)
    if (vector.histograms === null) return
    for (let s = 0; s < vector.sets.length; s++) {
      const group = this.#groups.groupOf(vector.sets[s]!)
      const series = this.#native.get(group)
      if (series === undefined) this.#native.set(group, [s])
      else series.push(s)
    }
  }

  #addClassic(s: number): void {
    const set = this.#vector.sets[s]!
    if (!this.#hasFloat(s)) return
    const name = labelValue(set.labels, metricName)
    const le = labelValue(set.labels, 'le')
    const upper = parseBound(le)
    if (upper === null) {
      this.#ctx.annotations.warn(notes.badBucketLabel(le, name), this.#argStart)
      return
    }
    const number = this.#groups.groupOf(set)
    let group = this.#classic.get(number)
    if (group === undefined) {
      const labels = this.#groups.labelsOf(number)
      this.#classic.set(number, (group = { labels, name, dropName: this.#vector.dropName[s]!, members: [] }))
    }
    group.members.push({ series: s, upper })
  }

  #hasFloat(s: number): boolean {
    const { steps, values } = this.#vector
    for (let i = 0; i < steps; i++) {
      const cell = s * steps + i
      if (values[cell] !== ABSENT && histogramAt(this.#vector, cell) === null) return true
    }
    return false
  }

  /** One result series for each histogram. `relabel` changes the result's labels. */
  measure(builder: VectorBuilder, measure: Measure, relabel: (labels: Labels) => Labels): void {
    for (const group of this.#classic.values()) this.#measureClassic(builder, group, measure, relabel)
    if (this.#vector.histograms === null) return
    for (let s = 0; s < this.#vector.sets.length; s++) this.#measureNative(builder, s, measure, relabel)
  }

  #measureClassic(builder: VectorBuilder, group: ClassicGroup, measure: Measure, relabel: (labels: Labels) => Labels): void {
    const cell = builder.addSeries(this.#ctx.symbols.labelSet(relabel(group.labels)), group.dropName)
    for (let i = 0; i < builder.steps; i++) {
      const buckets = this.#bucketsAt(group, i)
      if (buckets.length === 0 || this.#nativeTwin(group, i)) continue
      builder.cells[cell + i] = measure.classic(buckets, i, group.name)
    }
    builder.dropIfEmpty(cell)
  }

  #bucketsAt(group: ClassicGroup, step: number): ClassicBucket[] {
    const { steps, values } = this.#vector
    const buckets: ClassicBucket[] = []
    for (const { series, upper } of group.members) {
      const cell = series * steps + step
      const count = values[cell]!
      if (count !== ABSENT && histogramAt(this.#vector, cell) === null) buckets.push({ upper, count })
    }
    return buckets
  }

  /** True when a native histogram has the same labels at this step: neither is then evaluated. */
  #nativeTwin(group: ClassicGroup, step: number): boolean {
    if (this.#vector.histograms === null) return false
    const { steps, sets } = this.#vector
    const twins = this.#native.get(this.#groups.find(sets[group.members[0]!.series]!)) ?? []
    return twins.some((s) => histogramAt(this.#vector, s * steps + step) !== null)
  }

  #measureNative(builder: VectorBuilder, s: number, measure: Measure, relabel: (labels: Labels) => Labels): void {
    const { sets, steps, dropName } = this.#vector
    const set: LabelSet = sets[s]!
    const name = labelValue(set.labels, metricName)
    const twin = this.#classic.get(this.#groups.find(set))
    const cell = builder.addSeries(this.#ctx.symbols.labelSet(relabel(set.labels)), dropName[s])
    for (let i = 0; i < steps; i++) {
      const histogram = histogramAt(this.#vector, s * steps + i)
      if (histogram === null) continue
      if (twin !== undefined && this.#bucketsAt(twin, i).length > 0) {
        this.#ctx.annotations.warn(notes.mixedClassicNative(name), this.#argStart)
      } else builder.cells[cell + i] = measure.native(histogram, i, name)
    }
    builder.dropIfEmpty(cell)
  }
}

function quantileMeasure(ctx: QueryContext, q: (step: number) => number, of: Expr): Measure {
  return {
    classic(buckets, step, name) {
      const { value, forced } = classicQuantile(q(step), buckets)
      if (forced) ctx.annotations.info(notes.forcedMonotonic(name), of.start)
      return value
    },
    native(histogram, step, name) {
      const { value, nan } = nativeQuantile(q(step), histogram)
      if (nan === 'nan') ctx.annotations.info(notes.quantileIsNan(name), of.start)
      else if (nan === 'skewed') ctx.annotations.info(notes.quantileIsSkewed(name), of.start)
      return value
    },
  }
}

function warnQuantiles(ctx: QueryContext, quantiles: Float64Array, at: Expr): void {
  for (const q of quantiles) if (!(q >= 0 && q <= 1)) ctx.annotations.warn(notes.quantileOutOfRange(q), at.start)
}

function argAt(node: Call, index: number): Expr {
  const arg = node.args[index]
  if (arg === undefined) throw new Error('a histogram function lost an argument')
  return arg
}

const same = (labels: Labels): Labels => labels

function histogramQuantile(ctx: QueryContext, node: Call, args: readonly Value[]): VectorValue {
  const quantiles = scalarAt(args, 0)
  const vector = vectorAt(args, 1)
  const of = argAt(node, 1)
  warnQuantiles(ctx, quantiles, argAt(node, 0))
  ctx.reserveCells(vector.values.length)
  const builder = new VectorBuilder(vector.steps, vector.sets.length)
  new HistogramVector(ctx, vector, of.start).measure(
    builder,
    quantileMeasure(ctx, (step) => quantiles[step]!, of),
    same,
  )
  return builder.build()
}

/** OpenMetrics wants a point or an exponent in every float. */
function formatOpenMetrics(value: number): string {
  const text = formatNumber(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Several quantiles at once, each with its value in a label. */
function histogramQuantiles(ctx: QueryContext, node: Call, args: readonly Value[]): VectorValue {
  const vector = vectorAt(args, 0)
  const label = args[1]?.type === 'string' ? args[1].value : ''
  const of = argAt(node, 0)
  if (label === '' || !isWellFormed(label)) throw executionError(`invalid label name ${JSON.stringify(label)} in histogram_quantiles()`)
  ctx.reserveCells(vector.values.length * (args.length - 2))
  const builder = new VectorBuilder(vector.steps, vector.sets.length * (args.length - 2))
  const histograms = new HistogramVector(ctx, vector, of.start)
  if (vector.sets.some((set) => labelValue(set.labels, label) !== '')) throw executionError(`label ${JSON.stringify(label)} already exists`)
  for (let a = 2; a < args.length; a++) {
    const quantiles = scalarAt(args, a)
    warnQuantiles(ctx, quantiles, argAt(node, a))
    // The label is constant where the quantile is; a changing one gives a series for each of its values.
    for (const q of new Set(quantiles)) {
      const relabel = (labels: Labels): Labels => withLabels(labels, new Map([[label, formatOpenMetrics(q)]]))
      const measure = quantileMeasure(ctx, (step) => quantiles[step]!, of)
      const only = (value: number, step: number): number => (Object.is(quantiles[step], q) ? value : ABSENT)
      histograms.measure(
        builder,
        {
          classic: (buckets, step, name) => only(measure.classic(buckets, step, name), step),
          native: (histogram, step, name) => only(measure.native(histogram, step, name), step),
        },
        relabel,
      )
    }
  }
  return builder.build()
}

function histogramFraction(ctx: QueryContext, node: Call, args: readonly Value[]): VectorValue {
  const lower = scalarAt(args, 0)
  const upper = scalarAt(args, 1)
  const vector = vectorAt(args, 2)
  const of = argAt(node, 2)
  const builder = new VectorBuilder(vector.steps, vector.sets.length)
  const measure: Measure = {
    classic: (buckets, step) => classicFraction(lower[step]!, upper[step]!, buckets),
    native(histogram, step, name) {
      if (Number.isNaN(histogram.sum)) ctx.annotations.info(notes.fractionHasNan(name), of.start)
      return nativeFraction(lower[step]!, upper[step]!, histogram)
    },
  }
  new HistogramVector(ctx, vector, of.start).measure(builder, measure, same)
  return builder.build()
}

export const histogramFunctions: ReadonlyMap<string, HistogramFunction> = new Map<string, HistogramFunction>([
  ['histogram_count', ofNative((histogram) => histogram.count)],
  ['histogram_sum', ofNative((histogram) => histogram.sum)],
  ['histogram_avg', ofNative((histogram) => histogram.sum / histogram.count)],
  ['histogram_stdvar', ofNative(nativeVariance)],
  ['histogram_stddev', ofNative((histogram) => Math.sqrt(nativeVariance(histogram)))],
  ['histogram_quantile', histogramQuantile],
  ['histogram_quantiles', histogramQuantiles],
  ['histogram_fraction', histogramFraction],
])
