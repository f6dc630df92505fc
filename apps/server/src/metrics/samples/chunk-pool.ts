/**
 * Fixed-size chunks of samples in slabs of memory, linked both ways into lists. A chunk holds 16 samples: time as an offset from its base
 * (4 bytes) and value (8 bytes). Its own facts lie right before them, because a query comes by once and what it waits for is memory: with
 * them a sample costs 13.5 bytes when chunks are full. Freed chunks are used again.
 */
import type { SampleColumns } from './sample-columns.ts'

export const chunkSamples = 16
/** Base, links, touched, count and samples. */
export const chunkBytes = 8 + 4 * 4 + chunkSamples * 12
/** Longest time from a chunk's base: what a Uint32 of milliseconds holds (49 days). */
export const chunkSpanMsMax = 0xffffffff

/** A chunk in 32-bit words and in doubles; where its parts are. Base: double 0. */
const chunkWords = chunkBytes / 4
const chunkDoubles = chunkBytes / 8
const nextWord = 2
const previousWord = 3
const touchedWord = 4
const countWord = 5
const timesWord = 6
const valuesDouble = 11

const slabChunks = 4096
const slabShift = 12
const slabMask = slabChunks - 1

/** No chunk: the end of a list. Chunk numbers begin at 1. */
export const noChunk = 0

export class ChunkPool {
  /** The same memory twice, by slab. */
  readonly #words: Uint32Array[] = []
  readonly #doubles: Float64Array[] = []
  #free = noChunk
  #made = 1
  #used = 0

  /** Chunks in use. */
  get used(): number {
    return this.#used
  }

  /** Chunk numbers are below this. */
  get limit(): number {
    return this.#made
  }

  /** An empty chunk whose times count from `baseMs`. */
  take(baseMs: number): number {
    let chunk = this.#free
    if (chunk !== noChunk) this.#free = this.next(chunk)
    else {
      chunk = this.#made++
      if (chunk >> slabShift >= this.#words.length) {
        const slab = new ArrayBuffer(slabChunks * chunkBytes)
        this.#words.push(new Uint32Array(slab))
        this.#doubles.push(new Float64Array(slab))
      }
    }
    this.#used++
    const words = this.#words[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    words[at + nextWord] = noChunk
    words[at + previousWord] = noChunk
    words[at + touchedWord] = 0
    words[at + countWord] = 0
    this.#doubles[chunk >> slabShift]![(chunk & slabMask) * chunkDoubles] = baseMs
    return chunk
  }

  give(chunk: number): void {
    const words = this.#words[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    words[at + nextWord] = this.#free
    words[at + countWord] = 0
    this.#free = chunk
    this.#used--
  }

  next(chunk: number): number {
    return this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + nextWord]!
  }

  previous(chunk: number): number {
    return this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + previousWord]!
  }

  link(chunk: number, next: number): void {
    this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + nextWord] = next
    if (next !== noChunk) this.#words[next >> slabShift]![(next & slabMask) * chunkWords + previousWord] = chunk
  }

  /** The chunk is the first of its list: what was before it is gone. */
  lead(chunk: number): void {
    this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + previousWord] = noChunk
  }

  count(chunk: number): number {
    return this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + countWord]!
  }

  baseMs(chunk: number): number {
    return this.#doubles[chunk >> slabShift]![(chunk & slabMask) * chunkDoubles]!
  }

  /** Time of the newest sample; the chunk must have one. */
  lastMs(chunk: number): number {
    const words = this.#words[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    return this.baseMs(chunk) + words[at + timesWord + words[at + countWord]! - 1]!
  }

  timeMs(chunk: number, i: number): number {
    return this.baseMs(chunk) + this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + timesWord + i]!
  }

  value(chunk: number, i: number): number {
    return this.#doubles[chunk >> slabShift]![(chunk & slabMask) * chunkDoubles + valuesDouble + i]!
  }

  /** Seconds of a monotonic clock at the last change. */
  touchedSec(chunk: number): number {
    return this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + touchedWord]!
  }

  /** Appends behind the newest sample. There must be room, and the time must fit. */
  push(chunk: number, timeMs: number, value: number, nowSec: number): void {
    const words = this.#words[chunk >> slabShift]!
    const doubles = this.#doubles[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    const first = (chunk & slabMask) * chunkDoubles
    const i = words[at + countWord]!
    words[at + timesWord + i] = timeMs - doubles[first]!
    doubles[first + valuesDouble + i] = value
    words[at + countWord] = i + 1
    words[at + touchedWord] = nowSec
  }

  /** Inserts at position `i`, moving later samples; the chunk must have room and the span must fit. */
  insert(chunk: number, i: number, timeMs: number, value: number, nowSec: number): void {
    const words = this.#words[chunk >> slabShift]!
    const doubles = this.#doubles[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    const first = (chunk & slabMask) * chunkDoubles
    const count = words[at + countWord]!
    const times = at + timesWord
    const values = first + valuesDouble
    words.copyWithin(times + i + 1, times + i, times + count)
    doubles.copyWithin(values + i + 1, values + i, values + count)
    if (timeMs < doubles[first]!) {
      const shift = doubles[first]! - timeMs
      for (let later = times + 1; later <= times + count; later++) words[later] = words[later]! + shift
      doubles[first] = timeMs
    }
    words[times + i] = timeMs - doubles[first]!
    doubles[values + i] = value
    words[at + countWord] = count + 1
    words[at + touchedWord] = nowSec
  }

  /** Moves the samples from position `i` on to a new chunk linked behind; gives it. */
  split(chunk: number, i: number): number {
    const second = this.take(this.timeMs(chunk, i))
    const touchedSec = this.touchedSec(chunk)
    for (let at = i; at < this.count(chunk); at++) this.push(second, this.timeMs(chunk, at), this.value(chunk, at), touchedSec)
    this.#words[chunk >> slabShift]![(chunk & slabMask) * chunkWords + countWord] = i
    this.link(second, this.next(chunk))
    this.link(chunk, second)
    return second
  }

  /** First position whose time is >= `timeMs`; the count when there is none. */
  position(chunk: number, timeMs: number): number {
    const words = this.#words[chunk >> slabShift]!
    const at = (chunk & slabMask) * chunkWords
    const count = words[at + countWord]!
    const offset = timeMs - this.baseMs(chunk)
    let i = 0
    while (i < count && words[at + timesWord + i]! < offset) i++
    return i
  }

  /** Adds the chunk's samples in `[fromMs, toMs]` to `out`. */
  read(chunk: number, fromMs: number, toMs: number, out: SampleColumns): void {
    const words = this.#words[chunk >> slabShift]!
    const doubles = this.#doubles[chunk >> slabShift]!
    const times = (chunk & slabMask) * chunkWords + timesWord
    const values = (chunk & slabMask) * chunkDoubles + valuesDouble
    const base = doubles[values - valuesDouble]!
    let at = 0
    let end = words[times - timesWord + countWord]!
    while (at < end && base + words[times + at]! < fromMs) at++
    while (end > at && base + words[times + end - 1]! > toMs) end--
    out.reserve(end - at)
    const { timesMs: outTimes, values: outValues } = out
    let count = out.count
    for (; at < end; at++) {
      outTimes[count] = base + words[times + at]!
      outValues[count++] = doubles[values + at]!
    }
    out.count = count
  }

  get sizeBytes(): number {
    return this.#words.length * slabChunks * chunkBytes
  }
}
