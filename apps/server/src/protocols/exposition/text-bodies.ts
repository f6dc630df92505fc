/** Lines of the text formats into a batch. A known series costs a lookup of its bytes; descriptions are read only with new series. */
import { isUtf8 } from 'node:buffer'
import type { MetricType, SeriesResolver } from '../../metrics/index.ts'
import { normalizedLabels } from '../decode/label-text.ts'
import { exemplarSignature, leftOut, refused, type ExposedSamples } from './exposed-samples.ts'
import { LineReader, unknownRef } from './line-memory.ts'
import { ExpositionError, parseExposition, readHelp, readSeries } from './text.ts'
import type { ExposedPoint, ExpositionFormat, ExpositionSink } from './text.ts'

const totalSuffix = '_total'
const createdSuffix = '_created'
/** Labels of one exemplar. */
const exemplarLabelsMax = 32

export class TextBodies implements ExpositionSink {
  readonly #series: SeriesResolver
  readonly #samples: ExposedSamples
  #bytes: Buffer = Buffer.alloc(0)
  #isOpenMetrics = false
  #context = 0
  // The metric family that the lines are about.
  #family = ''
  #type: MetricType = 'unknown'
  #unit = ''
  #helpStart = 0
  #helpEnd = 0
  #isDescribed = true
  /** Of the last sample, for its exemplar. */
  #ref = refused
  #key: Buffer = Buffer.alloc(256)
  readonly #lines = new LineReader()
  #isExpected = false

  constructor(series: SeriesResolver, samples: ExposedSamples) {
    this.#series = series
    this.#samples = samples
  }

  /** Errors: `ExpositionError`, `ScrapeRefused`, `body.too_many_samples`. */
  decode(bytes: Uint8Array, format: ExpositionFormat): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#isOpenMetrics = format === 'openmetrics'
    this.#context = this.#samples.source.context
    this.#begin('')
    const { source } = this.#samples
    this.#lines.begin(bytes, source.lines)
    try {
      parseExposition(bytes, format, this)
      if (this.#samples.describesAll) this.#describe()
    } finally {
      this.#bytes = Buffer.alloc(0)
    }
    this.#samples.remember(this.#lines, bytes)
  }

  type(name: string, type: MetricType): void {
    this.#of(name)
    this.#type = type
  }

  help(name: string, start: number, end: number): void {
    this.#of(name)
    this.#helpStart = start
    this.#helpEnd = end
  }

  unit(name: string, unit: string): void {
    this.#of(name)
    this.#unit = unit
  }

  expected(start: number, end: number): number {
    const length = this.#lines.expected(start, end)
    this.#isExpected = length > 0
    return length
  }

  sample(start: number, end: number, point: ExposedPoint): void {
    const samples = this.#samples
    samples.exposed()
    const known = this.#isExpected ? this.#lines.ref : unknownRef
    let ref = known === unknownRef ? this.#series.lookup(samples.source.rules.tenant, this.#context, this.#bytes, start, end) : known
    const isNew = ref < 0
    if (isNew) ref = this.#learn(start, end, point.line)
    this.#lines.note(start, end, ref < 0 ? unknownRef : ref)
    this.#ref = ref
    if (ref < 0) return
    samples.sample(ref, point.value, point.timeMs, isNew)
    if (this.#isOpenMetrics && this.#type === 'counter') this.#created(start, end, point)
  }

  exemplar(start: number, end: number, { value, timeMs }: ExposedPoint): void {
    if (this.#ref < 0) return
    const point = { seriesRef: this.#ref, timeMs, value }
    this.#samples.exemplar(point, () => this.#exemplarLabels(start, end), exemplarSignature(this.#bytes.subarray(start, end), point))
  }

  /** The ref of a series whose bytes are not known. */
  #learn(start: number, end: number, line: number): number {
    const samples = this.#samples
    const { source } = samples
    const key = source.rules.relabel === null ? '' : this.#bytes.toString('latin1', start, end)
    if (key !== '' && source.leftOut.has(key)) return leftOut
    const exposed = isUtf8(this.#bytes.subarray(start, end)) ? readSeries(this.#bytes, start, end) : null
    if (exposed === null) throw new ExpositionError(line, 'name and labels cannot be read')
    const ref = samples.resolve(exposed, this.#type)
    if (ref >= 0) {
      this.#series.remember(source.rules.tenant, this.#context, this.#bytes, start, end, ref)
      this.#describe()
    } else if (ref === leftOut) source.leaveOut(key)
    return ref
  }

  /** `x_created` says when `x_total` of the same labels began. What says so is kept as a series too, as Prometheus does. */
  #created(start: number, end: number, point: ExposedPoint): void {
    const bytes = this.#bytes
    const nameEnd = start + Buffer.byteLength(this.#family) + createdSuffix.length
    if (nameEnd > end || bytes.toString('latin1', nameEnd - createdSuffix.length, nameEnd) !== createdSuffix) return
    const size = end - start - createdSuffix.length + totalSuffix.length
    if (this.#key.length < size) this.#key = Buffer.alloc(size * 2)
    const key = this.#key
    bytes.copy(key, 0, start, nameEnd - createdSuffix.length)
    key.write(totalSuffix, nameEnd - createdSuffix.length - start)
    bytes.copy(key, nameEnd - createdSuffix.length - start + totalSuffix.length, nameEnd, end)
    const ref = this.#series.lookup(this.#samples.source.rules.tenant, this.#context, key, 0, size)
    if (ref >= 0) this.#samples.beganAt(ref, Math.round(point.value * 1000), point.timeMs)
  }

  #of(family: string): void {
    if (family !== this.#family) this.#begin(family)
  }

  #begin(family: string): void {
    if (this.#family !== '' && this.#samples.describesAll) this.#describe()
    this.#family = family
    this.#type = 'unknown'
    this.#unit = ''
    this.#helpStart = 0
    this.#helpEnd = 0
    this.#isDescribed = family === ''
  }

  /** Under the name that its series have: OpenMetrics names a family of counters without their ending. */
  #describe(): void {
    if (this.#isDescribed) return
    this.#isDescribed = true
    const suffix = !this.#isOpenMetrics ? '' : this.#type === 'counter' ? totalSuffix : this.#type === 'info' ? '_info' : ''
    this.#samples.describe({
      name: this.#family + suffix,
      type: this.#type,
      unit: this.#unit,
      help: readHelp(this.#bytes, this.#helpStart, this.#helpEnd),
    })
  }

  #exemplarLabels(start: number, end: number): ReturnType<typeof normalizedLabels> | null {
    const text = Buffer.concat([Buffer.from('x'), this.#bytes.subarray(start, end)])
    const labels = isUtf8(text) ? readSeries(text, 0, text.length) : null
    return labels === null || labels.length > exemplarLabelsMax ? null : normalizedLabels(labels.slice(1))
  }
}
