/** Writes small protobuf messages: answers, and OTLP JSON turned into OTLP protobuf. Grows by doubling; proto3 defaults are the caller's business. */

const two32 = 4294967296

export class ProtoWriter {
  #bytes: Buffer
  #length = 0

  constructor(sizeBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes)
  }

  get length(): number {
    return this.#length
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  tag(field: number, wire: number): this {
    return this.varint(field * 8 + wire)
  }

  /** Unsigned, up to 2^53. */
  varint(value: number): this {
    this.#room(10)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
    return this
  }

  /** Any 64-bit value, two's complement for negatives. */
  varint64(value: bigint): this {
    this.#room(10)
    let rest = BigInt.asUintN(64, value)
    while (rest >= 128n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
    return this
  }

  zigzag(value: number): this {
    return this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  double(value: number): this {
    this.#room(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
    return this
  }

  fixed64(value: bigint): this {
    this.#room(8)
    this.#length = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length)
    return this
  }

  /** Unsigned whole number up to 2^53 as fixed64. */
  fixed64Number(value: number): this {
    this.#room(8)
    this.#length = this.#bytes.writeUInt32LE(value % two32, this.#length)
    this.#length = this.#bytes.writeUInt32LE(Math.floor(value / two32), this.#length)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  bytesField(field: number, bytes: Uint8Array): this {
    return this.tag(field, 2).varint(bytes.length).raw(bytes)
  }

  stringField(field: number, text: string): this {
    return this.bytesField(field, Buffer.from(text))
  }

  varintField(field: number, value: number): this {
    return this.tag(field, 0).varint(value)
  }

  doubleField(field: number, value: number): this {
    return this.tag(field, 1).double(value)
  }

  /** A nested message: `write` fills it in place; its length is put before it afterwards. */
  messageField(field: number, write: (writer: this) => void): this {
    const from = this.open(field)
    write(this)
    return this.close(from)
  }

  /** Begins a nested message; the result is for `close`, once it is filled. */
  open(field: number): number {
    return this.tag(field, 2).#length
  }

  /** Ends the nested message that was opened last, and puts its length before it. */
  close(from: number): this {
    const size = this.#length - from
    const sizeLength = varintSize(size)
    // 10 more, because `varint` below may ask for as much while the length says that the message is not there.
    this.#room(sizeLength + 10)
    this.#bytes.copyWithin(from + sizeLength, from, this.#length)
    this.#length = from
    this.varint(size)
    this.#length = from + sizeLength + size
    return this
  }

  #room(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}
