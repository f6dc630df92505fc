/**
 * Interned label names and values: one number per distinct text, kept as UTF-8 in pages outside the heap, so that neither a new series
 * nor a log record needs a string. Found by a seeded hash and verified by comparing bytes. Numbers that no one holds are given out again.
 */
import { grownU32 } from './growable.ts'

const pageShift = 20
const pageBytes = 1 << pageShift
const pageMask = pageBytes - 1
/** Pages whose texts are mostly given up are packed from this size on. */
const packBytesMin = 8 * pageBytes
/** Decoded texts kept for answers; all are forgotten when there are more. */
const decodedMax = 65_536
/** Up to this length a loop beats the call into the decoder. */
const shortTextMax = 24

/** 32-bit hash of `bytes[start..end)`; labels are short, so byte by byte. 1 ns a byte. */
function hashKernel(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start)
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

function equalKernel(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  if (length <= shortTextMax) {
    let text = ''
    let at = start
    for (const end = start + length; at < end && bytes[at]! < 0x80; at++) text += String.fromCharCode(bytes[at]!)
    if (at === start + length) return text
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('utf8')
}

export class SymbolTable {
  readonly #seed: number
  /** Symbol plus 1; 0 = free. */
  #slots = new Uint32Array(1024)
  /** By symbol. A place is a page's number and the offset in it; free symbols are chained through it. */
  #hashes = new Uint32Array(512)
  #places = new Uint32Array(512)
  #lengths = new Uint32Array(512)
  #uses = new Uint32Array(512)
  #made = 0
  #count = 0
  /** Last free symbol plus 1. */
  #free = 0
  #pages: Uint8Array[] = []
  #pageUsed = 0
  #textBytes = 0
  #givenUpBytes = 0
  /** Places of texts that were given up, by their length: series that come and go have labels as long as those before them. */
  #holes = new Map<number, number[]>()
  readonly #decoded = new Map<number, string>()

  /** `seed`: any 32-bit number, random in production, so that slots cannot be guessed from outside. */
  constructor(seed: number) {
    this.#seed = seed >>> 0
  }

  /** Distinct texts. */
  get size(): number {
    return this.#count
  }

  /** UTF-8 of all texts. */
  get textBytes(): number {
    return this.#textBytes
  }

  get sizeBytes(): number {
    let pages = 0
    for (const page of this.#pages) pages += page.length
    return pages + this.#slots.byteLength + 4 * this.#hashes.byteLength
  }

  /** The text's number, made when new; it stays only while someone holds it (see `hold`). */
  intern(text: string): number {
    const bytes = Buffer.from(text, 'utf8')
    return this.internBytes(bytes, 0, bytes.length)
  }

  /** The same of `bytes[start..end)`, which must be UTF-8. */
  internBytes(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashKernel(bytes, start, end, this.#seed)
    const known = this.#find(hash, bytes, start, end)
    if (known !== -1) return known
    const symbol = this.#take()
    this.#hashes[symbol] = hash
    this.#places[symbol] = this.#store(bytes, start, end)
    this.#lengths[symbol] = end - start
    this.#uses[symbol] = 0
    this.#textBytes += end - start
    this.#count++
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    this.#place(symbol)
    return symbol
  }

  /** The text's number, or -1 when no label has it. */
  find(text: string): number {
    const bytes = Buffer.from(text, 'utf8')
    return this.findBytes(bytes, 0, bytes.length)
  }

  findBytes(bytes: Uint8Array, start: number, end: number): number {
    return this.#find(hashKernel(bytes, start, end, this.#seed), bytes, start, end)
  }

  /** Keeps the symbol until as many `release`s. */
  hold(symbol: number): void {
    this.#uses[symbol]!++
  }

  /** The last release gives the symbol up: its number may mean another text from then on. */
  release(symbol: number): void {
    if (--this.#uses[symbol]! > 0) return
    this.#unplace(symbol)
    this.#decoded.delete(symbol)
    this.#textBytes -= this.#lengths[symbol]!
    this.#givenUp(this.#places[symbol]!, this.#lengths[symbol]!)
    this.#places[symbol] = this.#free
    this.#lengths[symbol] = 0
    this.#free = symbol + 1
    this.#count--
    if (this.#givenUpBytes > packBytesMin && this.#givenUpBytes > this.#textBytes) this.#pack()
  }

  /** For answers: often asked ones are decoded once. */
  text(symbol: number): string {
    let text = this.#decoded.get(symbol)
    if (text !== undefined) return text
    text = this.decode(symbol)
    if (this.#decoded.size >= decodedMax) this.#decoded.clear()
    this.#decoded.set(symbol, text)
    return text
  }

  /** For scans over many texts. */
  decode(symbol: number): string {
    const place = this.#places[symbol]!
    return textOf(this.#pages[place >>> pageShift]!, place & pageMask, this.#lengths[symbol]!)
  }

  lengthBytes(symbol: number): number {
    return this.#lengths[symbol]!
  }

  /** Writes the text's UTF-8 at `target[at]`. */
  copyTo(symbol: number, target: Uint8Array, at: number): void {
    const page = this.#pages[this.#places[symbol]! >>> pageShift]!
    const start = this.#places[symbol]! & pageMask
    const length = this.#lengths[symbol]!
    for (let i = 0; i < length; i++) target[at + i] = page[start + i]!
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const length = end - start
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const symbol = slots[at]! - 1
      if (symbol < 0) return -1
      if (this.#hashes[symbol] !== hash || this.#lengths[symbol] !== length) continue
      const place = this.#places[symbol]!
      if (equalKernel(this.#pages[place >>> pageShift]!, place & pageMask, bytes, start, length)) return symbol
    }
  }

  #take(): number {
    if (this.#free !== 0) {
      const symbol = this.#free - 1
      this.#free = this.#places[symbol]!
      return symbol
    }
    const symbol = this.#made++
    if (symbol >= this.#hashes.length) {
      this.#hashes = grownU32(this.#hashes, symbol + 1)
      this.#places = grownU32(this.#places, this.#hashes.length)
      this.#lengths = grownU32(this.#lengths, this.#hashes.length)
      this.#uses = grownU32(this.#uses, this.#hashes.length)
    }
    return symbol
  }

  #givenUp(place: number, length: number): void {
    this.#givenUpBytes += length
    if (length === 0) return
    const holes = this.#holes.get(length)
    if (holes === undefined) this.#holes.set(length, [place])
    else holes.push(place)
  }

  #store(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    const hole = this.#holes.get(length)?.pop()
    if (hole !== undefined) {
      const target = this.#pages[hole >>> pageShift]!
      for (let i = 0; i < length; i++) target[(hole & pageMask) + i] = bytes[start + i]!
      this.#givenUpBytes -= length
      return hole
    }
    let page = this.#pages[this.#pages.length - 1]
    if (page === undefined || this.#pageUsed + length > page.length) {
      page = new Uint8Array(Math.max(pageBytes, length))
      this.#pages.push(page)
      this.#pageUsed = 0
    }
    const at = this.#pageUsed
    for (let i = 0; i < length; i++) page[at + i] = bytes[start + i]!
    this.#pageUsed += length
    // A full page's last empty text would lie behind it.
    return (((this.#pages.length - 1) << pageShift) | Math.min(at, pageMask)) >>> 0
  }

  #place(symbol: number): void {
    const mask = this.#slots.length - 1
    let at = this.#hashes[symbol]! & mask
    while (this.#slots[at] !== 0) at = (at + 1) & mask
    this.#slots[at] = symbol + 1
  }

  /** Frees the slot and moves up what was pushed behind it. */
  #unplace(symbol: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = this.#hashes[symbol]! & mask
    while (slots[hole] !== symbol + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashes[slots[at]! - 1]! & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      slots[hole] = slots[at]!
      hole = at
    }
    slots[hole] = 0
  }

  #rehash(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const slot of before) if (slot !== 0) this.#place(slot - 1)
  }

  /** Copies the texts that are left to new pages. */
  #pack(): void {
    const before = this.#pages
    this.#pages = []
    this.#holes = new Map()
    this.#pageUsed = 0
    for (const slot of this.#slots) {
      if (slot === 0) continue
      const place = this.#places[slot - 1]!
      const start = place & pageMask
      this.#places[slot - 1] = this.#store(before[place >>> pageShift]!, start, start + this.#lengths[slot - 1]!)
    }
    this.#givenUpBytes = 0
  }
}
