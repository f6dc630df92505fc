/**
 * Memory for the records of segments that wait for the writer: blocks that are used again. A fresh array a record would live for about a
 * second, long enough for the garbage collector to treat it as old, and 30 bytes a sample of old garbage make it search the whole heap
 * ten times a second.
 */

const blockBytes = 1 << 20
/** Records larger than this stay where they are: blocks would be left half empty. */
const ownBytesMin = blockBytes / 4
/** Typed arrays of up to 8 bytes an element are made of records. */
const alignment = 8

/** Gives blocks out and takes them back. What is out is bounded by whoever asks; at most `freeMax` blocks are kept for the next. */
export class BlockPool {
  readonly #freeMax: number
  readonly #free: Uint8Array<ArrayBuffer>[] = []

  constructor(freeBytesMax: number) {
    this.#freeMax = Math.floor(freeBytesMax / blockBytes)
  }

  get freeBytes(): number {
    return this.#free.length * blockBytes
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(blockBytes)
  }

  give(blocks: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const block of blocks) if (this.#free.length < this.#freeMax) this.#free.push(block)
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
    this.drop()
  }

  /** Lets go of the blocks, which live as long as someone reads the copies. */
  drop(): void {
    this.#blocks = []
    this.#used = blockBytes
  }
}
