/**
 * Columns of inserts that are used again: half a million samples take 24 MB of them, and fresh arrays of that size for every segment make
 * the garbage collector search the whole heap each time.
 */
import { rowsPerInsertMax } from './key-columns.ts'
import { SampleColumns } from './sorted-samples.ts'

/** Sets kept for the next segments: one for each lane that is inserted at a time is enough. */
const freeMax = 2
/** Rows of the smallest set; a set grows by doubling. */
const firstRows = 65_536

export class ColumnPool {
  readonly #free: SampleColumns[] = []

  /** Columns for at least `rows` rows, holding whatever they held before. */
  take(rows: number): SampleColumns {
    const at = this.#free.findIndex((columns) => columns.f.length >= rows)
    const found = at === -1 ? this.#free.pop() : this.#free.splice(at, 1)[0]
    if (found !== undefined && found.f.length >= rows) return found
    let size = firstRows
    while (size < rows) size *= 2
    return new SampleColumns(Math.min(size, Math.max(rowsPerInsertMax, rows)))
  }

  /** Nobody reads the columns any more. */
  give(columns: SampleColumns): void {
    if (this.#free.length < freeMax) this.#free.push(columns)
  }
}
