/**
 * OTLP traces (opentelemetry-proto 1.x, collector/trace) to rows of spans, by walking the bytes. What a row needs is remembered by its place
 * in the bytes and pushed when the span is complete; texts go from the body to the columns without becoming strings.
 */
import { attributeNameBytesMax, attributesMax, makeResource, type Resource } from '../../signals/index.ts'
import {
  nameBytesMax,
  roleOf,
  SpanFacts,
  SpansBatch,
  spanRoles,
  statusMessageBytesMax,
  unknownService,
  weightOfTraceState,
} from '../../traces/index.ts'
import { ByteInterner } from '../decode/byte-interner.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import type { ProtocolLimits } from '../limits.ts'
import { plainArray } from '../log-lines/bytes.ts'
import { knownResourceBytesMax, knownResourcesMax } from '../log-lines/limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { AttributeReader } from './attributes.ts'
import { splitNanos, nanosParts } from './nanos.ts'
import { SpanDetails } from './span-details.ts'
import { resourcePlace } from './resource-place.ts'

const traceIdBytes = 16
const spanIdBytes = 8
const latin1 = new TextDecoder('latin1')

/** Where the fields of a span lie in the body. A place of 0 is none: no field begins there. */
class SpanPlaces {
  traceId = 0
  spanId = 0
  parentId = 0
  name = 0
  nameEnd = 0
  kind = 0
  startLow = 0
  startHigh = 0
  endLow = 0
  endHigh = 0
  status = 0
  message = 0
  messageEnd = 0
  weight = 1

  clear(): void {
    this.traceId = this.spanId = this.parentId = 0
    this.name = this.nameEnd = this.kind = 0
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0
    this.status = this.message = this.messageEnd = 0
    this.weight = 1
  }
}

export class OtlpTracesDecoder {
  readonly #cursor = new ProtoCursor()
  readonly #reader: AttributeReader
  readonly #details: SpanDetails
  readonly #facts = new SpanFacts()
  readonly #places = new SpanPlaces()
  readonly #resources = new ByteInterner<Resource>({ entriesMax: knownResourcesMax, bytesMax: knownResourceBytesMax })
  /** Made for the first span: those that have none cost nothing. */
  #resource: Resource | null = null
  #resourceStart = 0
  #resourceEnd = 0
  #batch: SpansBatch = new SpansBatch()
  #scope = 0
  #scopeStart = 0
  #scopeEnd = 0
  /** Of each name in the batch's dictionary of attributes, as far as they are known. */
  #roles = new Uint8Array(256)
  #rolesKnown = 0

  constructor(limits: ProtocolLimits) {
    this.#reader = new AttributeReader({ ...limits, labelValueBytesMax: 32_768 })
    this.#details = new SpanDetails(this.#reader)
  }

  /** Throws `DecodeError` for a body that is no request of this kind. */
  *decode(plain: Uint8Array, session: EventSession): Steps {
    const cursor = this.#cursor
    this.#batch = session.spans
    this.#rolesKnown = 0
    cursor.reset(plainArray(plain))
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 10) yield* this.#resourceSpans(session)
        else cursor.skip(tag)
        if (session.isDue()) yield* this.#step(session)
      }
    } finally {
      this.#resource = null
      cursor.release()
    }
  }

  *#step(session: EventSession): Steps {
    yield
    if (this.#batch === session.spans) return
    this.#batch = session.spans
    this.#rolesKnown = 0
    this.#scope = this.#scopeWord()
  }

  /** The resource may stand behind its spans, so it is looked for first. */
  *#resourceSpans(session: EventSession): Steps {
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#resource = null
    const { start, end } = resourcePlace(cursor)
    this.#resourceStart = start
    this.#resourceEnd = end
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) yield* this.#scopeSpans(session)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  #resourceOf(start: number, end: number): Resource {
    const { bytes } = this.#cursor
    const found = this.#resources.find(0, bytes, start, end)
    if (found >= 0) return this.#resources.valueAt(found)
    return this.#resources.add(0, bytes, start, end, () => {
      const made = makeResource(this.#reader.readWhatFits(bytes, start, end, 10))
      return made.service === '' ? { ...made, service: unknownService } : made
    })
  }

  *#scopeSpans(session: EventSession): Steps {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const from = cursor.pos
    this.#scope = this.#scopeStart = this.#scopeEnd = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) this.#scopeName()
      else cursor.skip(tag)
    }
    this.#scope = this.#scopeWord()
    cursor.pos = from
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag !== 18) cursor.skip(tag)
      else if (!this.#batch.isFull) this.#span(this.#batch)
      else {
        cursor.skip(tag)
        this.#batch.refuseTooMany(1)
      }
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
        this.#scopeEnd = cursor.pos + Math.min(length, nameBytesMax)
        cursor.pos += length
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  #scopeWord(): number {
    return this.#batch.scope.words.intern(this.#cursor.bytes, this.#scopeStart, this.#scopeEnd)
  }

  #span(batch: SpansBatch): void {
    this.#resource ??= this.#resourceOf(this.#resourceStart, this.#resourceEnd)
    const resource = this.#resource
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#places.clear()
    this.#facts.begin(cursor.bytes)
    this.#details.begin()
    while (cursor.pos < cursor.end) this.#field(batch, cursor.readTag())
    cursor.leave(outer)
    if (this.#writeRow(batch, resource)) {
      batch.scope.pushWord(this.#scope)
      batch.endRow()
    } else batch.dropRow()
  }

  #field(batch: SpansBatch, tag: number): void {
    const cursor = this.#cursor
    const places = this.#places
    switch (tag) {
      case 10: // 1 trace_id
        places.traceId = this.#id(traceIdBytes)
        return
      case 18: // 2 span_id
        places.spanId = this.#id(spanIdBytes)
        return
      case 26: // 3 trace_state
        this.#traceState()
        return
      case 34: // 4 parent_span_id
        places.parentId = this.#id(spanIdBytes)
        return
      case 42: {
        // 5 name
        const length = cursor.readLength()
        places.name = cursor.pos
        cursor.pos += length
        places.nameEnd = cursor.pos
        return
      }
      case 48: // 6 kind
        places.kind = cursor.readVarint()
        return
      case 57: // 7 start
        cursor.readFixed64()
        places.startLow = cursor.low
        places.startHigh = cursor.high
        return
      case 65: // 8 end
        cursor.readFixed64()
        places.endLow = cursor.low
        places.endHigh = cursor.high
        return
      case 74: // 9 attributes
        this.#attribute(batch)
        return
      case 90: // 11 events
        this.#details.event(cursor)
        return
      case 106: // 13 links
        this.#details.link(cursor)
        return
      case 122: // 15 status
        this.#status()
        return
      default:
        cursor.skip(tag)
    }
  }

  /** The place of an id of that many bytes; 0 for one of another length, or of zeros. */
  #id(size: number): number {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const at = cursor.pos
    cursor.pos += length
    if (length !== size) return 0
    for (let i = at; i < at + size; i++) if (cursor.bytes[i] !== 0) return at
    return 0
  }

  #traceState(): void {
    const cursor = this.#cursor
    const length = cursor.readLength()
    if (length > 0 && length <= 4096) {
      this.#places.weight = weightOfTraceState(latin1.decode(cursor.bytes.subarray(cursor.pos, cursor.pos + length)))
    }
    cursor.pos += length
  }

  #status(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 24) this.#places.status = cursor.readVarint()
      else if (tag === 18) {
        const length = cursor.readLength()
        this.#places.message = cursor.pos
        cursor.pos += length
        this.#places.messageEnd = cursor.pos
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  /** Most values are texts and small numbers; the others take the way of resources. */
  #attribute(batch: SpansBatch): void {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const [from, next, end] = [cursor.pos, cursor.pos + length, cursor.end]
    let [keyStart, keyEnd, value] = [0, 0, 0]
    cursor.end = next
    while (cursor.pos < next) {
      const tag = cursor.readTag()
      if (tag === 10) {
        const size = cursor.readLength()
        keyStart = cursor.pos
        cursor.pos += size
        keyEnd = cursor.pos
      } else {
        if (tag === 18) value = cursor.pos
        cursor.skip(tag)
      }
    }
    if (keyEnd > keyStart) this.#pair(batch, [keyStart, Math.min(keyEnd, keyStart + attributeNameBytesMax)], [from, value, next])
    cursor.pos = next
    cursor.end = end
  }

  /** `places`: of the KeyValue, of its value (0: none), and its end. */
  #pair(batch: SpansBatch, [keyStart, keyEnd]: readonly [number, number], [from, value, next]: readonly [number, number, number]): void {
    const cursor = this.#cursor
    const { bytes } = cursor
    const word = batch.attributes.keys.words.intern(bytes, keyStart, keyEnd)
    if (word === 0) return batch.leaveOut('attribute_names_limit')
    const role = this.#roleOf(batch, word)
    let tag = 0
    if (value !== 0) {
      cursor.pos = value
      tag = cursor.readLength() === 0 ? 0 : cursor.readTag()
    }
    if (tag === 10) {
      const size = cursor.readLength()
      batch.attributeBytes(word, bytes, cursor.pos, cursor.pos + size)
      if (role !== spanRoles.none) this.#facts.bytes(role, cursor.pos, cursor.pos + size)
      return
    }
    if (batch.attributes.openPairs >= attributesMax) return batch.leaveOut('attributes_limit')
    if (tag === 24) {
      const number = cursor.readInt64()
      if (Number.isSafeInteger(number)) {
        batch.attributes.pairWord(word, String(number))
        if (role !== spanRoles.none) this.#facts.number(role, number)
        return
      }
    } else if (tag === 16) return batch.attributes.pairWord(word, cursor.readVarint() === 0 ? 'false' : 'true')
    else if (tag === 33) {
      const number = cursor.readDouble()
      batch.attributes.pairWord(word, Number.isFinite(number) ? String(number) : number > 0 ? '+Inf' : number < 0 ? '-Inf' : 'NaN')
      if (role !== spanRoles.none) this.#facts.number(role, number)
      return
    } else if (tag === 0) return batch.attributes.pairWord(word, '')
    const text = this.#details.valueOf(bytes, from, next)
    if (text === null) batch.leaveOut('attribute_unreadable')
    else batch.attributes.pairWord(word, text)
  }

  #roleOf(batch: SpansBatch, word: number): number {
    if (word >= this.#roles.length) {
      const more = new Uint8Array(word * 2)
      more.set(this.#roles)
      this.#roles = more
    }
    for (; this.#rolesKnown <= word; this.#rolesKnown++)
      this.#roles[this.#rolesKnown] = roleOf(latin1.decode(batch.attributes.keys.words.bytes(this.#rolesKnown)))
    return this.#roles[word]!
  }

  /** False: the span was refused, and its row must be dropped. */
  #writeRow(batch: SpansBatch, resource: Resource): boolean {
    const places = this.#places
    const { bytes } = this.#cursor
    if (places.traceId === 0 || places.spanId === 0) {
      const name = latin1.decode(bytes.subarray(places.name, Math.min(places.nameEnd, places.name + 60)))
      batch.refuse('no_id', `A span ${JSON.stringify(name)} has no trace id of 16 bytes or no span id of 8.`)
      return false
    }
    if (places.startLow === 0 && places.startHigh === 0) splitNanos.now(batch.nowMs)
    else splitNanos.of(places.startLow, places.startHigh)
    if (!batch.time(nanosParts.seconds, nanosParts.nanos)) return false
    batch.from(resource)
    batch.source.pushString('otlp')
    batch.traceId.pushRaw(bytes, places.traceId, places.traceId + traceIdBytes)
    batch.spanId.pushRaw(bytes, places.spanId, places.spanId + spanIdBytes)
    if (places.parentId !== 0) batch.parentId.pushRaw(bytes, places.parentId, places.parentId + spanIdBytes)
    this.#pushDuration(batch)
    if (places.nameEnd > places.name) batch.name.push(bytes, places.name, Math.min(places.nameEnd, places.name + nameBytesMax))
    const kind = places.kind > 5 ? 0 : places.kind
    batch.kind.pushU8(kind)
    batch.status.pushU8(places.status > 2 ? 0 : places.status)
    if (places.messageEnd > places.message)
      batch.statusMessage.push(bytes, places.message, Math.min(places.messageEnd, places.message + statusMessageBytesMax))
    this.#facts.write(batch, kind)
    const weight = places.weight === 1 ? this.#facts.weight() : places.weight
    if (weight !== 1) batch.weight.pushF32(weight)
    this.#details.write(batch)
    return true
  }

  /** End minus start; an end before the start is none. */
  #pushDuration(batch: SpansBatch): void {
    const { startLow, startHigh, endLow, endHigh } = this.#places
    if (endHigh < startHigh || (endHigh === startHigh && endLow <= startLow) || (startHigh === 0 && startLow === 0)) {
      batch.duration.pushZero()
      return
    }
    const low = endLow - startLow
    batch.duration.pushU64(low < 0 ? low + 0x1_0000_0000 : low, endHigh - startHigh - (low < 0 ? 1 : 0))
  }
}
