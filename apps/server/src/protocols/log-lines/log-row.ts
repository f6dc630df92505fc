/**
 * One log record in the making: whatever the protocol, its fields end here and become a row of the batch. Words of a resource are looked up
 * once and repeated for its rows; nothing is made for a row but bytes in columns.
 */
import type { LogsBatch } from '../../logs/index.ts'
import { attributesMax, bodyBytesMax, noResource, type Resource } from '../../signals/index.ts'
import { characterEnd, hexInto, isAscii, isHex, repaired } from './bytes.ts'
import { wordBytesMax } from './limits.ts'

const noBytes = new Uint8Array(0)

function fitsWord(start: number, end: number): boolean {
  return end > start && end - start <= wordBytesMax
}

export class LogRow {
  batch: LogsBatch
  /** Of the row: whole seconds since 1970 and nanoseconds; without them it has the time of receipt. */
  hasTime = false
  seconds = 0
  nanos = 0
  /** 1 to 24; 0: not known. */
  severity = 0
  hasTraceId = false
  hasSpanId = false
  readonly traceId = new Uint8Array(16)
  readonly spanId = new Uint8Array(8)
  /** Words of the batch that stand in for the resource's where it has none; 0: none. */
  service = 0
  host = 0
  environment = 0
  release = 0
  scope = 0
  /** Texts are known to be UTF-8; the others are looked at one by one. */
  isText = false
  #body: Uint8Array = noBytes
  #bodyStart = 0
  #bodyEnd = 0
  #source = 0
  #resource: Resource = noResource
  #resourceService = 0
  #resourceHost = 0
  #resourceEnvironment = 0
  #resourceRelease = 0
  /** Beyond the bound of a batch: its attributes are the row's. */
  #resourceIsInRow = false
  #truncatedWord = 0

  constructor(batch: LogsBatch) {
    this.batch = batch
  }

  /** For the rows of a request. `source` is the protocol's name; `isText`: all bytes are known to be UTF-8. */
  begin(batch: LogsBatch, source: string, isText: boolean): void {
    this.batch = batch
    this.isText = isText
    this.#source = batch.source.words.internString(source)
    this.#truncatedWord = 0
    this.from(noResource)
  }

  /** Lets go of the bytes of the request. */
  end(): void {
    this.#body = noBytes
    this.#resource = noResource
  }

  get resource(): Resource {
    return this.#resource
  }

  /** Words of the batch: what the rows come from, 0 where it does not say, and by which protocol. */
  get words(): {
    readonly service: number
    readonly host: number
    readonly environment: number
    readonly release: number
    readonly source: number
  } {
    return {
      service: this.#resourceService,
      host: this.#resourceHost,
      environment: this.#resourceEnvironment,
      release: this.#resourceRelease,
      source: this.#source,
    }
  }

  /** The rows that follow come from there. */
  from(resource: Resource): void {
    const { batch } = this
    this.#resource = resource
    this.#resourceService = batch.service.words.internString(resource.service)
    this.#resourceHost = batch.host.words.internString(resource.host)
    this.#resourceEnvironment = batch.environment.words.internString(resource.environment)
    this.#resourceRelease = batch.release.words.internString(resource.release)
    this.#resourceIsInRow = !batch.addResource(resource)
  }

  /** A new row. */
  open(): void {
    this.hasTime = false
    this.severity = 0
    this.hasTraceId = false
    this.hasSpanId = false
    this.service = 0
    this.host = 0
    this.environment = 0
    this.release = 0
    this.scope = 0
    this.#body = noBytes
    this.#bodyStart = 0
    this.#bodyEnd = 0
  }

  /** Its time: whole seconds since 1970 and nanoseconds. */
  at(seconds: number, nanos: number): void {
    this.hasTime = true
    this.seconds = seconds
    this.nanos = nanos
  }

  /** Borrowed until `close`. */
  body(bytes: Uint8Array, start: number, end: number): void {
    this.#body = bytes
    this.#bodyStart = start
    this.#bodyEnd = end
  }

  /** 32 hexadecimal digits; false when it is something else, and an id that the row has is as before. */
  readTraceId(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== 32 || (this.hasTraceId && !isHex(bytes, start, end)) || !hexInto(bytes, start, this.traceId)) return false
    this.hasTraceId = true
    return true
  }

  /** The same with 16 hexadecimal digits. */
  readSpanId(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== 16 || (this.hasSpanId && !isHex(bytes, start, end)) || !hexInto(bytes, start, this.spanId)) return false
    this.hasSpanId = true
    return true
  }

  /** A name of a service that the line gives. False: it belongs to the attributes, since the resource has another. */
  takeService(bytes: Uint8Array, start: number, end: number): boolean {
    if (!fitsWord(start, end)) return false
    const word = this.batch.service.words.intern(bytes, start, end)
    if (this.#resourceService !== 0) return word === this.#resourceService
    if (this.service !== 0) return word === this.service
    this.service = word
    return true
  }

  takeHost(bytes: Uint8Array, start: number, end: number): boolean {
    if (!fitsWord(start, end)) return false
    const word = this.batch.host.words.intern(bytes, start, end)
    if (this.#resourceHost !== 0) return word === this.#resourceHost
    if (this.host !== 0) return word === this.host
    this.host = word
    return true
  }

  takeEnvironment(bytes: Uint8Array, start: number, end: number): boolean {
    if (!fitsWord(start, end)) return false
    const word = this.batch.environment.words.intern(bytes, start, end)
    if (this.#resourceEnvironment !== 0) return word === this.#resourceEnvironment
    if (this.environment !== 0) return word === this.environment
    this.environment = word
    return true
  }

  takeRelease(bytes: Uint8Array, start: number, end: number): boolean {
    if (!fitsWord(start, end)) return false
    const word = this.batch.release.words.intern(bytes, start, end)
    if (this.#resourceRelease !== 0) return word === this.#resourceRelease
    if (this.release !== 0) return word === this.release
    this.release = word
    return true
  }

  takeScope(bytes: Uint8Array, start: number, end: number): boolean {
    if (!fitsWord(start, end) || this.scope !== 0) return false
    this.scope = this.batch.scope.words.intern(bytes, start, end)
    return true
  }

  /** `word` is one of `attributes.keys.words`. */
  attribute(word: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.isText || isAscii(bytes, start, end)) {
      this.batch.attributeBytes(word, bytes, start, end)
      return
    }
    const text = repaired(bytes, start, end)
    this.batch.attributeBytes(word, text, 0, text.length)
  }

  attributeText(name: string, value: string): void {
    this.batch.attribute(name, value)
  }

  /** The row is complete. A time that lies too far away refuses it, counted. */
  close(): void {
    const { batch } = this
    if (!this.hasTime) {
      this.seconds = Math.floor(batch.nowMs / 1000)
      this.nanos = Math.round((batch.nowMs - this.seconds * 1000) * 1e6)
    }
    if (!batch.time(this.seconds, this.nanos)) {
      batch.dropRow()
      return
    }
    const resource = this.#resource
    if (this.#resourceIsInRow) {
      batch.resource.pushZero()
      for (const [name, value] of resource.attributes) batch.attribute(name, value)
    } else batch.resource.pushU64(resource.low, resource.high)
    batch.service.pushWord(this.#resourceService === 0 ? this.service : this.#resourceService)
    batch.host.pushWord(this.#resourceHost === 0 ? this.host : this.#resourceHost)
    batch.environment.pushWord(this.#resourceEnvironment === 0 ? this.environment : this.#resourceEnvironment)
    batch.release.pushWord(this.#resourceRelease === 0 ? this.release : this.#resourceRelease)
    batch.scope.pushWord(this.scope)
    batch.source.pushWord(this.#source)
    batch.severity.pushU8(this.severity)
    if (this.hasTraceId) batch.traceId.pushRaw(this.traceId)
    if (this.hasSpanId) batch.spanId.pushRaw(this.spanId)
    this.#pushBody()
    batch.endRow()
  }

  #pushBody(): void {
    const { batch } = this
    let bytes = this.#body
    let start = this.#bodyStart
    let end = this.#bodyEnd
    const size = end - start
    // What ends a line is no part of it.
    while (end > start && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--
    if (end - start > bodyBytesMax) {
      end = characterEnd(bytes, start, start + bodyBytesMax)
      if (this.#truncatedWord === 0) this.#truncatedWord = batch.attributes.keys.words.internString('truncated')
      if (batch.attributes.openPairs < attributesMax) batch.attributes.pairWord(this.#truncatedWord, String(size))
    }
    if (!this.isText) {
      bytes = repaired(bytes, start, end)
      start = 0
      end = bytes.length
    }
    batch.body.push(bytes, start, end)
  }
}
