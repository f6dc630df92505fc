/**
 * A column of names and values: `Map(LowCardinality(String), String)`. Names are words, values texts, both over all rows. There is a bound on
 * the names; pairs of others (word 0, as those of the empty name) are left out, counted.
 */
import { attributeNamesMax } from '../limits.ts'
import { TextColumn } from './text-column.ts'
import { WordColumn } from './word-column.ts'

export class PairsColumn {
  readonly keys = new WordColumn(attributeNamesMax)
  readonly values = new TextColumn()
  /** Pairs that were not taken, of complete rows. */
  leftOut = 0
  /** The same of the row that is being made. */
  #openLeftOut = 0
  /** Pairs up to and with each row. */
  #ends = new Uint32Array(64)
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  /** Pairs of the row that is being made. */
  get openPairs(): number {
    return this.keys.rows - (this.#rows === 0 ? 0 : this.#ends[this.#rows - 1]!)
  }

  /** Pairs that were not taken of the row that is being made. */
  get openLeftOut(): number {
    return this.#openLeftOut
  }

  /** Adds a pair to the row that is being made. */
  pair(key: string, value: string): void {
    this.pairWord(this.keys.words.internString(key), value)
  }

  /** The same with a word of `keys.words`. */
  pairWord(word: number, value: string): void {
    if (word === 0) {
      this.#openLeftOut++
      return
    }
    this.keys.pushWord(word)
    this.values.pushString(value)
  }

  pairBytes(word: number, source: Uint8Array, start = 0, end = source.length): void {
    if (word === 0) {
      this.#openLeftOut++
      return
    }
    this.keys.pushWord(word)
    this.values.push(source, start, end)
  }

  /** The row is complete. */
  endRow(): void {
    if (this.#rows === this.#ends.length) this.#reserve(this.#rows + 1)
    this.#ends[this.#rows++] = this.keys.rows
    this.leftOut += this.#openLeftOut
    this.#openLeftOut = 0
  }

  /** Adds rows whose pairs are in `keys` and `values` already: for each the number of pairs up to and with it, over all rows. */
  endRows(ends: Uint32Array): void {
    const rows = this.#rows + ends.length
    this.#reserve(rows)
    this.#ends.set(ends, this.#rows)
    this.#rows = rows
  }

  first(row: number): number {
    return row === 0 ? 0 : this.#ends[row - 1]!
  }

  /** Behind the last. */
  last(row: number): number {
    return this.#ends[row]!
  }

  /** The value of a name in a row: the index in `values`, -1 when there is none. */
  find(row: number, word: number): number {
    const last = this.#ends[row]!
    for (let at = this.first(row); at < last; at++) if (this.keys.word(at) === word) return at
    return -1
  }

  /** Leaves the first `rows`, and none of an open one. */
  truncate(rows: number): void {
    const pairs = rows === 0 ? 0 : this.#ends[rows - 1]!
    this.#rows = rows
    this.truncateOpen(pairs, 0)
  }

  /** Leaves the first `pairs`, and the row that is being made as it was when it had them and `leftOut` were not taken of it. */
  truncateOpen(pairs: number, leftOut: number): void {
    this.keys.truncate(pairs)
    this.values.truncate(pairs)
    this.#openLeftOut = leftOut
  }

  clear(): void {
    this.#rows = 0
    this.leftOut = this.#openLeftOut = 0
    this.keys.clear()
    this.values.clear()
    if (this.#ends.length > 65_536) this.#ends = new Uint32Array(64)
  }

  #reserve(rows: number): void {
    if (rows <= this.#ends.length) return
    const more = new Uint32Array(Math.max(rows, this.#ends.length * 2))
    more.set(this.#ends)
    this.#ends = more
  }
}
