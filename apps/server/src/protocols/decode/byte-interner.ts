/**
 * Byte strings to small numbers: the same bytes under the same parent give the same number. Verified by comparing the bytes.
 * Bounded: when it holds too much it forgets everything at once; numbers are never given out twice, so a forgotten one only means
 * that the bytes are learned again.
 */

export interface InternerBounds {
  readonly entriesMax: number
  readonly bytesMax: number
}

/** Longer byte strings get a number but are not remembered: one odd resource must not push everything else out. */
const keyBytesMax = 65_536

/** Numbers up to here fit 32 bits. They go on after it, still unique (`full`). */
const idMax = 0xffffffff

export class ByteInterner<T> {
  readonly #bounds: InternerBounds
  #nextId: number
  #slots = new Int32Array(1024)
  #hashes: number[] = []
  #parents: number[] = []
  #starts: number[] = []
  #ends: number[] = []
  #values: T[] = []
  #arena = new Uint8Array(16_384)
  #used = 0
  /** Hash of the last `find`, for the `add` that follows it. */
  #hash = 0

  constructor(bounds: InternerBounds, firstId = 1) {
    this.#bounds = bounds
    this.#nextId = firstId
  }

  get size(): number {
    return this.#values.length
  }

  /** True once numbers do not fit 32 bits any more: then they are no keys for those who keep 32. */
  get full(): boolean {
    return this.#nextId >= idMax
  }

  /** Index for `valueAt`, good until the next `add`; -1 when unknown. */
  find(parent: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(parent, bytes, start, end)
    this.#hash = hash
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1
      if (entry < 0) return -1
      if (this.#hashes[entry] === hash && this.#parents[entry] === parent && this.#same(entry, bytes, start, end)) return entry
    }
  }

  valueAt(index: number): T {
    return this.#values[index]!
  }

  /** Must follow a `find` of the same bytes that gave -1. `make` gets the new number. Returns the value. */
  add(parent: number, bytes: Uint8Array, start: number, end: number, make: (id: number) => T): T {
    const hash = this.#hash
    const length = end - start
    const value = make(this.#nextId++)
    if (length > Math.min(keyBytesMax, this.#bounds.bytesMax)) return value
    if (this.#values.length >= this.#bounds.entriesMax || this.#used + length > this.#bounds.bytesMax) this.clear()
    this.#store(bytes, start, end)
    this.#hashes.push(hash)
    this.#parents.push(parent)
    this.#values.push(value)
    if (this.#values.length * 2 > this.#slots.length) this.#rehash()
    else this.#place(this.#values.length - 1)
    return value
  }

  /** Forgets everything; numbers go on from where they were. */
  clear(): void {
    this.#slots = new Int32Array(1024)
    this.#hashes = []
    this.#parents = []
    this.#starts = []
    this.#ends = []
    this.#values = []
    this.#arena = new Uint8Array(16_384)
    this.#used = 0
  }

  #same(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[entry]!
    const length = end - start
    if (this.#ends[entry]! - from !== length) return false
    const arena = this.#arena
    for (let index = 0; index < length; index++) if (arena[from + index] !== bytes[start + index]) return false
    return true
  }

  #store(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#used + (end - start)
    if (needed > this.#arena.length) {
      const grown = new Uint8Array(Math.max(needed, this.#arena.length * 2))
      grown.set(this.#arena.subarray(0, this.#used))
      this.#arena = grown
    }
    this.#arena.set(bytes.subarray(start, end), this.#used)
    this.#starts.push(this.#used)
    this.#ends.push(needed)
    this.#used = needed
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[entry]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4)
    for (let entry = 0; entry < this.#values.length; entry++) this.#place(entry)
  }
}

/** 32 bits over the bytes, seeded by the process so that no one can choose collisions beforehand. */
const seed = (Math.random() * 0x7fffffff) | 0

function hashBytes(parent: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = seed ^ Math.imul(parent, 0x9e3779b1)
  let index = start
  for (; index + 4 <= end; index += 4) {
    const word = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  for (; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15) ^ (end - start), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}
