/** Writes protobuf's wire format into a buffer that grows. Only what a remote write body needs. */

const encoder = new TextEncoder()

export class ByteWriter {
  #buffer: Uint8Array
  #view: DataView
  #length = 0

  /** `sizeBytes` is a guess; being wrong costs a copy. */
  constructor(sizeBytes: number) {
    this.#buffer = new Uint8Array(sizeBytes)
    this.#view = new DataView(this.#buffer.buffer)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + count))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }

  /** Field number and wire type (0 varint, 1 fixed 64, 2 length-delimited). */
  key(field: number, wireType: number): void {
    this.varint(field * 8 + wireType)
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
  }

  double(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  message(field: number, bytes: Uint8Array): void {
    this.key(field, 2)
    this.varint(bytes.length)
    this.raw(bytes)
  }

  text(field: number, value: string): void {
    this.message(field, encoder.encode(value))
  }

  /** What was written; a view, good until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }
}
