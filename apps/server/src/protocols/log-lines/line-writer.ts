/** Lines of a body, one after the other: a JSON object or `name=value` pairs are taken apart, anything else is the text it is. */
import { isUtf8 } from 'node:buffer'
import type { LogsBatch } from '../../logs/index.ts'
import type { EventSession } from '../event-session.ts'
import { repaired } from './bytes.ts'
import { JsonLineReader } from './json-line.ts'
import { Scratch } from './json-text.ts'
import { LogRow } from './log-row.ts'
import { refuseTooManyRows } from './row-limit.ts'
import { severityOfLine } from './line-severity.ts'
import { SeverityMemo } from './severity.ts'
import { removeTerminalCodes, TerminalCodes } from './terminal-codes.ts'
import { readTextTime, textTime } from './text-time.ts'

export class LineWriter {
  readonly row: LogRow
  readonly json: JsonLineReader
  readonly severities = new SeverityMemo()
  readonly #codes = new TerminalCodes()
  /** A line without the codes that it came with. */
  readonly #plain = new Scratch()
  #isText = false
  #source = ''

  constructor(batch: LogsBatch) {
    this.row = new LogRow(batch)
    this.json = new JsonLineReader(this.row)
  }

  /** For the rows of a body; `isText`: all of it is UTF-8. */
  begin(batch: LogsBatch, source: string, isText: boolean): void {
    this.#isText = isText
    this.#source = source
    this.row.begin(batch, source, isText)
    this.json.begin()
  }

  /** A pause between rows. True: they go into a further batch from now on, so everything that was a word of the one before is made anew. */
  *step(session: EventSession): Generator<void, boolean> {
    yield
    const { batch, resource } = this.row
    if (batch === session.logs) return false
    this.row.begin(session.logs, this.#source, this.#isText)
    this.row.from(resource)
    this.json.begin()
    return true
  }

  /** The body is read; nothing of it is kept. */
  end(): void {
    this.row.end()
    this.json.end()
    this.#codes.forget()
    this.#plain.clear()
  }

  /** Bytes that lines were read from may have become others. */
  forgetBytes(): void {
    this.#codes.forget()
  }

  /** A new row. Errors: `body.too_many_rows`. */
  open(): void {
    refuseTooManyRows(this.row.batch)
    this.row.isText = this.#isText
    this.row.open()
  }

  /** The text of the open row. */
  line(bytes: Uint8Array, start: number, end: number): void {
    if (this.#codes.isIn(bytes, start, end)) {
      const plain = this.#plain
      plain.length = 0
      plain.append(bytes, start, end)
      this.#line(plain.bytes, 0, removeTerminalCodes(plain.bytes, 0, plain.length))
    } else this.#line(bytes, start, end)
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isText || isUtf8(bytes.subarray(start, end))) this.#text(bytes, start, end)
    else {
      const text = repaired(bytes, start, end)
      this.#text(text, 0, text.length)
    }
  }

  /** The object of the open row. False: it is none, and the row is to be dropped. */
  object(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isText) return this.json.read(bytes, start, end)
    const text = repaired(bytes, start, end)
    this.row.isText = true
    return this.json.read(text, 0, text.length)
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    const { row } = this
    row.isText = true
    if (this.json.read(bytes, start, end) || this.json.readPairs(bytes, start, end)) return
    row.body(bytes, start, end)
    if (row.severity === 0) row.severity = severityOfLine(bytes, start, end)
    if (!row.hasTime && readTextTime(bytes, start, end, row.batch.nowMs)) row.at(textTime.seconds, textTime.nanos)
  }
}
