/**
 * The shapes of messages, 64 bits each: hashes of their first lines with numbers, ids, addresses and times taken out. Messages of one shape
 * are one pattern without another look. A WebAssembly kernel (`apps/server/kernels/message-shapes.ts`) makes them, a window of texts at a time.
 */
import { randomFillSync } from 'node:crypto'
import { type TextColumn, TextWindow, type WindowKernel } from '../../../signals/index.ts'
import { patternBytesMax } from './limits.ts'

interface Exports extends WindowKernel {
  shapes(at: number, rows: number, out: number, seed: bigint): void
}

/** Texts of one call. */
const rowsMax = 4096
/** Behind the kernel's own bits. */
const shapesAt = 256

export class ShapeKernel {
  readonly #window = new TextWindow<Exports>('message-shapes', shapesAt + rowsMax * 8)
  /** So that no sender can choose messages that look alike. */
  readonly #seed = randomFillSync(new BigUint64Array(1))[0] ?? 1n
  /** Low and high half of each row's. */
  readonly #shapes = new Uint32Array(this.#window.exports.memory.buffer, shapesAt, rowsMax * 2)

  /** Of the row `i` of those read last. */
  low(i: number): number {
    return this.#shapes[i * 2]!
  }

  high(i: number): number {
    return this.#shapes[i * 2 + 1]!
  }

  /** Reads shapes of texts, from the row `first` on; gives the row behind the last. */
  read(column: TextColumn, first: number): number {
    const { exports, at, bytes } = this.#window
    const last = Math.min(this.#window.hold(column, first), first + rowsMax)
    if (last > first) {
      exports.shapes(at, last - first, shapesAt, this.#seed)
      return last
    }
    // Of a text that is too long, what counts.
    const text = column.bytes(first)
    let start = 0
    while (start < text.length && text[start]! <= 0x20) start++
    const size = Math.min(text.length - start, patternBytesMax)
    bytes[at] = (size & 0x7f) | 0x80
    bytes[at + 1] = size >> 7
    bytes.set(text.subarray(start, start + size), at + 2)
    exports.shapes(at, 1, shapesAt, this.#seed)
    return first + 1
  }
}
