/**
 * The strings of one remote write 2 request. Their numbers differ from request to request, so each string used gets a number that
 * the whole process knows (verified by its bytes); a series is then found by a few of those instead of by its text.
 */
import { ByteInterner } from '../decode/byte-interner.ts'
import { DecodeError, type ProtoCursor } from '../protobuf/cursor.ts'
import type { ProtocolLimits } from '../limits.ts'

/** Strings of one request; more are refused as malformed. */
const symbolsPerRequestMax = 1_000_000

const noBytes = new Uint8Array(0)

export class SymbolTable {
  count = 0
  #bytes: Uint8Array = noBytes
  #starts = new Uint32Array(1024)
  #ends = new Uint32Array(1024)
  /** Process-wide numbers, 0 while not asked for. */
  #ids = new Uint32Array(1024)
  readonly #known: ByteInterner<number>

  constructor(limits: ProtocolLimits) {
    this.#known = new ByteInterner({ entriesMax: limits.symbolsMax, bytesMax: limits.symbolBytesMax })
  }

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.count = 0
  }

  /** Lets go of the body. */
  release(): void {
    this.#bytes = noBytes
    this.count = 0
  }

  /** Takes the string the cursor stands at (its length comes first). */
  add(cursor: ProtoCursor): void {
    const length = cursor.readLength()
    const at = this.count
    if (at >= symbolsPerRequestMax) throw new DecodeError('there are too many symbols', cursor.pos)
    if (at === 0 && length !== 0) throw new DecodeError('the first symbol is not empty', cursor.pos)
    if (at === this.#starts.length) this.#grow()
    this.#starts[at] = cursor.pos
    this.#ends[at] = cursor.pos + length
    this.#ids[at] = 0
    this.count = at + 1
    cursor.pos += length
  }

  start(symbol: number): number {
    return this.#starts[symbol] ?? 0
  }

  end(symbol: number): number {
    return this.#ends[symbol] ?? 0
  }

  /** The process-wide number of a symbol below `count`; never 0. */
  id(symbol: number): number {
    const known = this.#ids[symbol]!
    if (known !== 0) return known
    const start = this.#starts[symbol]!
    const end = this.#ends[symbol]!
    const entry = this.#known.find(0, this.#bytes, start, end)
    const id = entry >= 0 ? this.#known.valueAt(entry) : this.#known.add(0, this.#bytes, start, end, (next) => next)
    return (this.#ids[symbol] = id)
  }

  /** False once numbers have run out: then nothing may be found by them. */
  get usable(): boolean {
    return !this.#known.full
  }

  #grow(): void {
    const size = this.#starts.length * 2
    const starts = new Uint32Array(size)
    starts.set(this.#starts)
    this.#starts = starts
    const ends = new Uint32Array(size)
    ends.set(this.#ends)
    this.#ends = ends
    const ids = new Uint32Array(size)
    ids.set(this.#ids)
    this.#ids = ids
  }
}
