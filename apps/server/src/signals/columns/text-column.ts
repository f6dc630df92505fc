/** A column of texts that seldom repeat: length and bytes one after the other, as the engine reads a `String` column. */
import { GrowingBytes, varintSize } from './bytes.ts'

const decoder = new TextDecoder()

export class TextColumn {
  readonly data = new GrowingBytes(4096)
  /** Where each row's bytes begin (behind their length) and end. */
  #starts = new Uint32Array(64)
  #ends = new Uint32Array(64)
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  push(source: Uint8Array, start = 0, end = source.length): void {
    this.data.pushText(source, start, end)
    this.#added(end - start)
  }

  pushString(text: string): void {
    const before = this.data.length
    this.data.pushString(text)
    const size = this.data.length - before
    // The prefix grows with what it counts: the longest that fits both.
    let prefix = 1
    while (prefix < 5 && varintSize(size - prefix) !== prefix) prefix++
    this.#added(size - prefix)
  }

  pushEmpty(): void {
    this.data.pushByte(0)
    this.#added(0)
  }

  /** Adds rows that are bytes already: each one's length and text. `starts` and `ends` are the places of the texts in `data` behind what is there. */
  pushRows(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): void {
    const rows = this.#rows + starts.length
    if (rows > this.#starts.length) {
      this.#starts = grown(this.#starts, rows)
      this.#ends = grown(this.#ends, rows)
    }
    this.data.pushBytes(bytes)
    this.#starts.set(starts, this.#rows)
    this.#ends.set(ends, this.#rows)
    this.#rows = rows
  }

  pushEmpties(rows: number): void {
    for (let i = 0; i < rows; i++) this.pushEmpty()
  }

  /** Leaves the first `rows`. */
  truncate(rows: number): void {
    if (rows >= this.#rows) return
    this.#rows = rows
    this.data.length = rows === 0 ? 0 : this.#ends[rows - 1]!
  }

  clear(): void {
    this.#rows = 0
    this.data.clear()
    if (this.#starts.length > 65_536) {
      this.#starts = new Uint32Array(64)
      this.#ends = new Uint32Array(64)
    }
  }

  start(row: number): number {
    return this.#starts[row]!
  }

  end(row: number): number {
    return this.#ends[row]!
  }

  /** The row's bytes, as a view. */
  bytes(row: number): Uint8Array {
    return this.data.bytes.subarray(this.#starts[row], this.#ends[row])
  }

  /** Broken UTF-8 reads as U+FFFD. */
  text(row: number): string {
    return decoder.decode(this.bytes(row))
  }

  /** Puts other texts in place of some rows': `replaced` gives them by row. All others stay. */
  replace(replaced: ReadonlyMap<number, Uint8Array>): void {
    if (replaced.size === 0) return
    const old = this.data.bytes.slice(0, this.data.length)
    const [starts, ends, rows] = [this.#starts.slice(0, this.#rows), this.#ends.slice(0, this.#rows), this.#rows]
    this.data.length = 0
    this.#rows = 0
    for (let row = 0; row < rows; row++) {
      const other = replaced.get(row)
      if (other === undefined) this.push(old, starts[row], ends[row])
      else this.push(other)
    }
  }

  #added(size: number): void {
    if (this.#rows === this.#starts.length) {
      this.#starts = grown(this.#starts, this.#rows + 1)
      this.#ends = grown(this.#ends, this.#rows + 1)
    }
    this.#starts[this.#rows] = this.data.length - size
    this.#ends[this.#rows++] = this.data.length
  }
}

function grown(numbers: Uint32Array, rows: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(Math.max(rows, numbers.length * 2))
  more.set(numbers)
  return more
}
