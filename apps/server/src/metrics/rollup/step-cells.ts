/** Values that the engine computed of single buckets, put where they belong: series `s` at step `i` at `s * steps + i`. */
import type { NativeBlock } from '../../engines/index.ts'
import type { SelectedIds } from '../series/selected-ids.ts'

export class StepCells {
  /** A row came with one of these flags: the samples must be read. */
  isOdd = false
  /** A cell came twice: its bucket was made again, and the engine has to leave the older row out. */
  hasTwice = false
  readonly #values: Float64Array
  readonly #seen: Uint8Array
  readonly #steps: number
  readonly #oddFlags: number

  constructor(values: Float64Array, steps: number, oddFlags: number) {
    this.#values = values
    this.#seen = new Uint8Array(values.length)
    this.#steps = steps
    this.#oddFlags = oddFlags
  }

  /** Adds rows of series, step, flags and value. Sketch: 1.7 M rows x 21 bytes, 5 ns a row. */
  add({ rows, columns }: NativeBlock, selected: SelectedIds): void {
    const [series, step, flags, value] = columns
    if (series?.kind !== 'w64' || step?.kind !== 'u32' || flags?.kind !== 'u8' || value?.kind !== 'f64')
      throw new Error('unexpected columns of rollups')
    const ids = series.data
    let low = -1
    let high = -1
    let start = -1
    for (let row = 0; row < rows; row++) {
      if (ids[row * 2] !== low || ids[row * 2 + 1] !== high) {
        low = ids[row * 2]!
        high = ids[row * 2 + 1]!
        const position = selected.position(low, high)
        start = position === -1 ? -1 : position * this.#steps
      }
      if (start === -1) continue
      const cell = start + step.data[row]!
      if (this.#seen[cell] !== 0) this.hasTwice = true
      if ((flags.data[row]! & this.#oddFlags) !== 0) this.isOdd = true
      this.#seen[cell] = 1
      this.#values[cell] = value.data[row]!
    }
  }
}
