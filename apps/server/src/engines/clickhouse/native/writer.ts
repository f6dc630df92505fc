/**
 * Writes Native blocks: columns in, one exactly sized buffer out, or pieces that are views of the columns. The engine converts types on its
 * side, so a `LowCardinality(String)` table column may be sent as `String`. Layout of a block: varint columns, varint rows,
 * then of each column its name, its type and its values. Assumes a little-endian machine, as every platform of Node's is
 * that the engine runs on. Source of the format: ClickHouse docs, "Native" input/output format.
 */
import type { NativeColumn } from './block.ts'

export interface NativeWriteColumn {
  readonly name: string
  /** The engine's type name, e.g. `UInt32`, `DateTime`, `Map(String, String)`. Must be as wide as the values' kind. */
  readonly type: string
  /** Arrays may be longer than the block; only the first rows are written. */
  readonly values: NativeColumn | EncodedColumn
}

/** A column whose values are encoded already, for all rows of the block, prefixes of its type included. Written as they are, one after another. */
export interface EncodedColumn {
  readonly kind: 'encoded'
  readonly pieces: readonly Uint8Array[]
}

/** Encodes the first `rows` rows of the columns as one block. Throws a plain `Error` when a column is too short. */
export function encodeNativeBlock(rows: number, columns: readonly NativeWriteColumn[]): Uint8Array {
  const lengths: Uint32Array[] = []
  let sizeBytes = varintSize(columns.length) + varintSize(rows)
  for (const { name, type, values } of columns) {
    sizeBytes += textSize(name) + textSize(type) + measure(values, rows, lengths)
  }
  const target = new Target(sizeBytes, lengths)
  target.varint(columns.length)
  target.varint(rows)
  for (const { name, type, values } of columns) {
    target.text(name, Buffer.byteLength(name))
    target.text(type, Buffer.byteLength(type))
    target.values(values, rows)
  }
  return target.finish()
}

/**
 * The same block in pieces: columns of fixed width as views of their arrays, which must stay as they are until the pieces are sent.
 * Spares a large block the copy, and the pages it would need.
 */
export function encodeNativePieces(rows: number, columns: readonly NativeWriteColumn[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const head = new Target(varintSize(columns.length) + varintSize(rows), [])
  head.varint(columns.length)
  head.varint(rows)
  pieces.push(head.finish())
  for (const { name, type, values } of columns) {
    const fixed = fixedColumn(values, rows)
    const lengths: Uint32Array[] = []
    const valueBytes = fixed === null ? measure(values, rows, lengths) : 0
    const target = new Target(textSize(name) + textSize(type) + valueBytes, lengths)
    target.text(name, Buffer.byteLength(name))
    target.text(type, Buffer.byteLength(type))
    if (fixed === null) target.values(values, rows)
    pieces.push(target.finish())
    if (fixed !== null) pieces.push(...fixed)
  }
  return pieces
}

/** The values' own bytes, or null when they must be written one by one. */
function fixedColumn(column: NativeWriteColumn['values'], rows: number): readonly Uint8Array[] | null {
  if (column.kind === 'encoded') return column.pieces
  if (column.kind === 'string' || column.kind === 'array' || column.kind === 'map') return null
  return [fixedBytes(column, rows)]
}

/** Bytes of `rows` values; remembers each string's length in UTF-8 so that it is measured once. */
function measure(column: NativeWriteColumn['values'], rows: number, lengths: Uint32Array[]): number {
  switch (column.kind) {
    case 'encoded':
      return column.pieces.reduce((sum, piece) => sum + piece.length, 0)
    case 'string': {
      if (column.data.length < rows) throw tooShort(column.kind)
      const sizes = new Uint32Array(rows)
      lengths.push(sizes)
      return measureStrings(column.data, rows, sizes)
    }
    case 'array':
      return rows * 8 + measure(column.inner, innerRows(column.offsets, rows), lengths)
    case 'map': {
      const inner = innerRows(column.offsets, rows)
      return rows * 8 + measure(column.keys, inner, lengths) + measure(column.values, inner, lengths)
    }
    case 'w64':
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i8':
    case 'i32':
    case 'f64':
      return fixedBytes(column, rows).byteLength
  }
}

function measureStrings(data: readonly string[], rows: number, sizes: Uint32Array): number {
  let total = 0
  for (let row = 0; row < rows; row++) {
    const length = Buffer.byteLength(data[row]!)
    sizes[row] = length
    total += varintSize(length) + length
  }
  return total
}

type FixedColumn = Exclude<NativeColumn, { readonly kind: 'string' | 'array' | 'map' }>

/** The bytes of the first `rows` values, as a view. */
function fixedBytes({ kind, data }: FixedColumn, rows: number): Uint8Array {
  const length = kind === 'w64' ? rows * 2 : rows
  if (data.length < length) throw tooShort(kind)
  return new Uint8Array(data.buffer, data.byteOffset, length * data.BYTES_PER_ELEMENT)
}

function innerRows(offsets: Float64Array, rows: number): number {
  if (offsets.length < rows) throw tooShort('offsets')
  return rows === 0 ? 0 : offsets[rows - 1]!
}

function tooShort(kind: string): Error {
  return new Error(`a ${kind} column has fewer values than the block has rows`)
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

function textSize(text: string): number {
  const length = Buffer.byteLength(text)
  return varintSize(length) + length
}

/** Below this many characters a loop beats the call into the runtime. */
const shortTextMax = 24

class Target {
  readonly #bytes: Buffer
  readonly #lengths: readonly Uint32Array[]
  #nextLengths = 0
  #at = 0

  constructor(sizeBytes: number, lengths: readonly Uint32Array[]) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes)
    this.#lengths = lengths
  }

  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new Error(`a Native block of ${this.#bytes.length} bytes ended at ${this.#at}`)
    return this.#bytes
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  /** `lengthBytes`: size of `text` in UTF-8. */
  text(text: string, lengthBytes: number): void {
    this.varint(lengthBytes)
    const at = this.#at
    this.#at = at + lengthBytes
    if (lengthBytes !== text.length) {
      this.#bytes.write(text, at, 'utf8')
    } else if (lengthBytes > shortTextMax) {
      this.#bytes.write(text, at, 'latin1')
    } else {
      for (let i = 0; i < lengthBytes; i++) this.#bytes[at + i] = text.charCodeAt(i)
    }
  }

  values(column: NativeWriteColumn['values'], rows: number): void {
    switch (column.kind) {
      case 'encoded':
        for (const piece of column.pieces) this.#fixed(piece)
        return
      case 'string': {
        const sizes = this.#lengths[this.#nextLengths++]!
        for (let row = 0; row < rows; row++) this.text(column.data[row]!, sizes[row]!)
        return
      }
      case 'array':
        this.#offsets(column.offsets, rows)
        this.values(column.inner, innerRows(column.offsets, rows))
        return
      case 'map': {
        const inner = innerRows(column.offsets, rows)
        this.#offsets(column.offsets, rows)
        this.values(column.keys, inner)
        this.values(column.values, inner)
        return
      }
      case 'w64':
      case 'u8':
      case 'u16':
      case 'u32':
      case 'i8':
      case 'i32':
      case 'f64':
        this.#fixed(fixedBytes(column, rows))
    }
  }

  #fixed(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** End offsets as UInt64. */
  #offsets(offsets: Float64Array, rows: number): void {
    let at = this.#at
    for (let row = 0; row < rows; row++) {
      const offset = offsets[row]!
      const high = Math.floor(offset / 0x1_0000_0000)
      this.#bytes.writeUInt32LE(offset - high * 0x1_0000_0000, at)
      this.#bytes.writeUInt32LE(high, at + 4)
      at += 8
    }
    this.#at = at
  }
}
