/** The label pairs of each series: runs of numbers in one array. The run of a series that is gone is used again for one of the same length. */
import { grownU32 } from './growable.ts'

export class PairRuns {
  #pairs = new Uint32Array(1024)
  #used = 0
  #kept = 0
  /** By ref. */
  #start = new Uint32Array(1024)
  #end = new Uint32Array(1024)
  /** By length: start of the first free run plus 1, chained through the runs' first numbers. */
  #free = new Uint32Array(32)

  /** Numbers in all runs. */
  get count(): number {
    return this.#kept
  }

  /** All runs together; see `start` and `end`. */
  get pairs(): Uint32Array {
    return this.#pairs
  }

  start(ref: number): number {
    return this.#start[ref]!
  }

  end(ref: number): number {
    return this.#end[ref]!
  }

  /** A run of `length` numbers for the ref, which has none; gives its start. The numbers are arbitrary. */
  take(ref: number, length: number): number {
    this.#start = grownU32(this.#start, ref + 1)
    this.#end = grownU32(this.#end, this.#start.length)
    const start = this.#place(length)
    this.#kept += length
    this.#start[ref] = start
    this.#end[ref] = start + length
    return start
  }

  set(at: number, pair: number): void {
    this.#pairs[at] = pair
  }

  give(ref: number): void {
    const start = this.#start[ref]!
    const length = this.#end[ref]! - start
    this.#end[ref] = start
    this.#kept -= length
    if (length === 0) return
    this.#free = grownU32(this.#free, length + 1)
    this.#pairs[start] = this.#free[length]!
    this.#free[length] = start + 1
  }

  get sizeBytes(): number {
    return this.#pairs.byteLength + 2 * this.#start.byteLength
  }

  #place(length: number): number {
    const free = length < this.#free.length ? this.#free[length]! : 0
    if (free !== 0) {
      this.#free[length] = this.#pairs[free - 1]!
      return free - 1
    }
    const start = this.#used
    this.#used += length
    this.#pairs = grownU32(this.#pairs, this.#used)
    return start
  }
}
