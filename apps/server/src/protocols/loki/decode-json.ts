/**
 * Loki's push request in JSON: `{"streams":[{"stream":{labels},"values":[["<ns>","<line>",{metadata}], …]}]}`. Walked byte by byte: no object
 * is made but those of labels not seen before.
 */
import { isUtf8 } from 'node:buffer'
import { AppError } from '../../kernel/errors.ts'
import { LogsBatch } from '../../logs/index.ts'
import { attributeNameBytesMax } from '../../signals/index.ts'
import { ByteInterner } from '../decode/byte-interner.ts'
import { bodyMalformed } from '../errors.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { plainArray } from '../log-lines/bytes.ts'
import { LineBlock } from '../log-lines/line-block.ts'
import { blockBytesMax, type LineKernel } from '../log-lines/line-kernel.ts'
import { afterBlanks, isWord, notThere, Scratch, stringEnd, stringRead, valueEnd } from '../log-lines/json-text.ts'
import { knownResourceBytesMax, knownResourcesMax } from '../log-lines/limits.ts'
import { LineWriter } from '../log-lines/line-writer.ts'
import { readNanos, timeRead } from '../log-lines/times.ts'
import { type Label, type LokiStream, streamOf } from './labels.ts'
import { takeMetadata } from './metadata.ts'

const decoder = new TextDecoder()
const nothing = new Uint8Array(0)

export class LokiJsonDecoder {
  readonly #lines = new LineWriter(new LogsBatch())
  readonly #streams = new ByteInterner<LokiStream>({ entriesMax: knownResourcesMax, bytesMax: knownResourceBytesMax })
  /** Lines without their escapes, one behind the other. */
  readonly #text = new Scratch()
  readonly #value = new Scratch()
  #bytes: Uint8Array = nothing
  #at = 0
  readonly #block: LineBlock

  constructor(kernel: LineKernel) {
    this.#block = new LineBlock(this.#lines, kernel, (start, end) => this.#readLine(start, end))
  }

  /** Errors: `body.malformed`, `body.too_many_rows`. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    this.#bytes = plainArray(plain)
    this.#at = 0
    const isText = isUtf8(plain)
    this.#lines.begin(session.logs, 'loki', isText)
    this.#text.reserve(blockBytesMax)
    this.#block.begin(this.#text.bytes, isText)
    try {
      yield* this.#longMembers((name) => this.#is(name, 'streams') && this.#items(session, () => this.#stream(session)))
      if (afterBlanks(this.#bytes, this.#at, this.#bytes.length) !== this.#bytes.length) throw this.#bad('there is more behind the object')
      this.#block.flush()
    } finally {
      this.#block.end()
      this.#lines.end()
      this.#text.clear()
      this.#value.clear()
      this.#bytes = nothing
    }
  }

  *#stream(session: EventSession): Steps {
    let stream: LokiStream | null = null
    let valuesAt = notThere
    yield* this.#longMembers((name) => {
      if (this.#is(name, 'stream')) {
        stream = this.#labels()
        return true
      }
      if (!this.#is(name, 'values')) return false
      if (stream !== null) return this.#values(stream, session)
      // Its labels come behind: the lines are read when those are known.
      valuesAt = this.#at
      return false
    })
    const end = this.#at
    if (valuesAt === notThere) return
    this.#at = valuesAt
    yield* this.#values(stream ?? streamOf([]), session)
    this.#at = end
  }

  #labels(): LokiStream {
    const start = this.#at
    const end = valueEnd(this.#bytes, start, this.#bytes.length)
    if (end === notThere) throw this.#bad('the labels of a stream do not end')
    this.#at = end
    const found = this.#streams.find(0, this.#bytes, start, end)
    if (found >= 0) return this.#streams.valueAt(found)
    const labels = parseLabelObject(decoder.decode(this.#bytes.subarray(start, end)))
    if (labels === null) throw this.#bad('the labels of a stream are no object of texts')
    return this.#streams.add(0, this.#bytes, start, end, () => streamOf(labels))
  }

  *#values(stream: LokiStream, session: EventSession): Steps {
    this.#block.from(stream.resource, stream.severity)
    yield* this.#items(session, () => this.#entry(stream.severity))
  }

  /** `["<ns>", "<line>"]` or `["<ns>", "<line>", {metadata}]`. */
  #entry(severity: number): void {
    const bytes = this.#bytes
    this.#expect(0x5b)
    const timeAt = this.#string()
    if (!readNanos(bytes, timeAt, this.#at - 1)) throw this.#bad('the time of an entry is no number of nanoseconds')
    const { seconds, nanos } = timeRead
    this.#expect(0x2c)
    const lineAt = this.#string()
    const lineEnd = this.#at - 1
    const { hasEscapes } = stringRead
    this.#skipBlanks()
    const hasMetadata = bytes[this.#at] === 0x2c
    if (hasMetadata) {
      const { row } = this.#lines
      this.#block.flush()
      this.#lines.open()
      row.severity = severity
      row.at(seconds, nanos)
      this.#at++
      this.#skipBlanks()
      this.#metadata()
    }
    this.#expect(0x5d)
    const start = this.#place(lineAt, lineEnd, hasEscapes)
    if (hasMetadata) this.#readLine(start, this.#text.length)
    else this.#block.addTimed(start, this.#text.length, seconds, nanos)
  }

  /** Puts the text of a line behind those that wait; gives where it begins. */
  #place(lineAt: number, lineEnd: number, hasEscapes: boolean): number {
    const text = this.#text
    if (text.length + lineEnd - lineAt > text.bytes.length) {
      this.#block.flush()
      text.length = 0
      text.reserve(lineEnd - lineAt)
      this.#block.readFrom(text.bytes)
    }
    if (this.#block.isEmpty) this.#lines.forgetBytes()
    const start = text.length
    if (!hasEscapes) text.append(this.#bytes, lineAt, lineEnd)
    else if (!text.appendUnescaped(this.#bytes, lineAt, lineEnd)) throw this.#bad('a text has an escape that is none')
    return start
  }

  /** Of the open row. */
  #readLine(start: number, end: number): void {
    this.#lines.line(this.#text.bytes, start, end)
    this.#lines.row.close()
  }

  #metadata(): void {
    const { words } = this.#lines.row.batch.attributes.keys
    this.#members((name) => {
      if (name === notThere || this.#bytes[this.#at] !== 0x22) return false
      const word = words.intern(this.#bytes, name, Math.min(this.#nameEnd, name + attributeNameBytesMax))
      const start = this.#string()
      const end = this.#at - 1
      if (!stringRead.hasEscapes) takeMetadata(this.#lines, word, this.#bytes, start, end)
      else {
        this.#value.length = 0
        if (!this.#value.appendUnescaped(this.#bytes, start, end)) throw this.#bad('a text has an escape that is none')
        takeMetadata(this.#lines, word, this.#value.bytes, 0, this.#value.length)
      }
      return true
    })
  }

  /** Where the name of the member ends whose value is next. */
  #nameEnd = 0

  /** The members of the object at `#at`. `take` gets where the name begins, and may read the value; else it is passed over. */
  #members(take: (nameAt: number) => boolean): void {
    if (!this.#hasMembers()) return
    do {
      if (!take(this.#name())) this.#pass()
    } while (!this.#ends(0x7d))
  }

  /** As `#members`, where a value may be long: `take` gives the steps in which it reads it. */
  *#longMembers(take: (nameAt: number) => Steps | boolean): Steps {
    if (!this.#hasMembers()) return
    do {
      const nameAt = this.#name()
      const taken = take(nameAt)
      if (taken === false) this.#pass()
      else if (taken !== true) yield* taken
    } while (!this.#ends(0x7d))
  }

  /** Passes over the bracket of the object at `#at`; an empty one is passed over whole. */
  #hasMembers(): boolean {
    this.#expect(0x7b)
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== 0x7d) return true
    this.#at++
    return false
  }

  /** The name of the member at `#at`; then its value is next. */
  #name(): number {
    this.#skipBlanks()
    const nameAt = this.#string()
    this.#nameEnd = this.#at - 1
    this.#expect(0x3a)
    this.#skipBlanks()
    return nameAt
  }

  /** The items of the array at `#at`; null is an empty one. */
  *#items(session: EventSession, take: () => Steps | void): Steps {
    if (isWord(this.#bytes, this.#at, this.#at + 4, 'null')) {
      this.#at += 4
      return
    }
    this.#expect(0x5b)
    this.#skipBlanks()
    if (this.#bytes[this.#at] === 0x5d) {
      this.#at++
      return
    }
    do {
      this.#skipBlanks()
      const steps = take()
      if (steps !== undefined) yield* steps
      if (session.isDue()) {
        this.#block.flush()
        yield* this.#lines.step(session)
      }
    } while (!this.#ends(0x5d))
  }

  /** True behind the closing bracket, false behind a comma. */
  #ends(closing: number): boolean {
    this.#skipBlanks()
    const byte = this.#bytes[this.#at++]
    if (byte === closing) return true
    if (byte !== 0x2c) throw this.#bad(`'${String.fromCharCode(closing)}' or ',' is missing`)
    return false
  }

  #is(nameAt: number, name: string): boolean {
    return isWord(this.#bytes, nameAt, this.#nameEnd, name)
  }

  #pass(): void {
    const end = valueEnd(this.#bytes, this.#at, this.#bytes.length)
    if (end === notThere) throw this.#bad('a value does not end')
    this.#at = end
  }

  /** Where the content of the string at `#at` begins; afterwards we are behind its last quote. */
  #string(): number {
    this.#expect(0x22)
    const start = this.#at
    const end = stringEnd(this.#bytes, start, this.#bytes.length)
    if (end === notThere) throw this.#bad('a text does not end')
    this.#at = end + 1
    return start
  }

  #expect(byte: number): void {
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== byte) throw this.#bad(`'${String.fromCharCode(byte)}' is missing`)
    this.#at++
  }

  #skipBlanks(): void {
    if (this.#bytes[this.#at]! <= 0x20) this.#at = afterBlanks(this.#bytes, this.#at, this.#bytes.length)
  }

  #bad(detail: string): AppError {
    return new AppError(bodyMalformed, { publicText: `The request body is no push request in JSON: ${detail}, at byte ${this.#at}.` })
  }
}

function parseLabelObject(text: string): Label[] | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null
  const labels: Label[] = []
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value !== 'string') return null
    labels.push([name, value])
  }
  return labels
}
