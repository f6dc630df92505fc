/**
 * Bytes as they arrive, taken as values. Every method takes a whole value or nothing, so a value may be cut at any byte.
 * Nothing it returns refers to a chunk: strings are new and fixed-size values are copied into the caller's array.
 */

/** Longest single string accepted, bytes; a longer one means that the stream is not what we think it is. */
const stringBytesMax = 512 * 1024 * 1024

const empty = Buffer.alloc(0)

export class ByteQueue {
  #current: Buffer = empty
  #at = 0
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Unread bytes needed before another try can succeed. */
  #wanted = 0

  /** Takes the chunk over. False while it is too little for the value that was asked for last. */
  push(chunk: Uint8Array): boolean {
    this.#pending.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#pendingBytes += chunk.byteLength
    if (this.unreadBytes < this.#wanted) return false
    this.#wanted = 0
    const rest = this.#current.subarray(this.#at)
    const [first] = this.#pending
    this.#current = rest.length === 0 && this.#pending.length === 1 && first !== undefined ? first : Buffer.concat([rest, ...this.#pending])
    this.#at = 0
    this.#pending = []
    this.#pendingBytes = 0
    return true
  }

  get unreadBytes(): number {
    return this.#current.length - this.#at + this.#pendingBytes
  }

  /** The unread bytes as they stand, for error messages and markers. */
  peek(lengthMax: number): Buffer {
    return this.#current.subarray(this.#at, this.#at + lengthMax)
  }

  /** An unsigned LEB128 number, or -1 when it is not all there. */
  varint(): number {
    const bytes = this.#current
    let at = this.#at
    let value = 0
    let scale = 1
    for (;;) {
      if (at >= bytes.length) return -1
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) break
      scale *= 128
      if (scale > Number.MAX_SAFE_INTEGER) throw new Error('a number in a Native block is too large')
    }
    this.#at = at
    return value
  }

  /** A length-prefixed UTF-8 string, or null when it is not all there. */
  string(): string | null {
    const start = this.#at
    const length = this.varint()
    if (length < 0) return null
    if (length > stringBytesMax) throw new Error(`a string of ${length} bytes in a Native block`)
    const from = this.#at
    const end = from + length
    if (end > this.#current.length) {
      this.#wanted = end - start
      this.#at = start
      return null
    }
    this.#at = end
    return length === 0 ? '' : this.#current.toString('utf8', from, end)
  }

  /** Copies what is there into `target` from `at` on; gives the new end. */
  fill(target: Uint8Array, at: number): number {
    const length = Math.min(target.length - at, this.#current.length - this.#at)
    target.set(this.#current.subarray(this.#at, this.#at + length), at)
    this.#at += length
    return at + length
  }
}
