/**
 * Memory that is used again for what lives about a second: records of segments that wait for the writer, and the bodies of their inserts.
 * A fresh array a record would live long enough for the garbage collector to treat it as old, and each 64 MiB of old garbage make it search
 * the whole heap.
 */

/** Sixteen or more ordinary records; their number a segment is small, so that half a block of waste at its end is too. */
export const blockBytes = 1 << 22
/** Records larger than this stay where they are: blocks would be left half empty. */
const ownBytesMin = blockBytes / 4
/** Typed arrays of up to 8 bytes an element are made of records. */
const alignment = 8
/** What the most blocks that were out count for, each time some come back: after twenty segments of less the memory is let go. */
const peakFade = 0.9

/** Gives blocks out and takes them back. What is out is bounded by whoever asks; kept for the next are as many as were lately out at a time. */
export class BlockPool {
  readonly #freeMax: number
  readonly #free: Uint8Array<ArrayBuffer>[] = []
  #out = 0
  /** The most that were out at a time, fading. */
  #peak = 0

  /** `freeBytesMax`: never keeps more. */
  constructor(freeBytesMax: number) {
    this.#freeMax = Math.floor(freeBytesMax / blockBytes)
  }

  get freeBytes(): number {
    return this.#free.length * blockBytes
  }

  /** Holds whatever it held before. */
  take(): Uint8Array<ArrayBuffer> {
    this.#out++
    this.#peak = Math.max(this.#peak, this.#out)
    return this.#free.pop() ?? new Uint8Array(blockBytes)
  }

  /** Nobody reads them any more. */
  give(blocks: readonly Uint8Array<ArrayBuffer>[]): void {
    // Those that come back were out until now.
    const out = this.#out
    this.lose(blocks.length)
    this.#peak = Math.max(out, this.#peak * peakFade)
    for (const block of blocks) this.#free.push(block)
    const kept = Math.min(this.#freeMax, Math.max(0, Math.ceil(this.#peak) - this.#out))
    if (this.#free.length > kept) this.#free.length = kept
  }

  /** So many that are out do not come back. */
  lose(blocks: number): void {
    this.#out -= blocks
  }
}

/** One segment's blocks. */
export class RecordBlocks {
  readonly #pool: BlockPool
  #blocks: Uint8Array<ArrayBuffer>[] = []
  #used = blockBytes

  constructor(pool: BlockPool) {
    this.#pool = pool
  }

  /** Memory that a copy of so many bytes would take now: nothing, a block, or what the bytes take themselves. */
  costOf(byteLength: number): number {
    if (byteLength > ownBytesMin) return byteLength
    return this.#used + byteLength > blockBytes ? blockBytes : 0
  }

  /** A copy of the bytes in a block, aligned; many bytes are given back as they are. */
  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.byteLength > ownBytesMin) return bytes
    if (this.#used + bytes.byteLength > blockBytes) {
      this.#blocks.push(this.#pool.take())
      this.#used = 0
    }
    const block = this.#blocks[this.#blocks.length - 1]
    if (block === undefined) return bytes
    const copy = block.subarray(this.#used, this.#used + bytes.byteLength)
    copy.set(bytes)
    this.#used = Math.ceil((this.#used + bytes.byteLength) / alignment) * alignment
    return copy
  }

  /** The blocks may be used again: nobody reads the copies any more. */
  recycle(): void {
    this.#pool.give(this.#blocks)
    this.#forget()
  }

  /** Lets go of the blocks, which live as long as someone reads the copies. */
  drop(): void {
    this.#pool.lose(this.#blocks.length)
    this.#forget()
  }

  #forget(): void {
    this.#blocks = []
    this.#used = blockBytes
  }
}
