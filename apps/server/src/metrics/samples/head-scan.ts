/**
 * Reading of many series from the head, one at a time, without a copy of all: the evaluation pauses between series, so what the head
 * gives up meanwhile is taken out just before. A series is seen as it is when its turn comes.
 */
import { AppError } from '../../kernel/errors.ts'
import { tooManySamples } from '../errors.ts'
import type { Labels, SeriesRows, SeriesScan } from '../model.ts'
import type { Head } from './head.ts'
import { SampleColumns } from './sample-columns.ts'
import type { RowRange } from './statement.ts'

/** What a scan needs of the head. */
export type ScannedHead = Pick<Head, 'read' | 'coversFromMs' | 'guard'>

export interface HeadScanOptions {
  readonly refs: Uint32Array
  readonly labels: readonly Labels[]
  readonly range: RowRange
  /** Samples that may be taken out of the head at once. */
  readonly samplesMax: number
}

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
  /** From `#keptFrom` on: rows of series `s` end at `#keptEnds[s - #keptFrom]` of `#kept`. */
  #kept: SampleColumns | null = null
  #keptFrom = 0
  #keptEnds: number[] = []

  constructor(head: ScannedHead, { refs, labels, range, samplesMax }: HeadScanOptions) {
    this.keys = refs
    this.labels = labels
    this.coversFromMs = head.coversFromMs
    this.#head = head
    this.#range = range
    this.#samplesMax = samplesMax
    this.#guard = head.guard((cutMs) => {
      if (cutMs > this.#range.fromMs) this.#keepRest()
    })
  }

  read(series: number): SeriesRows {
    if (this.#kept !== null) return this.#readKept(this.#kept, series)
    const columns = this.#columns
    columns.count = 0
    this.#head.read(this.keys[series] ?? 0, this.#range.fromMs, this.#range.toMs, columns)
    this.#next = series + 1
    return { timesMs: columns.timesMs, values: columns.values, start: 0, end: columns.count }
  }

  [Symbol.dispose](): void {
    this.#guard[Symbol.dispose]()
  }

  #readKept({ timesMs, values, count }: SampleColumns, series: number): SeriesRows {
    const at = series - this.#keptFrom
    if (at < 0) throw new Error('a series was read again')
    if (count > this.#samplesMax) throw new AppError(tooManySamples, { detail: `more than ${this.#samplesMax} taken out of memory` })
    return { timesMs, values, start: at === 0 ? 0 : (this.#keptEnds[at - 1] ?? 0), end: this.#keptEnds[at] ?? 0 }
  }

  #keepRest(): void {
    if (this.#kept !== null) return
    const kept = new SampleColumns()
    this.#keptFrom = this.#next
    for (let series = this.#next; series < this.keys.length && kept.count <= this.#samplesMax; series++) {
      this.#head.read(this.keys[series] ?? 0, this.#range.fromMs, this.#range.toMs, kept)
      this.#keptEnds.push(kept.count)
    }
    this.#kept = kept
  }
}
