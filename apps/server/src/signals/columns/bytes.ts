/** Growing bytes, and the varints and texts of the engine's Native format in them. */

/** Bytes of a varint's value below 2^32. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

const encoder = new TextEncoder()

/** Bytes that grow by doubling. Emptied, they keep their room up to a bound. */
export class GrowingBytes {
  bytes: Uint8Array
  length = 0

  constructor(firstBytes = 1024) {
    this.bytes = new Uint8Array(firstBytes)
  }

  /** Makes room for `more` bytes behind what is there. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  /** Room beyond `keepBytes` is let go. */
  clear(keepBytes = 1_048_576): void {
    this.length = 0
    if (this.bytes.length > keepBytes) this.bytes = new Uint8Array(1024)
  }

  pushByte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  pushVarint(value: number): void {
    this.reserve(5)
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** Little-endian. */
  pushU32(value: number): void {
    this.reserve(4)
    const { bytes } = this
    bytes[this.length] = value
    bytes[this.length + 1] = value >>> 8
    bytes[this.length + 2] = value >>> 16
    bytes[this.length + 3] = value >>> 24
    this.length += 4
  }

  pushBytes(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start
    this.reserve(length)
    const { bytes } = this
    // Below this a loop beats the call.
    if (length < 48) {
      let at = this.length
      for (let i = start; i < end; i++) bytes[at++] = source[i]!
    } else bytes.set(source.subarray(start, end), this.length)
    this.length += length
  }

  /** A length and as many bytes, as the engine's `String`. */
  pushText(source: Uint8Array, start = 0, end = source.length): void {
    this.pushVarint(end - start)
    this.pushBytes(source, start, end)
  }

  /** The same of a JavaScript string, in UTF-8; lone surrogates become U+FFFD. */
  pushString(text: string): void {
    const { length } = text
    this.reserve(length * 3 + 5)
    const start = this.length
    const { bytes } = this
    if (length < 0x80) {
      let at = start + 1
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        bytes[at++] = code
      }
      if (i === length) {
        bytes[start] = length
        this.length = at
        return
      }
    }
    // Encoded behind the longest prefix it may need, then moved to where its prefix ends.
    const { written } = encoder.encodeInto(text, bytes.subarray(start + 5))
    this.pushVarint(written)
    if (this.length < start + 5) bytes.copyWithin(this.length, start + 5, start + 5 + written)
    this.length += written
  }

  /** What is there, as a view. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}
