/**
 * Which texts of a column may hold what the finder (text-finder.ts) looks for. A WebAssembly kernel walks all of them at once and names places;
 * only texts with such a place need the finder. The words of the kernel are the finder's own: names of secrets, and what tokens begin with.
 */
import { type TextColumn, TextWindow, type WindowKernel } from '../signals/index.ts'
import { secretNameEndings } from './names.ts'
import { tokenPrefixes } from './shapes.ts'

interface Exports extends WindowKernel {
  layOut(pairs: number, kinds: number, names: number, nameCount: number, prefixes: number, prefixCount: number): void
  next(at: number, end: number): number
}

/** The layout of the kernel's tables, see its source. */
const pairsAt = 64
const kindsAt = pairsAt + 1024
const namesAt = kindsAt + 256
const wordBytes = 24
const wordLettersMax = 8
const prefixesAt = namesAt + secretNameEndings.length * wordBytes
const tablesEnd = prefixesAt + tokenPrefixes.length * wordBytes

const isToken = 1
const isBetween = 2

export class PlaceScan {
  readonly #window = new TextWindow<Exports>('secret-places', tablesEnd)
  /** Rows found by the last `suspects`, ascending; those behind `count` mean nothing. */
  rows = new Uint32Array(1024)
  count = 0

  constructor() {
    const { bytes, exports } = this.#window
    for (const name of secretNameEndings) {
      const [a, b] = [name.charCodeAt(name.length - 2), name.charCodeAt(name.length - 1)]
      bytes[pairsAt + ((a & 31) << 5) + (b & 31)] = 1
    }
    for (let byte = 0; byte < 128; byte++) {
      const char = String.fromCharCode(byte)
      bytes[kindsAt + byte] = /[\w-]/.test(char) ? isToken : /["'\\ ]/.test(char) ? isBetween : 0
    }
    secretNameEndings.forEach((text, i) => putWord(bytes, namesAt + i * wordBytes, { text, restMin: 0 }))
    tokenPrefixes.forEach((prefix, i) => putWord(bytes, prefixesAt + i * wordBytes, prefix))
    exports.layOut(pairsAt, kindsAt, namesAt, secretNameEndings.length, prefixesAt, tokenPrefixes.length)
  }

  /** Leaves the rows of the texts that may hold something in `rows`. */
  suspects(column: TextColumn): void {
    this.count = 0
    for (let first = 0; first < column.rows;) {
      const last = this.#window.hold(column, first)
      if (last === first) this.#add(first++)
      else {
        this.#within(column, first, last)
        first = last
      }
    }
  }

  /** Leaves all rows in `rows`. */
  all(column: TextColumn): void {
    this.count = 0
    for (let row = 0; row < column.rows; row++) this.#add(row)
  }

  /** After a place in a text, the rest of that text is passed over. */
  #within(column: TextColumn, first: number, last: number): void {
    const { exports, at, end, origin } = this.#window
    let row = first
    for (let place = exports.next(at, end); place < end;) {
      const inColumn = place - at + origin
      while (row < last && column.end(row) <= inColumn) row++
      if (column.start(row) > inColumn) {
        // One of the bytes that say how long a text is.
        place = exports.next(place + 1, end)
        continue
      }
      this.#add(row)
      place = exports.next(column.end(row) - origin + at, end)
    }
  }

  #add(row: number): void {
    if (this.count === this.rows.length) {
      const more = new Uint32Array(this.count * 2)
      more.set(this.rows)
      this.rows = more
    }
    this.rows[this.count++] = row
  }
}

/** The end of a word as the kernel compares it. */
function putWord(bytes: Uint8Array, at: number, { text, restMin }: { readonly text: string; readonly restMin: number }): void {
  const size = Math.min(text.length, wordLettersMax)
  for (let i = 1; i <= size; i++) {
    bytes[at + wordLettersMax - i] = text.charCodeAt(text.length - i)
    bytes[at + 2 * wordLettersMax - i] = 0xff
  }
  new DataView(bytes.buffer).setUint32(at + 2 * wordLettersMax, restMin, true)
}
