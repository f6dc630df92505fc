/** Events and links of an OTLP span as JSON, and attribute values that are neither texts nor small numbers. Few spans have them. */
import { eventsBytesMax, eventsPerSpanMax, linksPerSpanMax, type SpansBatch } from '../../traces/index.ts'
import type { ProtoCursor } from '../protobuf/cursor.ts'
import type { AttributeReader } from './attributes.ts'

const utf8 = new TextDecoder()

export class SpanDetails {
  readonly #reader: AttributeReader
  #events: string[] = []
  #eventsBytes = 0
  #links: string[] = []
  #linksBytes = 0
  /** Events and links beyond the bounds. */
  #leftOut = 0

  constructor(reader: AttributeReader) {
    this.#reader = reader
  }

  begin(): void {
    if (this.#events.length > 0) this.#events = []
    if (this.#links.length > 0) this.#links = []
    this.#eventsBytes = this.#linksBytes = this.#leftOut = 0
  }

  /** The cursor stands before the event's length. */
  event(cursor: ProtoCursor): void {
    const outer = cursor.enter()
    const [start, end] = [cursor.pos, cursor.end]
    let name = ''
    let time = '0'
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 9) {
        cursor.readFixed64()
        time = (BigInt(cursor.high) * 0x1_0000_0000n + BigInt(cursor.low)).toString()
      } else if (tag === 18) name = this.#text(cursor)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (this.#events.length >= eventsPerSpanMax) {
      this.#leftOut++
      return
    }
    const attributes = Object.fromEntries(this.#reader.readWhatFits(cursor.bytes, start, end, 26))
    this.#eventsBytes = this.#add(this.#events, this.#eventsBytes, JSON.stringify({ name, timeUnixNano: time, attributes }))
  }

  link(cursor: ProtoCursor): void {
    const outer = cursor.enter()
    const [start, end] = [cursor.pos, cursor.end]
    let [traceId, spanId] = ['', '']
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) traceId = this.#hex(cursor)
      else if (tag === 18) spanId = this.#hex(cursor)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (traceId.length !== 32 || spanId.length !== 16) return
    if (this.#links.length >= linksPerSpanMax) {
      this.#leftOut++
      return
    }
    const attributes = Object.fromEntries(this.#reader.readWhatFits(cursor.bytes, start, end, 34))
    this.#linksBytes = this.#add(this.#links, this.#linksBytes, JSON.stringify({ traceId, spanId, attributes }))
  }

  /** Pushes the columns of the open row. */
  write(batch: SpansBatch): void {
    if (this.#events.length > 0) batch.events.pushString(`[${this.#events.join(',')}]`)
    if (this.#links.length > 0) batch.links.pushString(`[${this.#links.join(',')}]`)
    batch.leaveOut('events_limit', this.#leftOut)
  }

  /** The value of the KeyValue that is `bytes[start, end)`, of any type; null when it cannot be read or is too deep. */
  valueOf(bytes: Uint8Array, start: number, end: number): string | null {
    // As a field of a message: the reader looks for fields, so the one before the key's length is given to it.
    const framed = new Uint8Array(end - start + 6)
    framed[0] = 10
    let at = 1
    for (let rest = end - start; ; rest >>>= 7) {
      framed[at++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80
      if (rest < 0x80) break
    }
    framed.set(bytes.subarray(start, end), at)
    const [found] = this.#reader.readWhatFits(framed, 0, at + end - start, 10)
    return found === undefined ? null : found[1]
  }

  #add(list: string[], sizeBytes: number, json: string): number {
    if (sizeBytes + json.length > eventsBytesMax) {
      this.#leftOut++
      return sizeBytes
    }
    list.push(json)
    return sizeBytes + json.length
  }

  #text(cursor: ProtoCursor): string {
    const length = cursor.readLength()
    cursor.pos += length
    return utf8.decode(cursor.bytes.subarray(cursor.pos - length, cursor.pos - length + Math.min(length, 1000)))
  }

  #hex(cursor: ProtoCursor): string {
    const length = cursor.readLength()
    cursor.pos += length
    return Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.pos - length, Math.min(length, 16)).toString('hex')
  }
}
