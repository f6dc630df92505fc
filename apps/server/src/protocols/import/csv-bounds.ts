/**
 * Bounds a CSV file before it is parsed: a parser keeps a record until its end, and its own bound does not count separators, so that a few
 * kB of packed commas would become gigabytes of empty cells.
 */
import { AppError } from '../../kernel/errors.ts'
import { importMapping } from './errors.ts'
import { columnsMax, lineBytesMax } from './limits.ts'

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * The bytes of `body`, chunk by chunk. Errors: `import.mapping` for a record of more than `lineBytesMax` bytes or `columnsMax` cells, and for
 * a delimiter that is no ASCII character.
 */
export async function* boundedCsv(body: AsyncIterable<Uint8Array>, delimiter: string): AsyncGenerator<Uint8Array> {
  const bounds = new RecordBounds(delimiter)
  for await (const chunk of body) {
    bounds.pass(chunk)
    yield chunk
  }
}

/** Where records and cells end must be what the parser takes it for, also where quotes are wrong: else it could be kept from counting. */
class RecordBounds {
  readonly #delimiter: number
  #records = 1
  #sizeBytes = 0
  #cells = 1
  #isQuoted = false
  /** The last byte was a quote within quotes: the end of them, if the next one ends a cell. */
  #isQuoteOpen = false
  /** A quote opens a quoted cell only here. */
  #isCellStart = true

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0)
    if (delimiter.length !== 1 || this.#delimiter > 127)
      throw new AppError(importMapping, { publicText: 'The delimiter has to be one ASCII character.' })
  }

  /** Errors: `import.mapping`. */
  pass(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; at++) {
      const byte = chunk[at] ?? 0
      if (++this.#sizeBytes > lineBytesMax) throw this.#tooLong(`longer than ${lineBytesMax} bytes`)
      if (this.#isQuoted) this.#passQuoted(byte)
      else if (byte === quote && this.#isCellStart) this.#isQuoted = true
      else this.#passPlain(byte)
    }
  }

  #passQuoted(byte: number): void {
    if (!this.#isQuoteOpen) {
      this.#isQuoteOpen = byte === quote
      return
    }
    this.#isQuoteOpen = false
    // The parser takes a zero for the end of what there is.
    if (byte !== this.#delimiter && byte !== lineFeed && byte !== carriageReturn && byte !== 0) return
    this.#isQuoted = false
    this.#passPlain(byte)
  }

  #passPlain(byte: number): void {
    if (byte === lineFeed || byte === carriageReturn) {
      if (this.#sizeBytes > 1) this.#records++
      this.#sizeBytes = 0
      this.#cells = 1
      this.#isCellStart = true
      return
    }
    this.#isCellStart = byte === this.#delimiter
    if (this.#isCellStart && ++this.#cells > columnsMax) throw this.#tooLong(`one of more than ${columnsMax} cells`)
  }

  #tooLong(what: string): AppError {
    return new AppError(importMapping, { publicText: `Record ${this.#records} is ${what}. Is a quote or a line feed missing?` })
  }
}
