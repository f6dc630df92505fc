/**
 * `io.prometheus.write.v2.Request` (remote write 2) to a batch. Hot path: a series' label references become process-wide numbers
 * (symbol-table.ts), whose bytes find its ref. Start times ("created") make zero samples, metadata comes with each series.
 */
import type { SeriesResolver } from '../../metrics/index.ts'
import { remoteWrite2Context } from '../decode/contexts.ts'
import { exemplarOf } from '../decode/exemplar.ts'
import { LabelRanges, isRefusal } from '../decode/label-ranges.ts'
import { type Refusal } from '../decode/label-text.ts'
import { sampleValue } from '../decode/sample-value.ts'
import { type DecodeSession, timeExample } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { HistogramReader } from './histogram-reader.ts'
import { SeriesMetadata } from './series-metadata.ts'
import { SymbolTable } from './symbol-table.ts'

/** Label references of one series; a longer list is counted but not kept. */
const refsKeptMax = 4096

const noRefusal: Refusal = { reason: '', example: '' }

/** Decodes one request at a time; keeps its buffers between requests. */
export class RemoteWrite2Decoder {
  readonly #series: SeriesResolver
  readonly #cursor = new ProtoCursor()
  readonly #symbols: SymbolTable
  readonly #labels = new LabelRanges()
  readonly #histogram = new HistogramReader()
  readonly #metadata: SeriesMetadata
  readonly #refs = new Uint32Array(refsKeptMax)
  #refCount = 0
  #points = 0
  #exemplars = 0
  #createdMs = 0
  /** Symbol numbers of the series at hand; the same memory as words and as the bytes that are looked up. */
  readonly #keyWords = new Uint32Array(refsKeptMax)
  readonly #key = new Uint8Array(this.#keyWords.buffer)
  #refusal = noRefusal

  constructor(series: SeriesResolver, limits: ProtocolLimits) {
    this.#series = series
    this.#symbols = new SymbolTable(limits)
    this.#metadata = new SeriesMetadata(limits)
  }

  /** Fills the session's batch. Errors: `DecodeError`, `body.too_many_samples`. */
  decode(body: Uint8Array, session: DecodeSession): void {
    const cursor = this.#cursor
    cursor.reset(body)
    this.#symbols.begin(body)
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 34) this.#symbols.add(cursor)
        else cursor.skip(tag)
      }
      cursor.pos = 0
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 42) this.#timeSeries(session)
        else cursor.skip(tag)
      }
    } finally {
      cursor.release()
      this.#symbols.release()
    }
  }

  #timeSeries(session: DecodeSession): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const start = cursor.pos
    this.#scan()
    session.batch.pointsReceived += this.#points
    cursor.pos = start
    const ref = this.#points + this.#exemplars > 0 ? this.#find(session) : -1
    if (ref >= 0) this.#seriesFields(session, ref)
    else if (this.#points > 0) session.refuse(this.#refusal.reason, this.#points, () => this.#refusal.example)
    cursor.leave(outer)
  }

  /** First pass over a series: its label references, how many points it has, when it was created. */
  #scan(): void {
    const cursor = this.#cursor
    this.#refCount = 0
    this.#points = 0
    this.#exemplars = 0
    this.#createdMs = 0
    this.#metadata.clear()
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        this.#addRefs()
      } else if (tag === 8) this.#addRef(cursor.readVarint())
      else if (tag === 42) this.#metadata.read(cursor)
      else if (tag === 48) this.#createdMs = cursor.readInt64()
      else {
        if (tag === 18 || tag === 26) this.#points++
        else if (tag === 34) this.#exemplars++
        cursor.skip(tag)
      }
    }
  }

  /** A packed list of references; nearly all take one or two bytes. */
  #addRefs(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const { bytes, end } = cursor
    while (cursor.pos < end) {
      const pos = cursor.pos
      const first = bytes[pos]!
      const second = bytes[pos + 1]!
      if (first < 128) {
        cursor.pos = pos + 1
        this.#addRef(first)
      } else if (pos + 1 < end && second < 128) {
        cursor.pos = pos + 2
        this.#addRef((first & 127) | (second << 7))
      } else this.#addRef(cursor.readVarint())
    }
    cursor.leave(outer)
  }

  #addRef(symbol: number): void {
    const at = this.#refCount++
    if (at < refsKeptMax) this.#refs[at] = Math.min(symbol, 0xffffffff)
  }

  /** The ref of the series just scanned, or -1 with `#refusal` set. */
  #find(session: DecodeSession): number {
    const symbols = this.#symbols
    const key = this.#key
    const words = this.#keyWords
    const count = this.#refCount
    const { limits } = session.state
    if (count > limits.labelsPerSeriesMax * 2 || count > refsKeptMax) {
      this.#refusal = {
        reason: 'too_many_labels',
        example: `a series has ${count / 2} labels; at most ${limits.labelsPerSeriesMax} are stored`,
      }
      return -1
    }
    for (let index = 0; index < count; index++) {
      const symbol = this.#refs[index]!
      if (symbol >= symbols.count) return this.#badReferences(`label reference ${symbol} is beyond the ${symbols.count} symbols`)
      words[index] = symbols.id(symbol)
    }
    if (count % 2 !== 0) return this.#badReferences('a series has an odd number of label references')
    const ref = symbols.usable ? this.#series.lookup(session.batch.tenant, remoteWrite2Context, key, 0, count * 4) : -1
    return ref >= 0 ? ref : this.#learn(session)
  }

  #badReferences(example: string): number {
    this.#refusal = { reason: 'label_reference_invalid', example }
    return -1
  }

  #learn(session: DecodeSession): number {
    const tenant = session.batch.tenant
    const labels = this.#readLabels().toLabels(this.#cursor.bytes, session.state.limits)
    if (isRefusal(labels)) {
      this.#refusal = labels
      return -1
    }
    const ref = this.#series.resolve(tenant, labels)
    if (ref < 0) this.#refusal = { reason: 'series_limit', example: `${this.#metric()}: the project has reached its limit of series` }
    else if (this.#symbols.usable) this.#series.remember(tenant, remoteWrite2Context, this.#key, 0, this.#refCount * 4, ref)
    return ref
  }

  #readLabels(): LabelRanges {
    this.#labels.clear()
    for (let index = 0; index + 1 < this.#refCount; index += 2) this.#addLabel(this.#refs[index]!, this.#refs[index + 1]!)
    return this.#labels
  }

  #addLabel(name: number, value: number): void {
    const symbols = this.#symbols
    this.#labels.add(symbols.start(name), symbols.end(name), symbols.start(value), symbols.end(value))
  }

  #metric(): string {
    return this.#readLabels().metric(this.#cursor.bytes)
  }

  #seriesFields(session: DecodeSession, ref: number): void {
    const cursor = this.#cursor
    if (this.#metadata.said && this.#metadata.isNews(session, ref, this.#symbols)) {
      this.#metadata.describe(session, { labels: this.#readLabels(), symbols: this.#symbols, bytes: cursor.bytes })
    }
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) this.#sample(session, ref)
      else if (tag === 26) this.#nativeHistogram(session, ref)
      else if (tag === 34) this.#exemplar(session, ref)
      else cursor.skip(tag)
    }
  }

  #sample(session: DecodeSession, ref: number): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let value = 0
    let timeMs = 0
    let startMs = this.#createdMs
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 9) {
        const at = cursor.pos
        value = sampleValue(cursor.readDouble(), cursor.view, at)
      } else if (tag === 16) timeMs = cursor.readInt64()
      else if (tag === 24) startMs = cursor.readInt64()
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (timeMs < session.timeMinMs || timeMs > session.timeMaxMs) {
      session.refuse('timestamp_out_of_range', 1, () => timeExample(this.#metric(), timeMs))
      return
    }
    if (startMs > 0 && session.beginsAnew(ref, startMs, timeMs, this.#series.isDurable(ref))) session.addOwnSample(ref, startMs, 0)
    session.addSample(ref, timeMs, value)
  }

  #nativeHistogram(session: DecodeSession, ref: number): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const histogram = this.#histogram.read(cursor, session.state.limits)
    cursor.leave(outer)
    const timeMs = this.#histogram.timeMs
    const startMs = this.#histogram.startMs > 0 ? this.#histogram.startMs : this.#createdMs
    if (typeof histogram === 'string') {
      session.refuse('invalid_histogram', 1, () => `${this.#metric()}: ${histogram}`)
    } else if (session.isTimeAccepted(timeMs)) {
      if (startMs > 0 && session.beginsAnew(ref, startMs, timeMs, this.#series.isDurable(ref)))
        session.addZeroHistogram(ref, startMs, histogram)
      session.addHistogram(ref, timeMs, histogram)
    } else session.refuse('timestamp_out_of_range', 1, () => timeExample(this.#metric(), timeMs))
  }

  #exemplar(session: DecodeSession, ref: number): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const refs: number[] = []
    let value = 0
    let timeMs = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) {
        const list = cursor.enter()
        while (cursor.pos < cursor.end && refs.length < 128) refs.push(cursor.readVarint())
        cursor.leave(list)
      } else if (tag === 8) refs.push(cursor.readVarint())
      else if (tag === 17) value = cursor.readDouble()
      else if (tag === 24) timeMs = cursor.readInt64()
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (refs.length % 2 !== 0 || refs.some((symbol) => symbol >= this.#symbols.count)) return
    this.#labels.clear()
    for (let index = 0; index < refs.length; index += 2) this.#addLabel(refs[index] ?? 0, refs[index + 1] ?? 0)
    const exemplar = exemplarOf(session, { seriesRef: ref, timeMs, value }, this.#labels.toPlainLabels(cursor.bytes))
    if (exemplar !== null) session.batch.exemplars.push(exemplar)
  }
}
