/**
 * A column of texts that repeat: a dictionary and a number a row, as the engine's `LowCardinality(String)`. Word 0 is the empty text.
 * A batch has few of them, so they are found by a hash of their bytes and compared.
 */
import { GrowingBytes } from './bytes.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()
/** Entries of the memory of strings; it only saves encoding them again. */
const stringsMax = 4096

/** Most words are short and plain; a loop over those beats the call into the runtime. */
const scratch = new Uint8Array(128)

/** Writes a text of ASCII; how many bytes. -1: it is too long, or something else. */
function asciiInto(target: Uint8Array, text: string): number {
  const { length } = text
  if (length > target.length) return -1
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) return -1
    target[at] = code
  }
  return length
}

export class Words {
  /** The words as the engine's `String` column. */
  readonly data = new GrowingBytes(1024)
  #starts: number[] = []
  #ends: number[] = []
  #hashes: number[] = []
  #slots = new Int32Array(64)
  readonly #byString = new Map<string, number>()
  readonly #wordsMax: number

  /** Beyond `wordsMax` no new ones are taken: they are the empty word. */
  constructor(wordsMax = Number.POSITIVE_INFINITY) {
    this.#wordsMax = wordsMax
    this.#addEmpty()
  }

  get size(): number {
    return this.#starts.length
  }

  clear(): void {
    this.data.clear(65_536)
    this.#starts = []
    this.#ends = []
    this.#hashes = []
    if (this.#slots.length > 1024) this.#slots = new Int32Array(64)
    else this.#slots.fill(0)
    this.#byString.clear()
    this.#addEmpty()
  }

  /** The number of the word; a new one when it is not there yet, 0 when there is no room for it. */
  intern(source: Uint8Array, start = 0, end = source.length): number {
    if (start === end) return 0
    const hash = hashOf(source, start, end)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const word = this.#slots[slot]! - 1
      if (this.#hashes[word] === hash && this.#same(word, source, start, end)) return word
    }
    const word = this.#starts.length
    if (word > this.#wordsMax) return 0
    this.data.pushText(source, start, end)
    this.#starts.push(this.data.length - (end - start))
    this.#ends.push(this.data.length)
    this.#hashes.push(hash)
    this.#slots[slot] = word + 1
    if (this.#starts.length * 2 > this.#slots.length) this.#rehash()
    return word
  }

  internString(text: string): number {
    if (text === '') return 0
    const known = this.#byString.get(text)
    if (known !== undefined) return known
    const length = asciiInto(scratch, text)
    const word = length >= 0 ? this.intern(scratch, 0, length) : this.intern(encoder.encode(text))
    if (word !== 0 && this.#byString.size < stringsMax) this.#byString.set(text, word)
    return word
  }

  bytes(word: number): Uint8Array {
    return this.data.bytes.subarray(this.#starts[word], this.#ends[word])
  }

  text(word: number): string {
    return decoder.decode(this.bytes(word))
  }

  #addEmpty(): void {
    this.data.pushByte(0)
    this.#starts.push(1)
    this.#ends.push(1)
    this.#hashes.push(0)
  }

  #same(word: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[word]!
    if (this.#ends[word]! - from !== end - start) return false
    const { bytes } = this.data
    for (let i = start, at = from; i < end; i++, at++) if (bytes[at] !== source[i]) return false
    return true
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4)
    const mask = this.#slots.length - 1
    for (let word = 1; word < this.#hashes.length; word++) {
      let slot = this.#hashes[word]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = word + 1
    }
  }
}

export class WordColumn {
  readonly words: Words
  #numbers = new Uint32Array(64)
  #rows = 0

  constructor(wordsMax?: number) {
    this.words = new Words(wordsMax)
  }

  get rows(): number {
    return this.#rows
  }

  /** The word of each row; longer than the column. */
  get numbers(): Uint32Array {
    return this.#numbers
  }

  pushWord(word: number): void {
    if (this.#rows === this.#numbers.length) this.#reserve(1)
    this.#numbers[this.#rows++] = word
  }

  pushWords(numbers: Uint32Array): void {
    this.#reserve(numbers.length)
    this.#numbers.set(numbers, this.#rows)
    this.#rows += numbers.length
  }

  pushRepeated(word: number, rows: number): void {
    this.#reserve(rows)
    this.#numbers.fill(word, this.#rows, this.#rows + rows)
    this.#rows += rows
  }

  push(source: Uint8Array, start = 0, end = source.length): void {
    this.pushWord(this.words.intern(source, start, end))
  }

  pushString(text: string): void {
    this.pushWord(this.words.internString(text))
  }

  setWord(row: number, word: number): void {
    this.#numbers[row] = word
  }

  word(row: number): number {
    return this.#numbers[row]!
  }

  text(row: number): string {
    return this.words.text(this.#numbers[row]!)
  }

  /** Leaves the first `rows`. Words that only later ones had stay. */
  truncate(rows: number): void {
    if (rows < this.#rows) this.#rows = rows
  }

  clear(): void {
    this.#rows = 0
    this.words.clear()
    if (this.#numbers.length > 65_536) this.#numbers = new Uint32Array(64)
  }

  #reserve(more: number): void {
    const needed = this.#rows + more
    if (needed <= this.#numbers.length) return
    const grown = new Uint32Array(Math.max(needed, this.#numbers.length * 2))
    grown.set(this.#numbers)
    this.#numbers = grown
  }
}

/** Seeded by the process, so that no sender can choose collisions beforehand. */
const seed = (Math.random() * 0x7fffffff) | 0

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = seed ^ (end - start)
  let i = start
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  for (; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) & 0x7fffffff
}
