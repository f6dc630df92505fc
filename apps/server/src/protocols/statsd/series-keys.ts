/**
 * Which aggregate a line means, found by its bytes: type, name, tags and container, hashed and compared where they lie, so that a known series
 * costs neither a string nor a copy. Forgotten all at once when there are too many; then they are learned again.
 */
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

/** Lengths of an entry's parts and its type, in words beside its hash. */
const entryWords = 6
const firstEntries = 1024
const firstBytes = 65_536

/** Of the process, so that no one can choose collisions beforehand. */
const seed = (Math.random() * 0x7fffffff) | 0

export class SeriesKeys {
  readonly #bounds: SeriesKeyBounds
  /** 1 + number of the entry; 0 is free. */
  #slots = new Uint32Array(firstEntries * 2)
  /** Per entry: hash, start in the arena, type, length of name, tags and container. */
  #entries = new Int32Array(firstEntries * entryWords)
  #values: SeriesKey[] = []
  #arena = new Uint8Array(firstBytes)
  #used = 0
  /** Of the last `find`, for the `add` that follows it. */
  #hash = 0

  constructor(bounds: SeriesKeyBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#values.length
  }

  /** Null when it is not known; `add` then teaches it. */
  find(bytes: Uint8Array, line: StatsdLine): SeriesKey | null {
    let hash = hashed(seed ^ line.type, bytes, line.nameStart, line.nameEnd)
    hash = hashed(hash, bytes, line.tagsStart, line.tagsEnd)
    if (line.containerEnd > line.containerStart) hash = hashed(hash ^ 1, bytes, line.containerStart, line.containerEnd)
    this.#hash = hash
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1
      if (entry < 0) return null
      if (this.#entries[entry * entryWords] === hash && this.#isSame(entry * entryWords, bytes, line)) return this.#values[entry]!
    }
  }

  /** Must follow a `find` of the same line that gave null. */
  add(bytes: Uint8Array, line: StatsdLine, value: SeriesKey): void {
    const lengths = [line.nameEnd - line.nameStart, line.tagsEnd - line.tagsStart, line.containerEnd - line.containerStart]
    const needed = lengths.reduce((sum, length) => sum + length, 0)
    if (needed > this.#bounds.bytesMax) return
    if (this.#values.length >= this.#bounds.entriesMax || this.#used + needed > this.#bounds.bytesMax) this.#clear()
    const entry = this.#values.push(value) - 1
    if (entry * entryWords === this.#entries.length) this.#growEntries()
    this.#entries.set([this.#hash, this.#used, line.type, ...lengths], entry * entryWords)
    this.#put(bytes.subarray(line.nameStart, line.nameEnd))
    this.#put(bytes.subarray(line.tagsStart, line.tagsEnd))
    this.#put(bytes.subarray(line.containerStart, line.containerEnd))
    this.#place(entry)
  }

  #isSame(at: number, bytes: Uint8Array, line: StatsdLine): boolean {
    const entries = this.#entries
    const [nameLength, tagsLength, containerLength] = [entries[at + 3]!, entries[at + 4]!, entries[at + 5]!]
    if (entries[at + 2] !== line.type || nameLength !== line.nameEnd - line.nameStart) return false
    if (tagsLength !== line.tagsEnd - line.tagsStart || containerLength !== line.containerEnd - line.containerStart) return false
    const start = entries[at + 1]!
    const arena = this.#arena
    return (
      areEqual(arena, start, bytes, line.nameStart, nameLength) &&
      areEqual(arena, start + nameLength, bytes, line.tagsStart, tagsLength) &&
      areEqual(arena, start + nameLength + tagsLength, bytes, line.containerStart, containerLength)
    )
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#entries[entry * entryWords]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #put(part: Uint8Array): void {
    if (this.#used + part.length > this.#arena.length) {
      const grown = new Uint8Array(Math.max(this.#arena.length * 2, this.#used + part.length))
      grown.set(this.#arena)
      this.#arena = grown
    }
    this.#arena.set(part, this.#used)
    this.#used += part.length
  }

  #growEntries(): void {
    const grown = new Int32Array(this.#entries.length * 2)
    grown.set(this.#entries)
    this.#entries = grown
    this.#slots = new Uint32Array(this.#slots.length * 2)
    // The newest entry is not written yet; `add` places it.
    for (let entry = 0; entry < this.#values.length - 1; entry++) this.#place(entry)
  }

  #clear(): void {
    this.#slots = new Uint32Array(firstEntries * 2)
    this.#entries = new Int32Array(firstEntries * entryWords)
    this.#values = []
    this.#arena = new Uint8Array(firstBytes)
    this.#used = 0
  }
}

function hashed(start: number, bytes: Uint8Array, from: number, end: number): number {
  let hash = start ^ (end - from)
  let at = from
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}

function areEqual(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (a[aStart + at] !== b[bStart + at]) return false
  return true
}
