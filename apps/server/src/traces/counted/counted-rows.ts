/** Calls by key and minute, and the same by hour, as additive rows. */
import { additiveInserts, type AdditiveRow, type AdditiveTable } from '../../signals/index.ts'
import { Calls } from './calls.ts'
import { KeyTable } from './key-table.ts'
import type { SegmentSpans } from './segment-spans.ts'

type TableInserts = ReturnType<typeof additiveInserts>

/** Keys are: tenant, words of the key in the table's order (`kindAt` is a number and no word), step, keep. */
export class CountedCalls {
  readonly #keys: KeyTable
  readonly #calls: Calls[] = []

  constructor(width: number) {
    this.#keys = new KeyTable(width + 3, 256)
  }

  has(key: Int32Array): boolean {
    return this.#keys.find(key) !== -1
  }

  add(key: Int32Array, spans: SegmentSpans, row: number): void {
    this.#at(key).add(spans, row)
  }

  /** `steps`: from the finest, whose numbers the keys have, to the coarsest. */
  inserts(
    tables: readonly { readonly stepSec: number; readonly table: AdditiveTable }[],
    spans: SegmentSpans,
    { marker, kindAt }: { marker: string; kindAt: number },
  ): TableInserts {
    const [finest] = tables
    return tables.flatMap(({ stepSec, table }) => {
      const counted = stepSec === finest?.stepSec ? this : this.#coarser(stepSec / (finest?.stepSec ?? stepSec), spans)
      return additiveInserts(table, counted.#rows(spans, kindAt), marker)
    })
  }

  #at(key: Int32Array): Calls {
    const number = this.#keys.add(key)
    return (this.#calls[number] ??= new Calls())
  }

  #coarser(factor: number, spans: SegmentSpans): CountedCalls {
    const { width } = this.#keys
    const out = new CountedCalls(width - 3)
    const key = new Int32Array(width)
    this.#calls.forEach((calls, number) => {
      for (let i = 0; i < width; i++) key[i] = this.#keys.part(number, i)
      key[width - 2] = Math.floor(key[width - 2]! / factor)
      out.#at(key).merge(calls, spans)
    })
    return out
  }

  #rows(spans: SegmentSpans, kindAt: number): AdditiveRow[] {
    const { width } = this.#keys
    return this.#calls.map((calls, number) => {
      const tenant = spans.tenants[this.#keys.part(number, 0)]!
      const values: AdditiveRow['values'][number][] = []
      for (let i = 1; i < width; i++) {
        const part = this.#keys.part(number, i)
        values.push(i - 1 === kindAt || i >= width - 2 ? part : (spans.words.texts[part] ?? ''))
      }
      return { organizationId: tenant.organizationId, projectId: tenant.projectId, values: [...values, ...calls.values(spans)] }
    })
  }
}
