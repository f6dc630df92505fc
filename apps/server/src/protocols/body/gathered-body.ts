/**
 * A body as it comes, in as much memory as it counts: a `Buffer` costs about 200 bytes beside what is in it, and one of a few bytes may
 * keep the 64 KiB alive that it was read with (HTTP/2). So small pieces are put together in a buffer that doubles.
 */
import type { ByteLease } from './byte-budget.ts'

/** Pieces below this are put together; what the others cost beside their bytes is little. */
const smallBytes = 4096
/** A piece that is less than this part of the memory behind it is copied out. */
const partOfMemory = 4

const nothing = Buffer.alloc(0)

export class GatheredBody {
  readonly #lease: ByteLease
  readonly #bytesMax: number
  /** Complete ones, in order. */
  readonly #pieces: Buffer[] = []
  #piecesBytes = 0
  /** The buffer that small pieces go into; what is used of it comes after `#pieces`. */
  #tail: Buffer = nothing
  #tailUsed = 0
  /** What the lease took for all of it. */
  #countedBytes = 0

  /** For at most `bytesMax` bytes, counted by `lease`. */
  constructor(bytesMax: number, lease: ByteLease) {
    this.#bytesMax = bytesMax
    this.#lease = lease
  }

  get sizeBytes(): number {
    return this.#piecesBytes + this.#tailUsed
  }

  /** False when there is no memory for it. The caller keeps `sizeBytes` within `bytesMax`. */
  add(chunk: Buffer): boolean {
    if (!isKeptAsItCame(chunk)) return this.#append(chunk)
    if (!this.#count(chunk.byteLength)) return false
    this.#sealTail()
    this.#pieces.push(chunk)
    this.#piecesBytes += chunk.byteLength
    return true
  }

  /** All of it, once; the lease then holds what is behind the result. */
  finish(): Buffer {
    if (this.#pieces.length === 0) return this.#tail.subarray(0, this.#tailUsed)
    this.#sealTail()
    const [first] = this.#pieces
    if (first !== undefined && this.#pieces.length === 1) return first
    const whole = Buffer.concat(this.#pieces, this.#piecesBytes)
    this.#lease.hold(whole.byteLength - this.#countedBytes)
    this.drop()
    return whole
  }

  /** Lets go of what has come; the lease is the caller's. */
  drop(): void {
    this.#pieces.length = 0
    this.#tail = nothing
    this.#piecesBytes = this.#tailUsed = this.#countedBytes = 0
  }

  #append(chunk: Buffer): boolean {
    const needed = this.#tailUsed + chunk.byteLength
    const capacity = this.#tail.byteLength
    const grown = needed <= capacity ? capacity : Math.max(needed, Math.min(2 * capacity, this.#bytesMax - this.#piecesBytes))
    // Also when there is room: the lease notes that something came.
    if (!this.#count(grown - capacity)) return false
    if (grown > capacity) {
      const tail = Buffer.allocUnsafeSlow(grown)
      tail.set(this.#tail.subarray(0, this.#tailUsed))
      this.#tail = tail
    }
    this.#tail.set(chunk, this.#tailUsed)
    this.#tailUsed = needed
    return true
  }

  #count(sizeBytes: number): boolean {
    if (!this.#lease.take(sizeBytes)) return false
    this.#countedBytes += sizeBytes
    return true
  }

  #sealTail(): void {
    if (this.#tailUsed > 0) this.#pieces.push(this.#tail.subarray(0, this.#tailUsed))
    this.#piecesBytes += this.#tailUsed
    this.#tail = nothing
    this.#tailUsed = 0
  }
}

function isKeptAsItCame({ byteLength, buffer }: Buffer): boolean {
  return byteLength >= smallBytes && byteLength * partOfMemory >= buffer.byteLength
}
