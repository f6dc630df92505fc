/** A column of values of one width: numbers, times, ids. The bytes are the engine's own, little-endian. */
import { GrowingBytes } from './bytes.ts'

const float = new Float32Array(1)
const floatBytes = new Uint8Array(float.buffer)
const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

export class FixedColumn {
  readonly width: number
  readonly data = new GrowingBytes()

  constructor(width: number) {
    this.width = width
  }

  get rows(): number {
    return this.data.length / this.width
  }

  /** Leaves the first `rows`. */
  truncate(rows: number): void {
    this.data.length = rows * this.width
  }

  clear(): void {
    this.data.clear()
  }

  pushU8(value: number): void {
    this.data.pushByte(value)
  }

  pushU16(value: number): void {
    this.data.reserve(2)
    this.data.bytes[this.data.length++] = value
    this.data.bytes[this.data.length++] = value >>> 8
  }

  pushU32(value: number): void {
    this.data.pushU32(value)
  }

  /** Halves of 64 bits, signed or not. */
  pushU64(low: number, high: number): void {
    this.data.pushU32(low)
    this.data.pushU32(high)
  }

  pushF32(value: number): void {
    float[0] = value
    this.data.pushBytes(floatBytes)
  }

  pushF64(value: number): void {
    double[0] = value
    this.data.pushBytes(doubleBytes)
  }

  /** Exactly as many bytes as the column is wide; shorter ones are filled with zeros, longer ones cut. */
  pushRaw(source: Uint8Array, start = 0, end = source.length): void {
    const given = Math.min(end - start, this.width)
    this.data.pushBytes(source, start, start + given)
    this.#pushZeros(this.width - given)
  }

  pushZero(): void {
    this.#pushZeros(this.width)
  }

  /** Adds whole rows: their bytes as the column has them. */
  pushRows(source: Uint8Array): void {
    this.data.pushBytes(source)
  }

  /** Adds the last row so many times again. */
  repeatLast(times: number): void {
    const { data, width } = this
    const more = times * width
    data.reserve(more)
    const from = data.length - width
    // Each copy doubles what there is to copy.
    for (let copied = 0; copied < more;) {
      const size = Math.min(more - copied, copied + width)
      data.bytes.copyWithin(data.length, from, from + size)
      data.length += size
      copied += size
    }
  }

  pushZeros(rows: number): void {
    this.#pushZeros(rows * this.width)
  }

  u8(row: number): number {
    return this.data.bytes[row * this.width]!
  }

  u16(row: number): number {
    const at = row * this.width
    return this.data.bytes[at]! | (this.data.bytes[at + 1]! << 8)
  }

  /** The low 32 bits. */
  u32(row: number, half: 0 | 1 = 0): number {
    const at = row * this.width + half * 4
    const { bytes } = this.data
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  setU8(row: number, value: number): void {
    this.data.bytes[row * this.width] = value
  }

  setU32(row: number, value: number, half: 0 | 1 = 0): void {
    const at = row * this.width + half * 4
    const { bytes } = this.data
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
  }

  f32(row: number): number {
    floatBytes.set(this.data.bytes.subarray(row * 4, row * 4 + 4))
    return float[0]!
  }

  f64(row: number): number {
    doubleBytes.set(this.data.bytes.subarray(row * 8, row * 8 + 8))
    return double[0]!
  }

  /** The value's bytes, as a view. */
  raw(row: number): Uint8Array {
    return this.data.bytes.subarray(row * this.width, (row + 1) * this.width)
  }

  isZero(row: number): boolean {
    const end = (row + 1) * this.width
    for (let i = row * this.width; i < end; i++) if (this.data.bytes[i] !== 0) return false
    return true
  }

  #pushZeros(count: number): void {
    this.data.reserve(count)
    const { bytes } = this.data
    const end = this.data.length + count
    // Below this a loop beats the call.
    if (count <= 16) for (let at = this.data.length; at < end; at++) bytes[at] = 0
    else bytes.fill(0, this.data.length, end)
    this.data.length = end
  }
}
