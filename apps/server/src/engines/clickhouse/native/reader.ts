/**
 * Reads Native blocks as their bytes arrive, cut anywhere. Every array it gives away is its own copy, aligned and independent
 * of the chunks. A decoder of one block is a generator that yields when it needs more bytes: fixed-size columns are copied
 * as they come and strings are tried in a plain loop, so that waiting costs nothing where nothing is missing.
 * Source of the format: ClickHouse docs, "Native" input/output format, and blocks seen from the engine.
 */
import type { NativeBlock, NativeColumn } from './block.ts'
import { ByteQueue } from './byte-queue.ts'
import { type FixedKind, type NativeType, parseNativeType } from './types.ts'

/** Bounds of one block; more means that the bytes are no Native block. */
const columnsMax = 4096
const valuesMax = 128 * 1024 * 1024

/** How the engine marks that an error message follows in the middle of a result. */
const exceptionMark = Buffer.from('\r\n__exception__\r\n')

type Step<T> = Generator<void, T, void>

/** Longest error message taken out of a result, bytes. */
const exceptionTextMax = 64 * 1024

/** The engine's own error text, found in the middle of a result. */
export class StreamedExceptionError extends Error {
  constructor(text: string) {
    super(text)
    this.name = 'StreamedExceptionError'
  }
}

export class NativeBlockReader {
  readonly #queue = new ByteQueue()
  #block: Step<NativeBlock | null> = readBlock(this.#queue)
  #pushedBytes = 0
  /** Where the block under way began, counted from the first byte. */
  #blockStart = 0

  /** Blocks that this chunk completes; empty ones are left out. Throws a plain `Error` when the bytes are no Native blocks. */
  push(chunk: Uint8Array): NativeBlock[] {
    const blocks: NativeBlock[] = []
    if (chunk.length === 0) return blocks
    this.#pushedBytes += chunk.length
    if (!this.#queue.push(chunk)) return blocks
    for (;;) {
      const step = this.#block.next()
      if (step.done !== true) return blocks
      if (step.value !== null) blocks.push(step.value)
      this.#block = readBlock(this.#queue)
      this.#blockStart = this.#pushedBytes - this.#queue.unreadBytes
      if (this.#queue.unreadBytes === 0) return blocks
    }
  }

  /** To be called at the end of the stream. Throws when it ended inside a block or with the engine's error message. */
  finish(): void {
    if (this.#queue.peek(exceptionMark.length).equals(exceptionMark)) {
      throw new StreamedExceptionError(this.#queue.peek(exceptionTextMax).toString('utf8'))
    }
    if (this.#pushedBytes !== this.#blockStart) throw new Error('the result ended inside a Native block')
  }
}

function* readBlock(queue: ByteQueue): Step<NativeBlock | null> {
  // The mark would read as 13 columns and 10 rows with a first name of 95 bytes, which no statement of ours has.
  while (isMark(queue)) yield
  const columnCount = yield* readCount(queue, columnsMax, 'columns')
  const rows = yield* readCount(queue, valuesMax, 'rows')
  const names: string[] = []
  const columns: NativeColumn[] = []
  for (let i = 0; i < columnCount; i++) {
    names.push(yield* readString(queue))
    const type = parseNativeType(yield* readString(queue))
    // An empty block has no data at all, not even the prefixes.
    if (rows === 0) continue
    yield* readPrefixes(queue, type)
    columns.push(yield* readValues(queue, type, rows))
  }
  return rows === 0 ? null : { rows, names, columns }
}

/** True while the unread bytes are the beginning of the exception mark, or all of it. */
function isMark(queue: ByteQueue): boolean {
  const bytes = queue.peek(exceptionMark.length)
  return bytes.length > 0 && bytes.equals(exceptionMark.subarray(0, bytes.length))
}

/** The version of each dictionary in the type comes before any of its values. */
function* readPrefixes(queue: ByteQueue, type: NativeType): Step<void> {
  switch (type.kind) {
    case 'dictionary': {
      const version = yield* readUint64(queue)
      if (version !== 1) throw new Error(`version ${version} of LowCardinality is unknown`)
      return
    }
    case 'array':
      return yield* readPrefixes(queue, type.inner)
    case 'map':
      yield* readPrefixes(queue, type.key)
      return yield* readPrefixes(queue, type.value)
    case 'fixed':
    case 'string':
  }
}

function* readValues(queue: ByteQueue, type: NativeType, rows: number): Step<NativeColumn> {
  switch (type.kind) {
    case 'fixed':
      return yield* readFixed(queue, type.of, rows)
    case 'string':
      return { kind: 'string', data: yield* readStrings(queue, rows) }
    case 'dictionary':
      return { kind: 'string', data: yield* readDictionary(queue, rows) }
    case 'array': {
      const offsets = yield* readOffsets(queue, rows)
      return { kind: 'array', offsets, inner: yield* readValues(queue, type.inner, lastOf(offsets)) }
    }
    case 'map': {
      const offsets = yield* readOffsets(queue, rows)
      const inner = lastOf(offsets)
      return { kind: 'map', offsets, keys: yield* readValues(queue, type.key, inner), values: yield* readValues(queue, type.value, inner) }
    }
  }
}

function* readFixed(queue: ByteQueue, of: FixedKind, rows: number): Step<NativeColumn> {
  switch (of) {
    case 'u8':
      return { kind: 'u8', data: yield* fill(queue, new Uint8Array(rows)) }
    case 'u16':
      return { kind: 'u16', data: yield* fill(queue, new Uint16Array(rows)) }
    case 'u32':
      return { kind: 'u32', data: yield* fill(queue, new Uint32Array(rows)) }
    case 'i8':
      return { kind: 'i8', data: yield* fill(queue, new Int8Array(rows)) }
    case 'i16':
      return { kind: 'i32', data: Int32Array.from(yield* fill(queue, new Int16Array(rows))) }
    case 'i32':
      return { kind: 'i32', data: yield* fill(queue, new Int32Array(rows)) }
    case 'f32':
      return { kind: 'f64', data: Float64Array.from(yield* fill(queue, new Float32Array(rows))) }
    case 'f64':
      return { kind: 'f64', data: yield* fill(queue, new Float64Array(rows)) }
    case 'u64':
    case 'i64':
      return { kind: 'w64', signed: of === 'i64', data: yield* fill(queue, new Uint32Array(rows * 2)) }
  }
}

/** Fills all of `target` with little-endian bytes. */
function* fill<T extends Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array>(
  queue: ByteQueue,
  target: T,
): Step<T> {
  const bytes = new Uint8Array(target.buffer)
  let at = 0
  while ((at = queue.fill(bytes, at)) < bytes.length) yield
  return target
}

function* readOffsets(queue: ByteQueue, rows: number): Step<Float64Array> {
  const halves = yield* fill(queue, new Uint32Array(rows * 2))
  const offsets = new Float64Array(rows)
  let previous = 0
  for (let row = 0; row < rows; row++) {
    const offset = halves[2 * row]! + halves[2 * row + 1]! * 0x1_0000_0000
    if (offset < previous || offset > valuesMax) throw new Error(`offset ${offset} in a Native block`)
    offsets[row] = previous = offset
  }
  return offsets
}

function lastOf(offsets: Float64Array): number {
  return offsets.length === 0 ? 0 : offsets[offsets.length - 1]!
}

function* readStrings(queue: ByteQueue, rows: number): Step<string[]> {
  const strings: string[] = []
  for (let row = 0; row < rows; row++) {
    let text = queue.string()
    while (text === null) {
      yield
      text = queue.string()
    }
    strings.push(text)
  }
  return strings
}

/** Flags (low byte: log2 of the width of an index), the dictionary's strings, then an index a row. */
function* readDictionary(queue: ByteQueue, rows: number): Step<string[]> {
  if (rows === 0) return []
  const flags = yield* fill(queue, new Uint32Array(2))
  const widthLog2 = flags[0]! & 0xff
  const dictionary = yield* readStrings(queue, yield* readUint64(queue))
  const indexed = yield* readUint64(queue)
  if (indexed !== rows || widthLog2 > 2) throw new Error('a LowCardinality column of an unknown layout')
  const indices = yield* fill(
    queue,
    widthLog2 === 0 ? new Uint8Array(rows) : widthLog2 === 1 ? new Uint16Array(rows) : new Uint32Array(rows),
  )
  const strings: string[] = []
  for (let row = 0; row < rows; row++) {
    const text = dictionary[indices[row]!]
    if (text === undefined) throw new Error('a LowCardinality index beyond its dictionary')
    strings.push(text)
  }
  return strings
}

function* readUint64(queue: ByteQueue): Step<number> {
  const halves = yield* fill(queue, new Uint32Array(2))
  const value = halves[0]! + halves[1]! * 0x1_0000_0000
  if (value > valuesMax) throw new Error(`the number ${value} in a Native block`)
  return value
}

function* readCount(queue: ByteQueue, countMax: number, what: string): Step<number> {
  let count = queue.varint()
  while (count < 0) {
    yield
    count = queue.varint()
  }
  if (count > countMax) throw new Error(`${count} ${what} in a Native block`)
  return count
}

function* readString(queue: ByteQueue): Step<string> {
  let text = queue.string()
  while (text === null) {
    yield
    text = queue.string()
  }
  return text
}
