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
import { LineWriter } from '../log-lines/line-writer.ts'

const shownBytes = 80

export class JsonLinesDecoder {
  readonly #lines = new LineWriter(new LogsBatch());

  /** Errors: `body.too_many_rows`. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    const bytes = plainArray(plain)
    this.#lines.begin(session.logs, 'json-lines', isUtf8(bytes))
    try {
      const start = afterBlanks(bytes, 0, bytes.length)
      if (bytes[start] === 0x5b) yield* this.#array(bytes, start + 1, session)
      else yield* this.#eachLine(bytes, session)
    } finally {
      this.#lines.end()
    }
  }

  *#eachLine(bytes: Uint8Array, session: EventSession): Steps {
    let number = 0
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(0x0a, start)
      const end = newline < 0 ? bytes.length : newline
      number++
      if (afterBlanks(bytes, start, end) < end) this.#object(bytes, start, end, number)
      start = end + 1
      if (session.isDue()) yield* this.#lines.step(session)
    }
  }

  *#array(bytes: Uint8Array, start: number, session: EventSession): Steps {
    const end = bytes.length
    let number = 0
    let at = afterBlanks(bytes, start, end)
    while (at < end && bytes[at] !== 0x5d) {
      number++
      const itemEnd = valueEnd(bytes, at, end)
      if (itemEnd === notThere) {
        this.#refuse(bytes, at, end, `Item ${number} of the array`)
        return
      }
      this.#object(bytes, at, itemEnd, number)
      at = afterBlanks(bytes, itemEnd, end)
      if (at < end && bytes[at] === 0x2c) at = afterBlanks(bytes, at + 1, end)
      if (session.isDue()) yield* this.#lines.step(session)
    }
  }

  #object(bytes: Uint8Array, start: number, end: number, number: number): void {
    const lines = this.#lines
    lines.open()
    if (!lines.object(bytes, start, end)) {
      lines.row.batch.dropRow()
      this.#refuse(bytes, start, end, `Line ${number}`)
      return
    }
    lines.row.close()
  }

  #refuse(bytes: Uint8Array, start: number, end: number, where: string): void {
    const shown = Buffer.from(bytes.subarray(start, Math.min(end, start + shownBytes))).toString('utf8')
    this.#lines.row.batch.refuse(
      'malformed',
      `${where} is no JSON object: ${JSON.stringify(shown)}${end - start > shownBytes ? ' …' : ''}.`,
    )
  }
}
