/**
 * Series of one statement that are not in the index: they left it, and their buckets are still to be made. What their rows need to be told
 * apart is read along with the samples, which costs half as many bytes again, so only for them.
 */
import type { NativeBlock } from '../../engines/index.ts'
import { IdTable } from '../series/id-table.ts'
import type { RowKey } from './row-columns.ts'

/** Columns that go with `sampleSql` for these series. */
export const ownerSql = 'org, project, metric'

export class LocalSeries {
  readonly #ids = new IdTable()
  readonly #keys: RowKey[] = []

  /** Number of the series noted. */
  get count(): number {
    return this.#keys.length
  }

  readonly note = (low: number, high: number): void => {
    if (this.#ids.find(low, high) !== -1) return
    this.#ids.add(this.#keys.length, low, high)
    this.#keys.push({ org: 0, project: 0, metric: 0, low, high })
  }

  /** Learns of a block of `sampleSql` and `ownerSql` whose the noted series are. */
  learn({ rows, columns }: NativeBlock): void {
    const [series, , , org, project, metric] = columns
    if (series?.kind !== 'w64' || org?.kind !== 'u32' || project?.kind !== 'u32' || metric?.kind !== 'u32')
      throw new Error('unexpected columns of samples')
    let low = -1
    let high = -1
    for (let row = 0; row < rows; row++) {
      if (series.data[row * 2] === low && series.data[row * 2 + 1] === high) continue
      low = series.data[row * 2]!
      high = series.data[row * 2 + 1]!
      const key = this.#keys[this.#ids.find(low, high)]
      if (key === undefined) continue
      key.org = org.data[row]!
      key.project = project.data[row]!
      key.metric = metric.data[row]!
    }
  }

  /** As of the index. */
  findId(low: number, high: number): number {
    return this.#ids.find(low, high)
  }

  metricHash(ref: number): number {
    return this.#keys[ref]!.metric
  }

  keyOf(ref: number): RowKey {
    return this.#keys[ref]!
  }
}
