/**
 * Reductions as columns: one accumulator per (group, step), fed a series' row at a time.
 * Sums are compensated, means fall back to incremental form on overflow, exactly as Prometheus does.
 */
import type { NativeHistogram } from '../../metrics/index.ts'
import { HistogramSum } from '../histograms/sum.ts'
import { ABSENT } from './values.ts'

type Histograms = readonly (NativeHistogram | null)[] | null

/** What a reduction met that the caller should be told. */
export type ColumnNote = 'ignored' | 'mixed' | 'schemas' | 'bounds' | 'resets'

export interface Columns {
  readonly notes: ReadonlySet<ColumnNote>
  /** Adds the floats of a row; histogram cells are left out. */
  addRow(values: Float64Array, from: number, to: number, steps: number, histograms: Histograms): void
  addHistogram(cell: number, histogram: NativeHistogram): void
  /** `ABSENT` where nothing was added. */
  result(cell: number): number | NativeHistogram
}

/** Aggregations that `columnsFor` computes. */
export const reductions: ReadonlySet<string> = new Set(['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'])

export function columnsFor(op: string, cells: number): Columns {
  switch (op) {
    case 'sum':
      return new SumColumns(cells, false)
    case 'avg':
      return new SumColumns(cells, true)
    case 'min':
      return new ExtremeColumns(cells, -1)
    case 'max':
      return new ExtremeColumns(cells, 1)
    case 'count':
      return new CountColumns(cells, false)
    case 'group':
      return new CountColumns(cells, true)
    case 'stddev':
      return new VarianceColumns(cells, true)
    case 'stdvar':
      return new VarianceColumns(cells, false)
    default:
      throw new Error(`no reduction for ${op}`)
  }
}

function skips(value: number, histograms: Histograms, at: number): boolean {
  return value === ABSENT || (histograms !== null && histograms[at] !== null)
}

class SumColumns implements Columns {
  readonly notes = new Set<ColumnNote>()
  readonly #average: boolean
  readonly #sum: Float64Array
  readonly #compensation: Float64Array
  readonly #count: Float64Array
  /** 1 where a mean had to become incremental. */
  readonly #incremental: Uint8Array
  readonly #histograms = new Map<number, HistogramSum | null>()

  constructor(cells: number, average: boolean) {
    this.#average = average
    this.#sum = new Float64Array(cells)
    this.#compensation = new Float64Array(cells)
    this.#count = new Float64Array(cells)
    this.#incremental = new Uint8Array(average ? cells : 0)
  }

  addRow(values: Float64Array, from: number, to: number, steps: number, histograms: Histograms): void {
    if (this.#average) meanKernel(values, from, to, steps, histograms, this.#sum, this.#compensation, this.#count, this.#incremental)
    else sumKernel(values, from, to, steps, histograms, this.#sum, this.#compensation, this.#count)
  }

  addHistogram(cell: number, histogram: NativeHistogram): void {
    let sum = this.#histograms.get(cell)
    if (sum === null) return
    if (sum === undefined) this.#histograms.set(cell, (sum = new HistogramSum()))
    if (!sum.add(histogram)) {
      this.notes.add('schemas')
      this.#histograms.set(cell, null)
    }
  }

  result(cell: number): number | NativeHistogram {
    const count = this.#count[cell]!
    const histograms = this.#histograms.get(cell)
    if (histograms !== undefined) {
      if (count > 0) this.notes.add('mixed')
      if (count > 0 || histograms === null) return ABSENT
      if (histograms.customBucketsReconciled) this.notes.add('bounds')
      if (histograms.counterResetConflict) this.notes.add('resets')
      return this.#average ? histograms.mean() : histograms.total()
    }
    if (count === 0) return ABSENT
    const sum = this.#sum[cell]!
    const compensation = this.#compensation[cell]!
    if (this.#average && this.#incremental[cell] === 0) return sum / count + compensation / count
    return sum + compensation
  }
}

function sumKernel(
  values: Float64Array,
  from: number,
  to: number,
  steps: number,
  histograms: Histograms,
  sums: Float64Array,
  compensations: Float64Array,
  counts: Float64Array,
): void {
  for (let i = 0; i < steps; i++) {
    const value = values[from + i]!
    if (skips(value, histograms, from + i)) continue
    const cell = to + i
    counts[cell]!++
    const sum = sums[cell]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) compensations[cell] = 0
    else if (Math.abs(sum) >= Math.abs(value)) compensations[cell]! += sum - total + value
    else compensations[cell]! += value - total + sum
    sums[cell] = total
  }
}

function meanKernel(
  values: Float64Array,
  from: number,
  to: number,
  steps: number,
  histograms: Histograms,
  sums: Float64Array,
  compensations: Float64Array,
  counts: Float64Array,
  incremental: Uint8Array,
): void {
  for (let i = 0; i < steps; i++) {
    const value = values[from + i]!
    if (skips(value, histograms, from + i)) continue
    const cell = to + i
    const count = ++counts[cell]!
    let sum = sums[cell]!
    let compensation = compensations[cell]!
    let term = value
    if (count > 1 && incremental[cell] === 0 && Math.abs(sum + value) === Infinity) {
      incremental[cell] = 1
      sum /= count - 1
      compensation /= count - 1
    }
    if (incremental[cell] === 1) {
      if (Math.abs(sum) === Infinity && (value === sum || Number.isFinite(value))) {
        sums[cell] = sum
        compensations[cell] = compensation
        continue
      }
      const share = (count - 1) / count
      sum *= share
      compensation *= share
      term = value / count
    }
    const total = sum + term
    if (total === Infinity || total === -Infinity) compensation = 0
    else if (Math.abs(sum) >= Math.abs(term)) compensation += sum - total + term
    else compensation += term - total + sum
    sums[cell] = total
    compensations[cell] = compensation
  }
}

class ExtremeColumns implements Columns {
  readonly notes = new Set<ColumnNote>()
  readonly #sign: number
  readonly #best: Float64Array

  constructor(cells: number, sign: 1 | -1) {
    this.#sign = sign
    this.#best = new Float64Array(cells).fill(ABSENT)
  }

  addRow(values: Float64Array, from: number, to: number, steps: number, histograms: Histograms): void {
    const best = this.#best
    const sign = this.#sign
    for (let i = 0; i < steps; i++) {
      const value = values[from + i]!
      if (skips(value, histograms, from + i)) continue
      const current = best[to + i]!
      if (current === ABSENT || value * sign > current * sign || Number.isNaN(current)) best[to + i] = value
    }
  }

  addHistogram(): void {
    this.notes.add('ignored')
  }

  result(cell: number): number {
    return this.#best[cell]!
  }
}

class CountColumns implements Columns {
  readonly notes = new Set<ColumnNote>()
  readonly #count: Float64Array
  readonly #asGroup: boolean

  constructor(cells: number, asGroup: boolean) {
    this.#count = new Float64Array(cells)
    this.#asGroup = asGroup
  }

  addRow(values: Float64Array, from: number, to: number, steps: number): void {
    for (let i = 0; i < steps; i++) if (values[from + i] !== ABSENT) this.#count[to + i]!++
  }

  /** Histograms were counted with the row: their cells are present. */
  addHistogram(): void {}

  result(cell: number): number {
    const count = this.#count[cell]!
    return count === 0 ? ABSENT : this.#asGroup ? 1 : count
  }
}

/** Welford's method; an infinite or NaN first value makes the variance NaN. */
class VarianceColumns implements Columns {
  readonly notes = new Set<ColumnNote>()
  readonly #root: boolean
  readonly #count: Float64Array
  readonly #mean: Float64Array
  readonly #squares: Float64Array

  constructor(cells: number, root: boolean) {
    this.#root = root
    this.#count = new Float64Array(cells)
    this.#mean = new Float64Array(cells)
    this.#squares = new Float64Array(cells)
  }

  addRow(values: Float64Array, from: number, to: number, steps: number, histograms: Histograms): void {
    for (let i = 0; i < steps; i++) {
      const value = values[from + i]!
      if (skips(value, histograms, from + i)) continue
      const cell = to + i
      const count = ++this.#count[cell]!
      if (count === 1) {
        this.#mean[cell] = value
        this.#squares[cell] = Number.isFinite(value) ? 0 : NaN
        continue
      }
      const delta = value - this.#mean[cell]!
      this.#mean[cell]! += delta / count
      this.#squares[cell]! += delta * (value - this.#mean[cell]!)
    }
  }

  addHistogram(): void {
    this.notes.add('ignored')
  }

  result(cell: number): number {
    const count = this.#count[cell]!
    if (count === 0) return ABSENT
    const variance = this.#squares[cell]! / count
    return this.#root ? Math.sqrt(variance) : variance
  }
}
