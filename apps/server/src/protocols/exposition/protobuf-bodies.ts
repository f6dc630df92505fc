/**
 * `io.prometheus.client.MetricFamily` messages, each behind its length, into a batch: the only format with native histograms. A known
 * series costs a lookup of a key made of its bytes. Source: client_model's metrics.proto.
 */
import { isUtf8 } from 'node:buffer'
import type { MetricType, SeriesResolver } from '../../metrics/index.ts'
import { normalizedLabels, shown } from '../decode/label-text.ts'
import type { ProtocolLimits } from '../limits.ts'
import { DecodeError, ProtoCursor } from '../protobuf/cursor.ts'
import { exemplarSignature, leftOut, type ExposedSamples } from './exposed-samples.ts'
import { ExposedHistogram, readTimestampMs } from './exposed-histogram.ts'
import { openMetricsNumber } from './exposed-labels.ts'

/** MetricType, by number. */
const types: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

/** The series of one metric: which one, as the first byte of its key. */
const [plain, sumOf, countOf, bucketOf, quantileOf, nativeOf] = [0, 1, 2, 3, 4, 5]
const suffixes = ['', '_sum', '_count', '_bucket', '', ''] as const
const boundLabels = [null, null, null, 'le', 'quantile', null] as const
/** The first byte and a bound, 8 bytes. */
const keyHeadBytes = 9
/** Exemplar labels beyond this are not read. */
const exemplarLabelsMax = 32

export class ProtobufBodies {
  readonly #series: SeriesResolver
  readonly #samples: ExposedSamples
  readonly #limits: ProtocolLimits
  readonly #cursor = new ProtoCursor()
  readonly #histogram = new ExposedHistogram()
  #context = 0
  // The family at hand.
  #name = ''
  #type: MetricType = 'unknown'
  #unit = ''
  #help = ''
  #isDescribed = false
  // The metric at hand.
  #labelsStart = 0
  #labelsEnd = 0
  #timeMs = Number.NaN
  #key: Buffer = Buffer.alloc(1024)
  #keyEnd = 0
  #isNew = false

  constructor(series: SeriesResolver, samples: ExposedSamples, limits: ProtocolLimits) {
    this.#series = series
    this.#samples = samples
    this.#limits = limits
  }

  /** Errors: `DecodeError`, `ScrapeRefused`, `body.too_many_samples`. */
  decode(bytes: Uint8Array): void {
    const cursor = this.#cursor
    this.#context = this.#samples.source.context + 1
    cursor.reset(bytes)
    try {
      while (cursor.pos < cursor.end) {
        const outer = cursor.enter()
        this.#family()
        cursor.leave(outer)
      }
    } finally {
      cursor.release()
    }
  }

  /** Twice over the family: what it is comes before and behind its metrics. */
  #family(): void {
    const cursor = this.#cursor
    const start = cursor.pos
    this.#name = ''
    this.#type = 'counter'
    this.#unit = ''
    this.#help = ''
    this.#isDescribed = false
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) this.#name = this.#string()
      else if (tag === 18) this.#help = this.#string()
      else if (tag === 24) this.#type = types[cursor.readVarint()] ?? 'unknown'
      else if (tag === 42) this.#unit = this.#string()
      else cursor.skip(tag)
    }
    if (this.#name === '') throw new DecodeError('a metric family has no name', start)
    if (this.#samples.describesAll) this.#describe()
    cursor.pos = start
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 34) this.#metric()
      else cursor.skip(tag)
    }
  }

  #metric(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const start = cursor.pos
    this.#scanMetric()
    this.#beginKey()
    cursor.pos = start
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      // 2 gauge, 3 counter, 4 summary, 5 untyped, 7 histogram
      if (tag === 18 || tag === 26 || tag === 42) this.#number()
      else if (tag === 34) this.#summary()
      else if (tag === 58) this.#histogramMetric()
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  /** Labels stand together; anything else is allowed by protobuf and written by no one. */
  #scanMetric(): void {
    const cursor = this.#cursor
    this.#labelsStart = cursor.pos
    this.#labelsEnd = cursor.pos
    this.#timeMs = Number.NaN
    while (cursor.pos < cursor.end) {
      const at = cursor.pos
      const tag = cursor.readTag()
      if (tag === 48) this.#timeMs = cursor.readInt64()
      else cursor.skip(tag)
      if (tag !== 10) continue
      if (this.#labelsEnd === this.#labelsStart) this.#labelsStart = at
      else if (this.#labelsEnd !== at) throw new DecodeError('the labels of a metric are not together', at)
      this.#labelsEnd = cursor.pos
    }
    // 0 is what writers put where there is none.
    if (this.#timeMs === 0) this.#timeMs = Number.NaN
  }

  #number(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let value = 0
    let createdMs = 0
    let exemplarStart = 0
    let exemplarEnd = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 9) value = cursor.readDouble()
      else if (tag === 18) {
        const size = cursor.readLength()
        exemplarStart = cursor.pos
        exemplarEnd = cursor.pos += size
      } else if (tag === 26) createdMs = readTimestampMs(cursor)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    const ref = this.#put(plain, 0, value)
    if (ref < 0) return
    this.#samples.beganAt(ref, createdMs, this.#timeMs)
    this.#exemplar(ref, exemplarStart, exemplarEnd)
  }

  #summary(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let count = 0
    let sum = 0
    let createdMs = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 8) count = cursor.readVarint()
      else if (tag === 17) sum = cursor.readDouble()
      else if (tag === 26) this.#quantile()
      else if (tag === 34) createdMs = readTimestampMs(cursor)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    this.#cumulative(countOf, 0, count, createdMs)
    this.#cumulative(sumOf, 0, sum, createdMs)
  }

  #quantile(): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let quantile = 0
    let value = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 9) quantile = cursor.readDouble()
      else if (tag === 17) value = cursor.readDouble()
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    this.#put(quantileOf, quantile, value)
  }

  #histogramMetric(): void {
    const histogram = this.#histogram
    const { rules } = this.#samples.source
    histogram.read(this.#cursor)
    const isNative = histogram.isNative && rules.nativeHistograms
    if (isNative) this.#native()
    if (isNative && !rules.classicHistograms) return
    const { count, sum, buckets, createdMs } = histogram
    this.#cumulative(countOf, 0, count, createdMs)
    this.#cumulative(sumOf, 0, sum, createdMs)
    let hasInfinity = false
    for (const bucket of buckets) {
      if (bucket.upperBound === Infinity) hasInfinity = true
      const ref = this.#cumulative(bucketOf, bucket.upperBound, bucket.count, createdMs)
      if (ref >= 0) this.#exemplar(ref, bucket.exemplarStart, bucket.exemplarEnd)
    }
    if (!hasInfinity) this.#cumulative(bucketOf, Infinity, count, createdMs)
  }

  #native(): void {
    const samples = this.#samples
    samples.exposed()
    const histogram = this.#histogram.native(this.#type === 'gaugehistogram', this.#limits)
    if (typeof histogram === 'string') return samples.refuseHistogram(`${shown(this.#name)}: ${histogram}`)
    const ref = this.#find(nativeOf, 0)
    if (ref < 0) return
    samples.histogram(ref, histogram, this.#timeMs, this.#isNew)
    samples.histogramBeganAt(ref, this.#histogram.createdMs, this.#timeMs, histogram)
    const { exemplars } = this.#histogram
    // A series has one exemplar of a time; the last is the newest.
    this.#exemplar(ref, exemplars.at(-2) ?? 0, exemplars.at(-1) ?? 0)
  }

  #cumulative(part: number, bound: number, value: number, createdMs: number): number {
    const ref = this.#put(part, bound, value)
    if (ref >= 0 && this.#type !== 'gaugehistogram') this.#samples.beganAt(ref, createdMs, this.#timeMs)
    return ref
  }

  #put(part: number, bound: number, value: number): number {
    this.#samples.exposed()
    const ref = this.#find(part, bound)
    if (ref >= 0) this.#samples.sample(ref, value, this.#timeMs, this.#isNew)
    return ref
  }

  /** The metric's part of a key: the family's name, a byte that no name has, its labels as they stand in the body. */
  #beginKey(): void {
    const labels = this.#cursor.bytes.subarray(this.#labelsStart, this.#labelsEnd)
    const size = keyHeadBytes + this.#name.length * 3 + 1 + labels.length
    if (this.#key.length < size) this.#key = Buffer.alloc(size * 2)
    let at = keyHeadBytes + this.#key.write(this.#name, keyHeadBytes)
    this.#key[at++] = 0xff
    this.#key.set(labels, at)
    this.#keyEnd = at + labels.length
  }

  #find(part: number, bound: number): number {
    const { source } = this.#samples
    const key = this.#key
    key[0] = part
    key.writeDoubleLE(bound, 1)
    const ref = this.#series.lookup(source.rules.tenant, this.#context, key, 0, this.#keyEnd)
    this.#isNew = ref < 0
    return ref >= 0 ? ref : this.#learn(part, bound)
  }

  #learn(part: number, bound: number): number {
    const { source } = this.#samples
    const text = source.rules.relabel === null ? '' : this.#key.toString('latin1', 0, this.#keyEnd)
    if (text !== '' && source.leftOut.has(text)) return leftOut
    const exposed = this.#labels(this.#labelsStart, this.#labelsEnd)
    if (exposed === null) throw new DecodeError(`the labels of ${shown(this.#name)} cannot be read`, this.#labelsStart)
    const label = boundLabels[part] ?? null
    if (label !== null) exposed.push([label, openMetricsNumber(bound)])
    const name: [string, string] = ['__name__', this.#seriesName(part)]
    const ref = this.#samples.resolve([name, ...exposed], this.#type)
    if (ref >= 0) {
      this.#series.remember(source.rules.tenant, this.#context, this.#key, 0, this.#keyEnd, ref)
      this.#describe()
    } else if (ref === leftOut) source.leaveOut(text)
    return ref
  }

  #seriesName(part: number): string {
    return this.#name + (suffixes[part] ?? '')
  }

  /** `LabelPair` messages in `[start, end)`, each behind its tag; null when they are not UTF-8. */
  #labels(start: number, end: number): [string, string][] | null {
    const cursor = this.#cursor
    const [pos, outer] = [cursor.pos, cursor.end]
    cursor.pos = start
    cursor.end = end
    const labels: [string, string][] = []
    let isText = true
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag !== 10) {
        cursor.skip(tag)
        continue
      }
      const pair = cursor.enter()
      isText &&= isUtf8(cursor.bytes.subarray(cursor.pos, cursor.end))
      let name = ''
      let value = ''
      while (cursor.pos < cursor.end) {
        const field = cursor.readTag()
        if (field === 10) name = this.#string()
        else if (field === 18) value = this.#string()
        else cursor.skip(field)
      }
      cursor.leave(pair)
      labels.push([name, value])
    }
    cursor.pos = pos
    cursor.end = outer
    return isText && labels.every(([name]) => name !== '') ? labels : null
  }

  #exemplar(ref: number, start: number, end: number): void {
    if (end === start) return
    const cursor = this.#cursor
    const [pos, outer] = [cursor.pos, cursor.end]
    cursor.pos = start
    cursor.end = end
    let value = 0
    let timeMs = Number.NaN
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 17) value = cursor.readDouble()
      else if (tag === 26) timeMs = readTimestampMs(cursor)
      else cursor.skip(tag)
    }
    const point = { seriesRef: ref, value, timeMs }
    const signature = exemplarSignature(cursor.bytes.subarray(start, end), point)
    this.#samples.exemplar(point, () => this.#exemplarLabels(start, end), signature)
    cursor.pos = pos
    cursor.end = outer
  }

  #exemplarLabels(start: number, end: number): ReturnType<typeof normalizedLabels> | null {
    const labels = this.#labels(start, end)
    return labels === null || labels.length > exemplarLabelsMax ? null : normalizedLabels(labels)
  }

  #describe(): void {
    if (this.#isDescribed) return
    this.#isDescribed = true
    this.#samples.describe({ name: this.#name, type: this.#type, unit: this.#unit, help: this.#help })
  }

  #string(): string {
    const cursor = this.#cursor
    const size = cursor.readLength()
    const text = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.pos, size).toString('utf8')
    cursor.pos += size
    return text
  }
}
