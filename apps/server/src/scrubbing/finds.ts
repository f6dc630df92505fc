/** Places found in one text, in their order, and the text without what is there. Used again for the next text. */

const placesMax = 256

export class Finds {
  count = 0
  readonly starts = new Int32Array(placesMax)
  readonly ends = new Int32Array(placesMax)
  readonly bits = new Uint8Array(placesMax)
  readonly #marks: Uint8Array[] = []

  clear(): void {
    this.count = 0
  }

  /** Behind the last place. */
  get end(): number {
    return this.count === 0 ? 0 : this.ends[this.count - 1]!
  }

  /** All bits together. */
  get allBits(): number {
    let bits = 0
    for (let at = 0; at < this.count; at++) bits |= this.bits[at]!
    return bits
  }

  /** Places come in order and do not overlap. What is beyond the bound goes into the last place, with all between. */
  add(start: number, end: number, bit: number, mark: Uint8Array): void {
    if (this.count === placesMax) {
      this.ends[placesMax - 1] = end
      this.bits[placesMax - 1] = this.bits[placesMax - 1]! | bit
      return
    }
    const at = this.count++
    this.starts[at] = start
    this.ends[at] = end
    this.bits[at] = bit
    this.#marks[at] = mark
  }

  /** `source[start, end)` with marks in the places. */
  replaced(source: Uint8Array, start: number, end: number): Uint8Array {
    let size = end - start
    for (let at = 0; at < this.count; at++) size += this.#marks[at]!.length - (this.ends[at]! - this.starts[at]!)
    const made = new Uint8Array(size)
    let from = start
    let to = 0
    for (let at = 0; at < this.count; at++) {
      const kept = source.subarray(from, this.starts[at]!)
      made.set(kept, to)
      to += kept.length
      made.set(this.#marks[at]!, to)
      to += this.#marks[at]!.length
      from = this.ends[at]!
    }
    made.set(source.subarray(from, end), to)
    return made
  }
}
