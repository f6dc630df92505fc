/**
 * Lines of one logger have the same names in the same order. The names of the line before are expected in the next one, so that they are
 * compared and not looked up: a third of the work of a line.
 */

/** Members of a line that are expected; those behind are looked up. */
const membersMax = 64
const bytesMax = 4096

export class LineShape {
  /** Words of the batch and their meaning, by member; -1 for a name not seen in this batch. */
  readonly words = new Int32Array(membersMax).fill(-1)
  readonly roles = new Uint8Array(membersMax)
  /** Each name with the quote and the colon behind it. */
  #bytes = new Uint8Array(bytesMax)
  readonly #starts = new Int32Array(membersMax)
  readonly #ends = new Int32Array(membersMax)
  #used = 0

  /** A new request: words have other numbers. */
  begin(): void {
    this.words.fill(-1)
  }

  /** Whether the name at `start` is that of the member before; where it ends, with quote and colon, or -1. */
  endOf(member: number, source: Uint8Array, start: number, end: number): number {
    if (member >= membersMax) return -1
    const bytes = this.#bytes
    const last = this.#ends[member]!
    let from = this.#starts[member]!
    let at = start
    if (from === last || at + last - from > end) return -1
    while (from < last) if (bytes[from++] !== source[at++]) return -1
    return at
  }

  /** From now on the name in `source[start, end)` is expected there. */
  expect(member: number, source: Uint8Array, start: number, end: number): void {
    if (member >= membersMax) return
    const size = end - start + 2
    if (this.#used + size > bytesMax) {
      if (size > bytesMax / membersMax) {
        this.#starts[member] = this.#ends[member] = 0
        return
      }
      this.#used = 0
      this.#starts.fill(0)
      this.#ends.fill(0)
    }
    let to = this.#used
    this.#starts[member] = to
    for (let at = start; at < end; at++) this.#bytes[to++] = source[at]!
    this.#bytes[to++] = 0x22
    this.#bytes[to++] = 0x3a
    this.#used = this.#ends[member] = to
    this.words[member] = -1
  }
}
