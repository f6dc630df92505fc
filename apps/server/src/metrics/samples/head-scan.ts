/**
 * Reading of many series from the head, one at a time, without a copy of all: the evaluation pauses between series, so what the head
 * gives up meanwhile of series still to come is set aside just before, and the rest stays where it is. A series is seen as it is when its
 * turn comes. What all scans set aside has one bound; a scan that does not fit in fails.
 */
import { AppError } from '../../kernel/errors.ts'
import { tooManySamples } from '../errors.ts'
import type { Labels, SeriesRows, SeriesScan } from '../model.ts'
import type { Head } from './head.ts'
import { SampleColumns } from './sample-columns.ts'
import type { RowRange } from './statement.ts'

/** What a scan needs of the head. */
export type ScannedHead = Pick<Head, 'read' | 'countSamples' | 'coversFromMs' | 'guard' | 'scanBudget'>

export interface HeadScanOptions {
  readonly refs: Uint32Array
  readonly labels: readonly Labels[]
  readonly range: RowRange
  /** Samples that may be taken out of the head at once. */
  readonly samplesMax: number
}

/** What one eviction took, of series `from` on: rows of series `s` end at `ends[s - from]`. */
interface Layer {
  readonly from: number
  readonly ends: Uint32Array
  readonly columns: SampleColumns
  readonly sizeBytes: number
}

/** A time and a value; where a series ends. */
const sampleBytes = 16
const endBytes = 4

export class HeadScan implements SeriesScan {
  readonly keys: Uint32Array
  readonly labels: readonly Labels[]
  readonly coversFromMs: number
  readonly #head: ScannedHead
  readonly #range: RowRange
  readonly #samplesMax: number
  readonly #guard: Disposable
  readonly #columns = new SampleColumns()
  /** Series before this one were read. */
  #next = 0
  /** Oldest first: each holds times from where the one before ends. */
  #layers: Layer[] = []
  /** Times before this are in the layers, others in the head. */
  #liveFromMs: number
  #setAside = 0
  #failure: AppError | null = null

  constructor(head: ScannedHead, { refs, labels, range, samplesMax }: HeadScanOptions) {
    this.keys = refs
    this.labels = labels
    this.coversFromMs = head.coversFromMs
    this.#head = head
    this.#range = range
    this.#samplesMax = samplesMax
    // What the head does not cover is not promised.
    this.#liveFromMs = Math.max(range.fromMs, head.coversFromMs)
    this.#guard = head.guard((cutMs) => {
      if (cutMs > this.#liveFromMs && this.#liveFromMs <= this.#range.toMs) this.#setAsideBefore(cutMs)
    })
  }

  /** Errors: `query.too_many_samples` when what was given up meanwhile did not fit in. */
  read(series: number): SeriesRows {
    if (this.#failure !== null) throw this.#failure
    if (series < this.#next) throw new Error('a series was read again')
    const columns = this.#columns
    columns.count = 0
    for (const layer of this.#layers) addRows(layer, series, columns)
    this.#head.read(this.keys[series] ?? 0, this.#liveFromMs, this.#range.toMs, columns)
    this.#next = series + 1
    if (this.#next >= this.keys.length) this.#release()
    return { timesMs: columns.timesMs, values: columns.values, start: 0, end: columns.count }
  }

  [Symbol.dispose](): void {
    this.#guard[Symbol.dispose]()
    this.#release()
  }

  /** Runs inside an append: counts no further than what is free, and copies at most that. */
  #setAsideBefore(cutMs: number): void {
    if (this.#failure !== null || this.#next >= this.keys.length) return
    const { scanBudget } = this.#head
    const from = this.#next
    const fromMs = this.#liveFromMs
    const toMs = Math.min(cutMs - 1, this.#range.toMs)
    const ends = new Uint32Array(this.keys.length - from)
    const most = Math.min(this.#samplesMax - this.#setAside, (scanBudget.freeBytes - ends.length * endBytes) / sampleBytes)
    let count = 0
    for (let i = 0; i < ends.length && count <= most; i++) {
      count += this.#head.countSamples(this.keys[from + i] ?? 0, fromMs, toMs)
      ends[i] = count
    }
    const sizeBytes = count * sampleBytes + ends.length * endBytes
    if (count > most || !scanBudget.take(sizeBytes)) return this.#fail()
    const columns = new SampleColumns(count)
    for (let i = 0; i < ends.length; i++) this.#head.read(this.keys[from + i] ?? 0, fromMs, toMs, columns)
    this.#layers.push({ from, ends, columns, sizeBytes })
    this.#setAside += count
    this.#liveFromMs = cutMs
  }

  #fail(): void {
    this.#failure = new AppError(tooManySamples, { detail: 'memory gave up too many samples that the query had not come to' })
    this.#release()
  }

  #release(): void {
    for (const { sizeBytes } of this.#layers) this.#head.scanBudget.give(sizeBytes)
    this.#layers = []
  }
}

function addRows({ from, ends, columns }: Layer, series: number, out: SampleColumns): void {
  const at = series - from
  const start = at === 0 ? 0 : (ends[at - 1] ?? 0)
  const end = ends[at] ?? 0
  out.reserve(end - start)
  out.timesMs.set(columns.timesMs.subarray(start, end), out.count)
  out.values.set(columns.values.subarray(start, end), out.count)
  out.count += end - start
}
