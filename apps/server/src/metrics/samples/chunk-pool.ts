/**
 * Fixed-size chunks of samples in slabs of typed arrays, linked both ways into lists. A chunk holds 16 samples: time as an offset from its base
 * (4 bytes) and value (8 bytes); with its own facts a sample costs 13.3 bytes when chunks are full. Freed chunks are used again.
 */
import { grownF64, grownU32 } from '../series/growable.ts'
import type { SampleColumns } from './sample-columns.ts'

export const chunkSamples = 16
/** Samples, links, base, touched and count. */
export const chunkBytes = chunkSamples * 12 + 4 + 4 + 8 + 4 + 1
/** Longest time from a chunk's base: what a Uint32 of milliseconds holds (49 days). */
export const chunkSpanMsMax = 0xffffffff

const slabChunks = 4096
const slabShift = 12
const slabMask = slabChunks - 1

/** No chunk: the end of a list. Chunk numbers begin at 1. */
export const noChunk = 0

export class ChunkPool {
  /** By slab; a chunk's samples begin at `(chunk & slabMask) * chunkSamples`. */
  readonly #times: Uint32Array[] = []
  readonly #values: Float64Array[] = []
  /** By chunk. */
  #next = new Uint32Array(slabChunks)
  #previous = new Uint32Array(slabChunks)
  #base = new Float64Array(slabChunks)
  #touched = new Uint32Array(slabChunks)
  #count = new Uint8Array(slabChunks)
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
    if (chunk !== noChunk) this.#free = this.#next[chunk]!
    else {
      chunk = this.#made++
      if (chunk >> slabShift >= this.#times.length) {
        this.#times.push(new Uint32Array(slabChunks * chunkSamples))
        this.#values.push(new Float64Array(slabChunks * chunkSamples))
      }
      if (chunk >= this.#next.length) this.#reserve(chunk + 1)
    }
    this.#used++
    this.#next[chunk] = noChunk
    this.#previous[chunk] = noChunk
    this.#base[chunk] = baseMs
    this.#count[chunk] = 0
    this.#touched[chunk] = 0
    return chunk
  }

  give(chunk: number): void {
    this.#next[chunk] = this.#free
    this.#count[chunk] = 0
    this.#free = chunk
    this.#used--
  }

  next(chunk: number): number {
    return this.#next[chunk]!
  }

  previous(chunk: number): number {
    return this.#previous[chunk]!
  }

  link(chunk: number, next: number): void {
    this.#next[chunk] = next
    if (next !== noChunk) this.#previous[next] = chunk
  }

  /** The chunk is the first of its list: what was before it is gone. */
  lead(chunk: number): void {
    this.#previous[chunk] = noChunk
  }

  count(chunk: number): number {
    return this.#count[chunk]!
  }

  baseMs(chunk: number): number {
    return this.#base[chunk]!
  }

  /** Time of the newest sample; the chunk must have one. */
  lastMs(chunk: number): number {
    return this.#base[chunk]! + this.#times[chunk >> slabShift]![(chunk & slabMask) * chunkSamples + this.#count[chunk]! - 1]!
  }

  timeMs(chunk: number, i: number): number {
    return this.#base[chunk]! + this.#times[chunk >> slabShift]![(chunk & slabMask) * chunkSamples + i]!
  }

  value(chunk: number, i: number): number {
    return this.#values[chunk >> slabShift]![(chunk & slabMask) * chunkSamples + i]!
  }

  /** Seconds of a monotonic clock at the last change. */
  touchedSec(chunk: number): number {
    return this.#touched[chunk]!
  }

  /** Appends behind the newest sample. There must be room, and the time must fit. */
  push(chunk: number, timeMs: number, value: number, nowSec: number): void {
    const i = this.#count[chunk]!
    const at = (chunk & slabMask) * chunkSamples + i
    this.#times[chunk >> slabShift]![at] = timeMs - this.#base[chunk]!
    this.#values[chunk >> slabShift]![at] = value
    this.#count[chunk] = i + 1
    this.#touched[chunk] = nowSec
  }

  /** Inserts at position `i`, moving later samples; the chunk must have room and the span must fit. */
  insert(chunk: number, i: number, timeMs: number, value: number, nowSec: number): void {
    const times = this.#times[chunk >> slabShift]!
    const values = this.#values[chunk >> slabShift]!
    const start = (chunk & slabMask) * chunkSamples
    const count = this.#count[chunk]!
    times.copyWithin(start + i + 1, start + i, start + count)
    values.copyWithin(start + i + 1, start + i, start + count)
    if (timeMs < this.#base[chunk]!) {
      const shift = this.#base[chunk]! - timeMs
      for (let at = start + 1; at <= start + count; at++) times[at] = times[at]! + shift
      this.#base[chunk] = timeMs
    }
    times[start + i] = timeMs - this.#base[chunk]!
    values[start + i] = value
    this.#count[chunk] = count + 1
    this.#touched[chunk] = nowSec
  }

  /** Moves the samples from position `i` on to a new chunk linked behind; gives it. */
  split(chunk: number, i: number): number {
    const second = this.take(this.timeMs(chunk, i))
    for (let at = i; at < this.#count[chunk]!; at++) this.push(second, this.timeMs(chunk, at), this.value(chunk, at), this.#touched[chunk]!)
    this.#count[chunk] = i
    this.link(second, this.#next[chunk]!)
    this.link(chunk, second)
    return second
  }

  /** First position whose time is >= `timeMs`; the count when there is none. */
  position(chunk: number, timeMs: number): number {
    const times = this.#times[chunk >> slabShift]!
    const start = (chunk & slabMask) * chunkSamples
    const count = this.#count[chunk]!
    const offset = timeMs - this.#base[chunk]!
    let i = 0
    while (i < count && times[start + i]! < offset) i++
    return i
  }

  /** Adds the chunk's samples in `[fromMs, toMs]` to `out`. */
  read(chunk: number, fromMs: number, toMs: number, out: SampleColumns): void {
    const times = this.#times[chunk >> slabShift]!
    const values = this.#values[chunk >> slabShift]!
    const base = this.#base[chunk]!
    let at = (chunk & slabMask) * chunkSamples
    let end = at + this.#count[chunk]!
    while (at < end && base + times[at]! < fromMs) at++
    while (end > at && base + times[end - 1]! > toMs) end--
    out.reserve(end - at)
    const { timesMs: outTimes, values: outValues } = out
    let count = out.count
    for (; at < end; at++) {
      outTimes[count] = base + times[at]!
      outValues[count++] = values[at]!
    }
    out.count = count
  }

  get sizeBytes(): number {
    return this.#times.length * slabChunks * chunkSamples * 12 + this.#next.length * 21
  }

  #reserve(count: number): void {
    this.#next = grownU32(this.#next, count)
    this.#previous = grownU32(this.#previous, this.#next.length)
    this.#base = grownF64(this.#base, this.#next.length)
    this.#touched = grownU32(this.#touched, this.#next.length)
    const counts = new Uint8Array(this.#next.length)
    counts.set(this.#count)
    this.#count = counts
  }
}
