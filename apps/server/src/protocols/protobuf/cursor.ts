/**
 * Reads protobuf from bytes by position: no objects, no copies, no strings. Every read is checked against the end of the message
 * it is in; a violation throws `DecodeError` with the offset. Wire format: protobuf.dev/programming-guides/encoding.
 */

/** The bytes are not what they should be. Becomes `body.malformed` at the door. */
export class DecodeError extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.name = 'DecodeError'
    this.offset = offset
  }
}

export const wireVarint = 0
export const wireFixed64 = 1
export const wireBytes = 2
export const wireFixed32 = 5

const two28 = 268435456
const two32 = 4294967296
const two56 = 72057594037927936

const noBytes = new Uint8Array(0)

export class ProtoCursor {
  bytes: Uint8Array = noBytes
  view: DataView = new DataView(noBytes.buffer)
  /** Next byte to read. */
  pos = 0
  /** End of the current message, exclusive. */
  end = 0
  /** Words of the last `readFixed64`, unsigned. */
  low = 0
  high = 0

  /** Starts over on `bytes`, which are only borrowed. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.pos = 0
    this.end = bytes.byteLength
  }

  /** Lets go of the bytes, so that an idle cursor keeps no body alive. */
  release(): void {
    this.reset(noBytes)
  }

  /** Field number and wire type as `number << 3 | type`. */
  readTag(): number {
    const pos = this.pos
    if (pos < this.end) {
      const byte = this.bytes[pos]!
      if (byte < 128 && byte >= 8) {
        this.pos = pos + 1
        return byte
      }
    }
    return this.#readLongTag()
  }

  /** Unsigned 64-bit varint as the nearest double. */
  readVarint(): number {
    const pos = this.pos
    if (pos < this.end) {
      const byte = this.bytes[pos]!
      if (byte < 128) {
        this.pos = pos + 1
        return byte
      }
    }
    return this.#readLongVarint(false)
  }

  /** Signed 64-bit varint (`int64`, `int32`) as the nearest double. */
  readInt64(): number {
    const pos = this.pos
    if (pos < this.end) {
      const byte = this.bytes[pos]!
      if (byte < 128) {
        this.pos = pos + 1
        return byte
      }
    }
    return this.#readLongVarint(true)
  }

  /** Zigzag varint (`sint64`, `sint32`) as the nearest double. */
  readZigzag(): number {
    const value = this.readVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  readDouble(): number {
    const at = this.#take(8)
    return this.view.getFloat64(at, true)
  }

  /** `fixed64` into `low` and `high`; the nearest double of it unsigned. */
  readFixed64(): number {
    const at = this.#take(8)
    this.low = this.view.getUint32(at, true)
    this.high = this.view.getUint32(at + 4, true)
    return this.high * two32 + this.low
  }

  /** `sfixed64` as the nearest double. */
  readSfixed64(): number {
    this.readFixed64()
    return (this.high | 0) * two32 + this.low
  }

  /** Length of a nested message, string or packed field; checked to lie within the current message. */
  readLength(): number {
    const length = this.readVarint()
    if (length > this.end - this.pos) throw new DecodeError(`a field of ${length} bytes runs over the end of its message`, this.pos)
    return length
  }

  /** Steps into a nested message. Returns what `leave` needs. */
  enter(): number {
    const length = this.readLength()
    const outer = this.end
    this.end = this.pos + length
    return outer
  }

  /** Steps out of a nested message, wherever the reading stopped in it. */
  leave(outer: number): void {
    this.pos = this.end
    this.end = outer
  }

  /** Passes over the value of `tag`. Groups do not exist in proto3 and are refused. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireVarint:
        this.readVarint()
        return
      case wireFixed64:
        this.#take(8)
        return
      case wireBytes:
        this.skipBytes()
        return
      case wireFixed32:
        this.#take(4)
        return
      default:
        throw new DecodeError(`wire type ${tag & 7} does not exist`, this.pos)
    }
  }

  /** Passes over a string, bytes or nested message, its length first. */
  skipBytes(): void {
    const length = this.readLength()
    this.pos += length
  }

  #take(count: number): number {
    const at = this.pos
    if (at + count > this.end) throw new DecodeError('the message ends in the middle of a number', at)
    this.pos = at + count
    return at
  }

  #readLongTag(): number {
    const at = this.pos
    const tag = this.readVarint()
    if (tag < 8 || tag >= two32) throw new DecodeError('a field number is out of range', at)
    return tag
  }

  /** Up to 10 bytes as 28 + 28 + 8 bits, so that small negatives come out exact. */
  #readLongVarint(signed: boolean): number {
    const bytes = this.bytes
    let pos = this.pos
    let low = 0
    let middle = 0
    let high = 0
    for (let index = 0; ; index++) {
      if (pos >= this.end) throw new DecodeError('the message ends in the middle of a number', this.pos)
      const byte = bytes[pos++]!
      if (index < 4) low |= (byte & 127) << (index * 7)
      else if (index < 8) middle |= (byte & 127) << ((index - 4) * 7)
      else if (index === 8) high = byte & 127
      else if (index === 9 && byte < 2) high |= byte << 7
      else throw new DecodeError('a number has more than 64 bits', this.pos)
      if (byte < 128) break
    }
    this.pos = pos
    if (signed && high >= 128) high -= 256
    return high * two56 + middle * two28 + low
  }
}
