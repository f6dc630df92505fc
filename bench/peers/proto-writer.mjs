/** Writes protobuf messages. The suite encodes its bodies itself, so that a mistake in the server's own writer cannot hide one in its reader. */

export class ProtoWriter {
  #bytes
  #length = 0

  constructor(sizeBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes)
  }

  /** A copy of what was written; the writer starts again. */
  take() {
    const copy = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return copy
  }

  /** Unsigned, up to 2^53. */
  varint(value) {
    this.#reserve(8)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = 128 + (rest % 128)
    this.#bytes[this.#length++] = rest
    return this
  }

  raw(bytes) {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  double(value) {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
    return this
  }

  /** Unsigned bigint. */
  fixed64(value) {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length)
    return this
  }

  varintField(field, value) {
    return this.varint(field * 8).varint(value)
  }

  fixed64Field(field, value) {
    return this.varint(field * 8 + 1).fixed64(value)
  }

  doubleField(field, value) {
    return this.varint(field * 8 + 1).double(value)
  }

  textField(field, text) {
    const bytes = Buffer.from(text)
    return this.varint(field * 8 + 2)
      .varint(bytes.length)
      .raw(bytes)
  }

  /** A nested message: written first, then moved to make room for its length. */
  message(field, write) {
    this.varint(field * 8 + 2)
    const from = this.#length
    write(this)
    const size = this.#length - from
    const lengthBytes = size < 128 ? 1 : size < 16_384 ? 2 : size < 2_097_152 ? 3 : 4
    this.#reserve(lengthBytes + 8)
    this.#bytes.copyWithin(from + lengthBytes, from, this.#length)
    this.#length = from
    this.varint(size)
    this.#length += size
    return this
  }

  #reserve(count) {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(2 * this.#bytes.length + count)
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
