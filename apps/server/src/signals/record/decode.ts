/** The payload of a log record → views of its columns, see layout.ts. Sections of unknown columns are passed over, missing ones are empty. */
import { AppError } from '../../kernel/errors.ts'
import { recordDamaged } from '../errors.ts'
import { fixedWidths, type SignalSchema } from '../schema.ts'
import { headerBytes, magic, resourcesId, sectionHeaderBytes, sectionKinds } from './layout.ts'

export interface FixedView {
  readonly kind: 'fixed'
  readonly width: number
  readonly bytes: Uint8Array
}

export interface TextView {
  readonly kind: 'text'
  /** As the engine's `String` column. */
  readonly bytes: Uint8Array
}

export interface WordView {
  readonly kind: 'word'
  /** Words in the dictionary; the first is the empty text. */
  readonly words: number
  readonly dictionary: Uint8Array
  /** A word a row. */
  readonly numbers: Uint8Array | Uint16Array | Uint32Array
}

export interface PairsView {
  readonly kind: 'pairs'
  /** Pairs of each row. */
  readonly counts: Uint8Array | Uint16Array | Uint32Array
  readonly pairs: number
  readonly keys: WordView
  readonly values: TextView
}

export type ColumnView = FixedView | TextView | WordView | PairsView

export interface RecordResource {
  readonly low: number
  readonly high: number
  readonly names: readonly string[]
  readonly values: readonly string[]
}

export interface SignalRecord {
  readonly rows: number
  readonly resources: readonly RecordResource[]
  /** In the order of the schema. */
  readonly columns: readonly ColumnView[]
  fixed(name: string): FixedView
  text(name: string): TextView
  word(name: string): WordView
  pairs(name: string): PairsView
}

/** Bytes of a payload being read; throws `signals.record_damaged` beyond its end. */
class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  take(size: number): Uint8Array {
    const start = this.skip(size)
    return this.bytes.subarray(start, this.at)
  }

  /** Passes over so many bytes; where they begin. */
  skip(size: number): number {
    if (size < 0 || this.at + size > this.end) throw new AppError(recordDamaged, { detail: `a section ends too early at ${this.at}` })
    this.at += size
    return this.at - size
  }

  u8(): number {
    return this.bytes[this.skip(1)]!
  }

  u32(): number {
    const at = this.skip(4)
    const { bytes } = this
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new AppError(recordDamaged, { detail: 'a length is too long' })
  }

  numbers(count: number): Uint8Array | Uint16Array | Uint32Array {
    const width = this.u8()
    const bytes = this.take(count * width)
    if (width === 1) return bytes
    // A copy, because the payload may begin anywhere.
    const copy = bytes.slice().buffer
    if (width === 2) return new Uint16Array(copy)
    if (width === 4) return new Uint32Array(copy)
    throw new AppError(recordDamaged, { detail: `numbers of ${width} bytes` })
  }

  words(rows: number): WordView {
    const words = this.u32()
    const size = this.u32()
    const dictionary = checkedTexts(new Reader(this.take(size), 0, size), words)
    const numbers = this.numbers(rows)
    for (let row = 0; row < rows; row++)
      if (numbers[row]! >= words) throw new AppError(recordDamaged, { detail: `word ${numbers[row]} of ${words}` })
    return { kind: 'word', words, dictionary, numbers }
  }

  rest(): Uint8Array {
    return this.take(this.end - this.at)
  }
}

/** Throws `signals.record_damaged`. */
export function decodeSignalRecord(schema: SignalSchema, payload: Uint8Array): SignalRecord {
  if (payload.length < headerBytes) throw new AppError(recordDamaged, { detail: 'shorter than its header' })
  const reader = new Reader(payload, 0, payload.length)
  if (reader.u32() !== magic) throw new AppError(recordDamaged, { detail: 'not a record of signals' })
  const rows = reader.u32()
  const sections = reader.u32()
  const byId = new Map<number, Reader>()
  for (let i = 0; i < sections; i++) {
    const header = reader.take(sectionHeaderBytes)
    const size = (header[4]! | (header[5]! << 8) | (header[6]! << 16) | (header[7]! << 24)) >>> 0
    const start = reader.at
    reader.take(size)
    byId.set(header[0]! + header[1]! * 256, new Reader(payload, start, start + size))
  }
  const columns = schema.columns.map((spec) => readColumn(spec, rows, byId.get(spec.id + sectionKinds[spec.kind] * 256)))
  const resources = byId.get(resourcesId + sectionKinds.resources * 256)
  return new Decoded(schema, rows, columns, resources === undefined ? [] : readResources(resources))
}

function readColumn(spec: SignalSchema['columns'][number], rows: number, reader: Reader | undefined): ColumnView {
  if (reader === undefined) return emptyColumn(spec, rows)
  switch (spec.kind) {
    case 'fixed':
      return { kind: 'fixed', width: fixedWidths[spec.type], bytes: reader.take(rows * fixedWidths[spec.type]) }
    case 'text':
      return { kind: 'text', bytes: checkedTexts(reader, rows) }
    case 'word':
      return reader.words(rows)
    case 'pairs': {
      const pairs = reader.u32()
      const counts = reader.numbers(rows)
      let total = 0
      for (let row = 0; row < rows; row++) total += counts[row]!
      if (total !== pairs) throw new AppError(recordDamaged, { detail: `${pairs} pairs, ${total} by row` })
      const keys = reader.words(pairs)
      return { kind: 'pairs', counts, pairs, keys, values: { kind: 'text', bytes: checkedTexts(reader, pairs) } }
    }
  }
}

/** The rest of a section, which must be exactly so many texts: an insert joins them without another look. */
function checkedTexts(reader: Reader, rows: number): Uint8Array {
  const bytes = reader.rest()
  let at = 0
  for (let row = 0; row < rows; row++) {
    let length = 0
    let shift = 0
    for (;;) {
      if (at >= bytes.length) throw new AppError(recordDamaged, { detail: 'a text is missing' })
      const byte = bytes[at++]!
      length += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
      shift += 7
    }
    at += length
  }
  if (at !== bytes.length) throw new AppError(recordDamaged, { detail: `texts of ${at} bytes in ${bytes.length}` })
  return bytes
}

function emptyColumn(spec: SignalSchema['columns'][number], rows: number): ColumnView {
  const words = (count: number): WordView => ({ kind: 'word', words: 1, dictionary: new Uint8Array(1), numbers: new Uint8Array(count) })
  switch (spec.kind) {
    case 'fixed':
      return { kind: 'fixed', width: fixedWidths[spec.type], bytes: new Uint8Array(rows * fixedWidths[spec.type]) }
    case 'text':
      return { kind: 'text', bytes: new Uint8Array(rows) }
    case 'word':
      return words(rows)
    case 'pairs':
      return { kind: 'pairs', counts: new Uint8Array(rows), pairs: 0, keys: words(0), values: { kind: 'text', bytes: new Uint8Array(0) } }
  }
}

const decoder = new TextDecoder()

function readResources(reader: Reader): RecordResource[] {
  const count = reader.u32()
  const out: RecordResource[] = []
  for (let i = 0; i < count; i++) {
    const low = reader.u32()
    const high = reader.u32()
    const attributes = reader.u32()
    const start = reader.at
    for (let text = 0; text < attributes * 2; text++) reader.skip(reader.varint())
    out.push(new StoredResource({ low, high, attributes }, reader.bytes, start, reader.at))
  }
  return out
}

/** Most records bring resources that others of the segment bring too, so texts are made only where they are asked for. */
class StoredResource implements RecordResource {
  readonly low: number
  readonly high: number
  readonly #attributes: number
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #end: number
  #texts: readonly string[] | null = null

  // oxlint-disable-next-line max-params -- where it lies in the record
  constructor(of: { low: number; high: number; attributes: number }, bytes: Uint8Array, start: number, end: number) {
    this.low = of.low
    this.high = of.high
    this.#attributes = of.attributes
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  get names(): readonly string[] {
    return this.#read().filter((_text, at) => at % 2 === 0)
  }

  get values(): readonly string[] {
    return this.#read().filter((_text, at) => at % 2 === 1)
  }

  #read(): readonly string[] {
    if (this.#texts !== null) return this.#texts
    const reader = new Reader(this.#bytes, this.#start, this.#end)
    this.#texts = Array.from({ length: this.#attributes * 2 }, () => decoder.decode(reader.take(reader.varint())))
    return this.#texts
  }
}

class Decoded implements SignalRecord {
  readonly rows: number
  readonly columns: readonly ColumnView[]
  readonly resources: readonly RecordResource[]
  readonly #schema: SignalSchema

  // oxlint-disable-next-line max-params -- the parts of one record
  constructor(schema: SignalSchema, rows: number, columns: readonly ColumnView[], resources: readonly RecordResource[]) {
    this.#schema = schema
    this.rows = rows
    this.columns = columns
    this.resources = resources
  }

  fixed(name: string): FixedView {
    return this.#find(name, 'fixed')
  }

  text(name: string): TextView {
    return this.#find(name, 'text')
  }

  word(name: string): WordView {
    return this.#find(name, 'word')
  }

  pairs(name: string): PairsView {
    return this.#find(name, 'pairs')
  }

  #find<K extends ColumnView['kind']>(name: string, kind: K): Extract<ColumnView, { kind: K }> {
    const column = this.columns[this.#schema.columns.findIndex((spec) => spec.name === name)]
    if (column?.kind !== kind) throw new Error(`no ${kind} column ${name}`)
    return column as Extract<ColumnView, { kind: K }>
  }
}
