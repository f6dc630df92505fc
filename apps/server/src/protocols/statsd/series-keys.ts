/**
 * Which aggregate a line means, found by its bytes: name, tags and container behind one another, so that a known series costs no string. Forgotten
 * all at once when there are too many.
 */
import { ByteInterner } from '../decode/byte-interner.ts'
import type { StatsdLine } from './line.ts'
import type { StatsdProject } from './projects.ts'

/** What the bytes of a series led to. */
export interface SeriesKey {
  /** Null: the project of senders without a key. */
  readonly key: string | null
  project: StatsdProject
  handle: number
  /** When the key was last looked up, monotonic; of no meaning without one. */
  checkedMs: number
}

export interface SeriesKeyBounds {
  readonly entriesMax: number
  readonly bytesMax: number
}

export class SeriesKeys {
  readonly #interner: ByteInterner<SeriesKey>
  #scratch = new Uint8Array(512)
  #length = 0
  #type = 0

  constructor(bounds: SeriesKeyBounds) {
    this.#interner = new ByteInterner<SeriesKey>(bounds)
  }

  /** Null when it is not known; `add` then teaches it. */
  find(bytes: Uint8Array, line: StatsdLine): SeriesKey | null {
    this.#take(bytes, line)
    this.#type = line.type
    const at = this.#interner.find(line.type, this.#scratch, 0, this.#length)
    return at === -1 ? null : this.#interner.valueAt(at)
  }

  /** Must follow a `find` that gave null. */
  add(value: SeriesKey): void {
    this.#interner.add(this.#type, this.#scratch, 0, this.#length, () => value)
  }

  #take(bytes: Uint8Array, line: StatsdLine): void {
    const needed = line.nameEnd - line.nameStart + (line.tagsEnd - line.tagsStart) + (line.containerEnd - line.containerStart) + 2
    if (needed > this.#scratch.length) this.#scratch = new Uint8Array(needed * 2)
    const out = this.#scratch
    let to = 0
    for (let at = line.nameStart; at < line.nameEnd; at++) out[to++] = bytes[at]!
    // No part has a pipe in it, so parts cannot be taken for one another.
    out[to++] = 0x7c
    for (let at = line.tagsStart; at < line.tagsEnd; at++) out[to++] = bytes[at]!
    out[to++] = 0x7c
    for (let at = line.containerStart; at < line.containerEnd; at++) out[to++] = bytes[at]!
    this.#length = to
  }
}
