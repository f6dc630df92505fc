/**
 * OTLP logs (opentelemetry-proto 1.x, collector/logs) to rows, by walking the bytes: texts go from the body to the columns without becoming
 * strings. A body that is an object, as text or as key-value list, is taken apart like any line of JSON.
 */
import { LogsBatch } from '../../logs/index.ts'
import {
  attributeNameBytesMax,
  attributesMax,
  attributeValueBytesMax,
  bodyBytesMax,
  makeResource,
  type Resource,
} from '../../signals/index.ts'
import { ByteInterner } from '../decode/byte-interner.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import type { ProtocolLimits } from '../limits.ts'
import { plainArray } from '../log-lines/bytes.ts'
import { knownResourceBytesMax, knownResourcesMax } from '../log-lines/limits.ts'
import { LineWriter } from '../log-lines/line-writer.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { AttributeReader } from './attributes.ts'
import { nanosParts, splitNanos } from './nanos.ts'
import { resourcePlace } from './resource-place.ts'

const severityMax = 24
const encoder = new TextEncoder()

export class OtlpLogsDecoder {
  readonly #cursor = new ProtoCursor()
  readonly #lines = new LineWriter(new LogsBatch())
  readonly #resources = new ByteInterner<Resource>({ entriesMax: knownResourcesMax, bytesMax: knownResourceBytesMax })
  readonly #attributes: AttributeReader
  readonly #bodies: AttributeReader
  /** Made for the first record: those that have none cost nothing. */
  #hasResource = false
  #resourceStart = 0
  #resourceEnd = 0
  #scope = 0
  #scopeStart = 0
  #scopeEnd = 0
  #eventNameWord = 0
  /** Of the record: where the text of its body lies. */
  #bodyStart = 0
  #bodyEnd = 0
  #eventStart = 0
  #eventEnd = 0

  constructor(limits: ProtocolLimits) {
    this.#attributes = new AttributeReader({ ...limits, labelValueBytesMax: attributeValueBytesMax })
    this.#bodies = new AttributeReader({ ...limits, labelValueBytesMax: 4 * bodyBytesMax })
  }

  /** Errors: `DecodeError`, `body.too_many_rows`. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    const cursor = this.#cursor
    cursor.reset(plainArray(plain))
    this.#lines.begin(session.logs, 'otlp', false)
    this.#eventNameWord = 0
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 10) yield* this.#resourceLogs(session)
        else cursor.skip(tag)
        if (session.isDue()) yield* this.#step(session)
      }
    } finally {
      this.#lines.end()
      cursor.release()
    }
  }

  *#step(session: EventSession): Steps {
    if (!(yield* this.#lines.step(session))) return
    this.#eventNameWord = 0
    this.#scope = this.#scopeWord()
  }

  /** The resource may stand behind its records, so it is looked for first. */
  *#resourceLogs(session: EventSession): Steps {
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#hasResource = false
    const { start, end } = resourcePlace(cursor)
    this.#resourceStart = start
    this.#resourceEnd = end
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) yield* this.#scopeLogs(session)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  #resourceOf(start: number, end: number): Resource {
    const { bytes } = this.#cursor
    const found = this.#resources.find(0, bytes, start, end)
    if (found >= 0) return this.#resources.valueAt(found)
    return this.#resources.add(0, bytes, start, end, () => makeResource(this.#attributes.readWhatFits(bytes, start, end, 10)))
  }

  *#scopeLogs(session: EventSession): Steps {
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#scope = this.#scopeStart = this.#scopeEnd = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) this.#record()
      else if (tag === 10) this.#scopeName()
      else cursor.skip(tag)
      if (session.isDue()) yield* this.#step(session)
    }
    cursor.leave(outer)
  }

  #scopeName(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        const length = cursor.readLength()
        this.#scopeStart = cursor.pos
        this.#scopeEnd = cursor.pos + Math.min(length, attributeNameBytesMax)
        this.#scope = this.#scopeWord()
        cursor.pos += length
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  #scopeWord(): number {
    return this.#lines.row.batch.scope.words.intern(this.#cursor.bytes, this.#scopeStart, this.#scopeEnd)
  }

  #record(): void {
    const cursor = this.#cursor
    const lines = this.#lines
    const { row } = lines
    const outer = cursor.enter()
    if (!this.#hasResource) row.from(this.#resourceOf(this.#resourceStart, this.#resourceEnd))
    this.#hasResource = true
    lines.open()
    row.scope = this.#scope
    this.#bodyStart = this.#bodyEnd = this.#eventStart = this.#eventEnd = 0
    let body: string | null = null
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 50) this.#attribute()
      else if (tag === 42) body = this.#body()
      else this.#field(tag)
    }
    cursor.leave(outer)
    this.#takeBody(body)
    row.close()
  }

  #field(tag: number): void {
    const cursor = this.#cursor
    const { row } = this.#lines
    switch (tag) {
      case 9: // 1 time
        this.#time(true)
        return
      case 89: // 11 observed time
        this.#time(false)
        return
      case 16: {
        // 2 severity number
        const number = cursor.readVarint()
        if (number > 0 && number <= severityMax) row.severity = number
        return
      }
      case 26: {
        // 3 severity text
        const length = cursor.readLength()
        if (row.severity === 0) row.severity = this.#lines.severities.of(cursor.bytes, cursor.pos, cursor.pos + length)
        cursor.pos += length
        return
      }
      case 74: // 9 trace id
        row.hasTraceId = this.#id(row.traceId)
        return
      case 82: // 10 span id
        row.hasSpanId = this.#id(row.spanId)
        return
      case 98: {
        // 12 event name
        const length = cursor.readLength()
        this.#eventStart = cursor.pos
        cursor.pos = this.#eventEnd = cursor.pos + length
        return
      }
      default:
        cursor.skip(tag)
    }
  }

  /** The time of the event counts more than that of its observation. 0 is none. */
  #time(isOfEvent: boolean): void {
    const cursor = this.#cursor
    const { row } = this.#lines
    cursor.readFixed64()
    if ((cursor.low === 0 && cursor.high === 0) || (row.hasTime && !isOfEvent)) return
    splitNanos.of(cursor.low, cursor.high)
    row.hasTime = true
    row.seconds = nanosParts.seconds
    row.nanos = nanosParts.nanos
  }

  /** False when it is of another length. */
  #id(target: Uint8Array): boolean {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const start = cursor.pos
    cursor.pos += length
    if (length !== target.length) return false
    for (let at = 0; at < length; at++) target[at] = cursor.bytes[start + at]!
    return true
  }

  /** AnyValue: a text is remembered by its place, anything else is the text it gives. */
  #body(): string | null {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const [start, end] = [cursor.pos, cursor.pos + length]
    let text: string | null = null
    if (length > 0) {
      const outer = cursor.end
      cursor.end = end
      if (cursor.readTag() === 10) {
        const size = cursor.readLength()
        this.#bodyStart = cursor.pos
        this.#bodyEnd = cursor.pos + size
      } else text = this.#bodies.valueThatFits(cursor.bytes, start, end)
      cursor.end = outer
    }
    cursor.pos = end
    return text
  }

  #takeBody(text: string | null): void {
    const lines = this.#lines
    const { bytes } = this.#cursor
    if (text !== null) {
      const made = encoder.encode(text)
      lines.line(made, 0, made.length)
    } else if (this.#bodyEnd > this.#bodyStart) lines.line(bytes, this.#bodyStart, this.#bodyEnd)
    else if (this.#eventEnd > this.#eventStart) lines.row.body(bytes, this.#eventStart, this.#eventEnd)
    if (this.#eventEnd === this.#eventStart) return
    const { batch } = lines.row
    if (this.#eventNameWord === 0) this.#eventNameWord = batch.attributes.keys.words.internString('event.name')
    lines.row.isText = false
    lines.row.attribute(this.#eventNameWord, bytes, this.#eventStart, this.#eventEnd)
  }

  /** KeyValue. Most values are texts and small numbers; the others take the way of resources. */
  #attribute(): void {
    const cursor = this.#cursor
    const { batch } = this.#lines.row
    const outer = cursor.enter()
    const [start, end] = [cursor.pos, cursor.end]
    let word = 0
    let valueAt = -1
    while (cursor.pos < end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        const length = cursor.readLength()
        word = batch.attributes.keys.words.intern(cursor.bytes, cursor.pos, cursor.pos + Math.min(length, attributeNameBytesMax))
        cursor.pos += length
      } else {
        if (tag === 18) valueAt = cursor.pos
        cursor.skip(tag)
      }
    }
    if (word === 0) batch.leaveOut('attribute_names_limit')
    else this.#value(word, valueAt, start, end)
    cursor.pos = end
    cursor.end = outer
  }

  /** `valueAt`: the AnyValue in the KeyValue `[start, end)`; -1: it has none. */
  #value(word: number, valueAt: number, start: number, end: number): void {
    const cursor = this.#cursor
    const { row } = this.#lines
    const { batch } = row
    let tag = 0
    if (valueAt >= 0) {
      cursor.pos = valueAt
      tag = cursor.readLength() === 0 ? 0 : cursor.readTag()
    }
    if (tag === 10) {
      const length = cursor.readLength()
      row.attribute(word, cursor.bytes, cursor.pos, cursor.pos + length)
      return
    }
    const text = this.#scalar(tag) ?? this.#attributes.memberThatFits(cursor.bytes, start, end)
    if (text === null) batch.leaveOut('attribute_unreadable')
    else if (batch.attributes.openPairs >= attributesMax) batch.leaveOut('attributes_limit')
    else batch.attributes.pairWord(word, text)
  }

  /** Null for a list, a map, bytes, a number beyond what a double holds. */
  #scalar(tag: number): string | null {
    const cursor = this.#cursor
    if (tag === 24) {
      const number = cursor.readInt64()
      return Number.isSafeInteger(number) ? String(number) : null
    }
    if (tag === 33) {
      const number = cursor.readDouble()
      return Number.isFinite(number) ? String(number) : number > 0 ? '+Inf' : number < 0 ? '-Inf' : 'NaN'
    }
    if (tag === 16) return cursor.readVarint() === 0 ? 'false' : 'true'
    return tag === 0 ? '' : null
  }
}
