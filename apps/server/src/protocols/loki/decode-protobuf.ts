/**
 * Loki's push request in protobuf (github.com/grafana/loki, pkg/push/push.proto): streams of entries, structured metadata at each. The
 * resource of a stream is known by the bytes of its labels.
 */
import { AppError } from '../../kernel/errors.ts'
import { LogsBatch } from '../../logs/index.ts'
import { attributeNameBytesMax } from '../../signals/index.ts'
import { ByteInterner } from '../decode/byte-interner.ts'
import { bodyMalformed } from '../errors.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { plainArray } from '../log-lines/bytes.ts'
import { knownResourceBytesMax, knownResourcesMax } from '../log-lines/limits.ts'
import { LineBlock } from '../log-lines/line-block.ts'
import type { LineKernel } from '../log-lines/line-kernel.ts'
import { LineWriter } from '../log-lines/line-writer.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { type LokiStream, parseLabels, streamOf } from './labels.ts'
import { takeMetadata } from './metadata.ts'

const decoder = new TextDecoder()

export class LokiProtobufDecoder {
  readonly #cursor = new ProtoCursor()
  readonly #lines = new LineWriter(new LogsBatch())
  readonly #block: LineBlock
  readonly #streams = new ByteInterner<LokiStream>({ entriesMax: knownResourcesMax, bytesMax: knownResourceBytesMax })
  /** Time of the entry. */
  #seconds = 0
  #nanos = 0

  constructor(kernel: LineKernel) {
    this.#block = new LineBlock(this.#lines, kernel, (start, end) => this.#readLine(start, end))
  }

  /** Errors: `DecodeError`, `body.malformed` for labels that cannot be read, `body.too_many_rows`. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    const cursor = this.#cursor
    cursor.reset(plainArray(plain))
    this.#lines.begin(session.logs, 'loki', false)
    this.#block.begin(cursor.bytes, false)
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 10) yield* this.#stream(session)
        else cursor.skip(tag)
        if (session.isDue()) yield* this.#pause(session)
      }
      this.#block.flush()
    } finally {
      this.#block.end()
      this.#lines.end()
      cursor.release()
    }
  }

  *#stream(session: EventSession): Steps {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let stream: LokiStream | null = null
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        stream = this.#labels()
        this.#block.from(stream.resource, stream.severity)
      } else if (tag === 18) {
        if (stream === null) throw badLabels('a stream has no labels before its entries')
        this.#entry(stream.severity)
      } else cursor.skip(tag)
      if (session.isDue()) yield* this.#pause(session)
    }
    cursor.leave(outer)
  }

  *#pause(session: EventSession): Steps {
    this.#block.flush()
    yield* this.#lines.step(session)
  }

  #labels(): LokiStream {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const start = cursor.pos
    const end = start + length
    cursor.pos = end
    const found = this.#streams.find(0, cursor.bytes, start, end)
    if (found >= 0) return this.#streams.valueAt(found)
    const text = decoder.decode(cursor.bytes.subarray(start, end))
    const labels = parseLabels(text)
    if (labels === null) throw badLabels(`couldn't parse labels: ${text.slice(0, 200)}`)
    return this.#streams.add(0, cursor.bytes, start, end, () => streamOf(labels))
  }

  #entry(severity: number): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let hasTime = false
    let hasMetadata = false
    let lineStart = cursor.pos
    let lineEnd = lineStart
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        this.#time()
        hasTime = true
      } else if (tag === 18) {
        const length = cursor.readLength()
        lineStart = cursor.pos
        cursor.pos = lineEnd = lineStart + length
      } else if (tag === 26) {
        if (!hasMetadata) this.#open(severity)
        hasMetadata = true
        this.#metadata()
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (hasMetadata) {
      if (hasTime) this.#lines.row.at(this.#seconds, this.#nanos)
      this.#readLine(lineStart, lineEnd)
    } else if (hasTime) this.#block.addTimed(lineStart, lineEnd, this.#seconds, this.#nanos)
    else this.#block.add(lineStart, lineEnd, 0)
  }

  /** A row that has more than its line. */
  #open(severity: number): void {
    this.#block.flush()
    this.#lines.open()
    this.#lines.row.severity = severity
  }

  /** Of the open row. */
  #readLine(start: number, end: number): void {
    this.#lines.line(this.#cursor.bytes, start, end)
    this.#lines.row.close()
  }

  /** google.protobuf.Timestamp. */
  #time(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#seconds = this.#nanos = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 8) this.#seconds = cursor.readInt64()
      else if (tag === 16) this.#nanos = Math.min(999_999_999, cursor.readVarint())
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  #metadata(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let [nameStart, nameEnd, valueStart, valueEnd] = [0, 0, 0, 0]
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag !== 10 && tag !== 18) {
        cursor.skip(tag)
        continue
      }
      const length = cursor.readLength()
      if (tag === 10) {
        nameStart = cursor.pos
        nameEnd = nameStart + Math.min(length, attributeNameBytesMax)
      } else {
        valueStart = cursor.pos
        valueEnd = valueStart + length
      }
      cursor.pos += length
    }
    const word = this.#lines.row.batch.attributes.keys.words.intern(cursor.bytes, nameStart, nameEnd)
    if (nameEnd > nameStart) takeMetadata(this.#lines, word, cursor.bytes, valueStart, valueEnd)
    cursor.leave(outer)
  }
}

function badLabels(detail: string): AppError {
  return new AppError(bodyMalformed, {
    publicText: `error at least one label pair is required per stream or labels are invalid: ${detail}`,
  })
}
