/** Texts of a column in the memory of a WebAssembly kernel, as they lie in the column: as many at a time as have room. */
import { loadKernel } from '../kernel/webassembly.ts'
import type { TextColumn } from './columns/text-column.ts'

/** Small enough for the nearest caches; a text that is longer is for its caller to look at. */
export const windowBytes = 262_144
/** Kernels read that far before and behind the texts, and may find anything there. */
const slackBytes = 64

export interface WindowKernel {
  readonly memory: WebAssembly.Memory
}

export class TextWindow<Exports extends WindowKernel> {
  readonly exports: Exports
  /** All of the kernel's memory; stays where it is. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where the texts are in the memory. */
  readonly at: number
  end: number
  /** What is at `at` is there in the column. */
  origin = 0

  /** `tablesEnd`: up to there the memory is the caller's. */
  constructor(kernel: string, tablesEnd: number) {
    this.at = this.end = ((tablesEnd + 15) & ~15) + slackBytes
    this.exports = loadKernel<Exports>(kernel, this.at + windowBytes + slackBytes)
    this.bytes = new Uint8Array(this.exports.memory.buffer)
  }

  /** Takes texts with their lengths, from the row `first` on; gives the row behind the last, which is `first` when that text is too long. */
  hold(column: TextColumn, first: number): number {
    this.origin = first === 0 ? 0 : column.end(first - 1)
    let [low, high] = [first, column.rows]
    while (low < high) {
      const middle = (low + high) >> 1
      if (column.end(middle) - this.origin <= windowBytes) low = middle + 1
      else high = middle
    }
    const size = low === first ? 0 : column.end(low - 1) - this.origin
    this.end = this.at + size
    this.bytes.set(column.data.bytes.subarray(this.origin, this.origin + size), this.at)
    return low
  }
}
