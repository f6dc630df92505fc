/**
 * Values between operators: every step of a query at once, as columns.
 *
 * Presence is a sentinel, not a bitmap: `ABSENT` is the finite number nobody measures (the same as `STALE`, so a stale sample is an
 * absent point without a pass over the data). One array then carries value and presence, a kernel needs one compare on a number it
 * has loaded anyway, and NaN stays an ordinary value. V8 may change a NaN's payload, so a NaN could not serve.
 */
import { STALE, type NativeHistogram } from '../../metrics/index.ts'
import { executionError } from '../errors.ts'
import { LabelGroups, wholeKey, type LabelSet, type SymbolTable } from './label-sets.ts'

/** Marks a step without a value. */
export const ABSENT: number = STALE

/** Evaluation times `startMs + i * stepMs`. */
export interface Grid {
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
}

export interface ScalarValue {
  readonly type: 'scalar'
  /** length `steps` */
  readonly values: Float64Array
}

export interface StringValue {
  readonly type: 'string'
  readonly value: string
}

/** Cell of series `s` at step `i`: index `s * steps + i`. */
export interface VectorValue {
  readonly type: 'vector'
  readonly steps: number
  readonly sets: readonly LabelSet[]
  /** 1 where the metric name is to be dropped at the end (delayed name removal); all 0 otherwise. */
  readonly dropName: Uint8Array
  /** `ABSENT` possible. A histogram's cell holds NaN. */
  readonly values: Float64Array
  /** Row-aligned with `values`, null when no cell is a histogram. */
  readonly histograms: readonly (NativeHistogram | null)[] | null
}

export type Value = ScalarValue | StringValue | VectorValue

/** A vector under construction: series are appended, cells written by index. */
export class VectorBuilder {
  readonly steps: number
  readonly sets: LabelSet[] = []
  #values: Float64Array
  #histograms: (NativeHistogram | null)[] | null = null
  #dropName: Uint8Array

  constructor(steps: number, seriesHint: number) {
    this.steps = steps
    this.#values = new Float64Array(Math.max(1, seriesHint) * steps).fill(ABSENT)
    this.#dropName = new Uint8Array(Math.max(1, seriesHint))
  }

  /** Appends an empty series; gives the index of its first cell. */
  addSeries(set: LabelSet, dropName = 0): number {
    const series = this.sets.length
    if (series === this.#dropName.length) this.#grow()
    this.sets.push(set)
    this.#dropName[series] = dropName
    return series * this.steps
  }

  /** The cells; valid until the next `addSeries`. */
  get cells(): Float64Array {
    return this.#values
  }

  setHistogram(cell: number, histogram: NativeHistogram): void {
    this.#histograms ??= Array.from({ length: this.#values.length }, () => null)
    while (this.#histograms.length <= cell) this.#histograms.push(null)
    this.#histograms[cell] = histogram
    this.#values[cell] = NaN
  }

  /** Takes back the last series when it has no point. */
  dropIfEmpty(firstCell: number): void {
    for (let i = 0; i < this.steps; i++) if (this.#values[firstCell + i] !== ABSENT) return
    this.sets.pop()
  }

  build(): VectorValue {
    const cells = this.sets.length * this.steps
    const histograms = this.#histograms
    if (histograms !== null) {
      histograms.length = Math.min(histograms.length, cells)
      while (histograms.length < cells) histograms.push(null)
    }
    return {
      type: 'vector',
      steps: this.steps,
      sets: this.sets,
      dropName: this.#dropName.subarray(0, this.sets.length),
      values: this.#values.subarray(0, cells),
      histograms,
    }
  }

  #grow(): void {
    const values = new Float64Array(this.#values.length * 2).fill(ABSENT)
    values.set(this.#values)
    this.#values = values
    const dropName = new Uint8Array(this.#dropName.length * 2)
    dropName.set(this.#dropName)
    this.#dropName = dropName
  }
}

export function emptyVector(steps: number): VectorValue {
  return { type: 'vector', steps, sets: [], dropName: new Uint8Array(0), values: new Float64Array(0), histograms: null }
}

/** The same cells under other labels; series that now share labels become one. */
export function relabeled(vector: VectorValue, sets: readonly LabelSet[], dropName: Uint8Array, symbols: SymbolTable): VectorValue {
  return mergeSameLabels({ ...vector, sets, dropName }, symbols)
}

/** The vector with metric names removed at once. Series of one metric stay different without their name. */
export function namesDropped(vector: VectorValue, symbols: SymbolTable): VectorValue {
  const sets = vector.sets.map((set) => set.nameless)
  const first = vector.sets[0]?.namedBy ?? -1
  if (first !== -2 && vector.sets.every((set) => set.namedBy === first)) return { ...vector, sets, dropName: new Uint8Array(sets.length) }
  return relabeled(vector, sets, new Uint8Array(sets.length), symbols)
}

/** Carries out delayed name removal. */
export function pendingNamesDropped(vector: VectorValue, symbols: SymbolTable): VectorValue {
  if (!vector.dropName.includes(1)) return vector
  const sets = vector.sets.map((set, i) => (vector.dropName[i] === 1 ? set.nameless : set))
  return relabeled(vector, sets, new Uint8Array(sets.length), symbols)
}

const sameLabelset = 'vector cannot contain metrics with the same labelset'

/**
 * Joins series with equal labels. Throws `promql.execution` when two have a value at the same step, as Prometheus does.
 * Fast path: nothing equal, the vector itself is given back.
 */
export function mergeSameLabels(vector: VectorValue, symbols: SymbolTable, message: string = sameLabelset): VectorValue {
  const groups = new LabelGroups(symbols, wholeKey)
  const target = new Int32Array(vector.sets.length)
  for (let s = 0; s < vector.sets.length; s++) target[s] = groups.groupOf(vector.sets[s]!)
  if (groups.size === vector.sets.length) return vector
  const { steps } = vector
  const builder = new VectorBuilder(steps, groups.size)
  const dropName = new Uint8Array(groups.size)
  for (let s = 0; s < vector.sets.length; s++) {
    const group = target[s]!
    dropName[group] = dropName[group]! | vector.dropName[s]!
    if (group === builder.sets.length) builder.addSeries(vector.sets[s]!)
    const { cells } = builder
    for (let i = 0; i < steps; i++) {
      const value = vector.values[s * steps + i]!
      if (value === ABSENT) continue
      const cell = group * steps + i
      if (cells[cell] !== ABSENT) throw executionError(message)
      const histogram = vector.histograms?.[s * steps + i] ?? null
      if (histogram === null) cells[cell] = value
      else builder.setHistogram(cell, histogram)
    }
  }
  return { ...builder.build(), dropName }
}

/** A one-step value repeated over `steps` steps (of a step-invariant expression). */
export function broadcast(value: Value, steps: number): Value {
  if (value.type === 'string') return value
  if (value.type === 'scalar') return { type: 'scalar', values: new Float64Array(steps).fill(value.values[0] ?? NaN) }
  const values = new Float64Array(value.sets.length * steps)
  for (let s = 0; s < value.sets.length; s++) values.fill(value.values[s]!, s * steps, (s + 1) * steps)
  let histograms: (NativeHistogram | null)[] | null = null
  if (value.histograms !== null) {
    histograms = Array.from({ length: values.length }, () => null)
    for (let s = 0; s < value.sets.length; s++) histograms.fill(value.histograms[s] ?? null, s * steps, (s + 1) * steps)
  }
  return { ...value, steps, values, histograms }
}
