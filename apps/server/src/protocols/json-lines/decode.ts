/**
 * JSON lines: an object a line, or an array of objects; of plain text, a line a record. Lines that are no object are refused one by one
 * where JSON was promised.
 */
import { isUtf8 } from 'node:buffer'
import { LogsBatch } from '../../logs/index.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { plainArray } from '../log-lines/bytes.ts'
import { afterBlanks, notThere, valueEnd } from '../log-lines/json-text.ts'
import { LineBlock } from '../log-lines/line-block.ts'
import type { LineKernel } from '../log-lines/line-kernel.ts'
import { LineWriter } from '../log-lines/line-writer.ts'

const noBytes = new Uint8Array(0)
const shownBytes = 80

export class JsonLinesDecoder {
  readonly #lines = new LineWriter(new LogsBatch())
  readonly #block: LineBlock
  #bytes: Uint8Array = noBytes
  #isArray = false

  constructor(kernel: LineKernel) {
    this.#block = new LineBlock(this.#lines, kernel, (start, end, number) => this.#object(start, end, number))
  }

  /** Errors: `body.too_many_rows`. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    const bytes = (this.#bytes = plainArray(plain))
    const isText = isUtf8(bytes)
    this.#lines.begin(session.logs, 'json-lines', isText)
    this.#block.begin(bytes, isText)
    try {
      const start = afterBlanks(bytes, 0, bytes.length)
      this.#isArray = bytes[start] === 0x5b
      if (this.#isArray) yield* this.#array(bytes, start + 1, session)
      else yield* this.#eachLine(bytes, session)
    } finally {
      this.#block.end()
      this.#lines.end()
      this.#bytes = noBytes
    }
  }

  *#eachLine(bytes: Uint8Array, session: EventSession): Steps {
    let number = 0
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(0x0a, start)
      const end = newline < 0 ? bytes.length : newline
      number++
      if (afterBlanks(bytes, start, end) < end) this.#block.add(start, end, number)
      start = end + 1
      if (session.isDue()) yield* this.#pause(session)
    }
    this.#block.flush()
  }

  *#array(bytes: Uint8Array, start: number, session: EventSession): Steps {
    const end = bytes.length
    let number = 0
    let at = afterBlanks(bytes, start, end)
    while (at < end && bytes[at] !== 0x5d) {
      number++
      const itemEnd = valueEnd(bytes, at, end)
      if (itemEnd === notThere) break
      this.#block.add(at, itemEnd, number)
      at = afterBlanks(bytes, itemEnd, end)
      if (at < end && bytes[at] === 0x2c) at = afterBlanks(bytes, at + 1, end)
      if (session.isDue()) yield* this.#pause(session)
    }
    this.#block.flush()
    if (at < end && bytes[at] !== 0x5d) this.#refuse(at, end, number)
  }

  *#pause(session: EventSession): Steps {
    this.#block.flush()
    yield* this.#lines.step(session)
  }

  /** Of the open row. */
  #object(start: number, end: number, number: number): void {
    const { row } = this.#lines
    if (this.#lines.object(this.#bytes, start, end)) row.close()
    else {
      row.batch.dropRow()
      this.#refuse(start, end, number)
    }
  }

  #refuse(start: number, end: number, number: number): void {
    const where = this.#isArray ? `Item ${number} of the array` : `Line ${number}`
    const shown = Buffer.from(this.#bytes.subarray(start, Math.min(end, start + shownBytes))).toString('utf8')
    this.#lines.row.batch.refuse(
      'malformed',
      `${where} is no JSON object: ${JSON.stringify(shown)}${end - start > shownBytes ? ' …' : ''}.`,
    )
  }
}
