/** Bytes of an insert in blocks that are used again (`ingest` has why): written one after the other, taken as views. */
import type { BlockPool } from '../../ingest/index.ts'

/** Numbers are written in runs of this many, so that little of a block is left empty. */
export const runRows = 8192

export class BlockSink {
  readonly #pool: BlockPool
  readonly #blocks: Uint8Array<ArrayBuffer>[] = []
  #pieces: Uint8Array[] = []
  #block: Uint8Array = new Uint8Array(0)
  /** Where the piece that is being written begins, and where it goes on. */
  #start = 0
  #at = 0

  constructor(pool: BlockPool) {
    this.#pool = pool
  }

  /** Copies the bytes. */
  push(source: Uint8Array): void {
    for (let from = 0; from < source.length;) {
      if (this.#at === this.#block.length) this.#next()
      const size = Math.min(source.length - from, this.#block.length - this.#at)
      this.#block.set(from === 0 && size === source.length ? source : source.subarray(from, from + size), this.#at)
      this.#at += size
      from += size
    }
  }

  /** Memory for so many bytes, at most a block, which the caller fills at once; it holds whatever it held before. */
  room(sizeBytes: number): Uint8Array {
    if (this.#block.length - this.#at < sizeBytes) this.#next()
    const start = this.#at
    this.#at += sizeBytes
    return this.#block.subarray(start, this.#at)
  }

  /** What was written since the last call. */
  pieces(): readonly Uint8Array[] {
    this.#seal()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  /** Nobody reads the pieces any more. */
  recycle(): void {
    this.#pool.give(this.#blocks.splice(0))
    this.#block = new Uint8Array(0)
    this.#start = this.#at = 0
  }

  #next(): void {
    this.#seal()
    const block = this.#pool.take()
    this.#blocks.push(block)
    this.#block = block
    this.#start = this.#at = 0
  }

  #seal(): void {
    if (this.#at > this.#start) this.#pieces.push(this.#block.subarray(this.#start, this.#at))
    this.#start = this.#at
  }
}
