/** Log payload → columns. Every count and index is checked: a damaged payload is an error, never a wrong read. See layout.ts. */
import { AppError } from '../../kernel/errors.ts'
import { recordDamaged } from '../errors.ts'
import type { Labels, MetricMetadata, NativeHistogram } from '../model.ts'
import {
  exemplarColumns,
  headerBytes,
  histogramColumns,
  histogramFloatColumns,
  idColumns,
  layoutOf,
  magic,
  metadataColumns,
  metricTypes,
  resetHints,
  seriesColumns,
  type RecordCounts,
  type RecordLayout,
} from './layout.ts'
import { readSets, type RecordSets } from './set-section.ts'

/** Row of a series that was not durable when the record was written. */
export interface RecordSeries {
  readonly idLow: number
  readonly idHigh: number
  /** Minutes since 1970. */
  readonly firstMinute: number
  readonly lastMinute: number
  readonly labels: Labels
}

export interface RecordHistogram {
  readonly idLow: number
  readonly idHigh: number
  readonly metric: number
  readonly timeMs: number
  readonly histogram: NativeHistogram
}

export interface RecordExemplar {
  readonly idLow: number
  readonly idHigh: number
  readonly metric: number
  readonly timeMs: number
  readonly value: number
  readonly traceId: string
  readonly spanId: string
  readonly labels: Labels
}

/** Rows of series as they lie in a record; their texts become strings only where they are asked for. */
export interface RecordSeriesRows extends Iterable<RecordSeries> {
  readonly length: number
  readonly idLow: Uint32Array
  readonly idHigh: Uint32Array
  readonly firstMinute: Uint32Array
  readonly lastMinute: Uint32Array
  /** By row, where its pairs end. */
  readonly pairEnds: Uint32Array
  /** Ids of name and value in turn; every id is a text of the record. */
  readonly pairs: Uint32Array
  readonly texts: RecordTexts
}

/** Texts by id: text i is `bytes[i === 0 ? 0 : ends[i-1] .. ends[i])`, UTF-8. */
export interface RecordTexts {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  text(id: number): string
}

/** Columns are views of the payload where its alignment allows; they live as long as it does. */
export interface MetricsRecord {
  readonly sampleCount: number
  readonly idLow: Uint32Array
  readonly idHigh: Uint32Array
  readonly metric: Uint32Array
  readonly timesMs: Float64Array
  /** `STALE` possible. */
  readonly values: Float64Array
  readonly series: RecordSeriesRows
  readonly histograms: readonly RecordHistogram[]
  readonly exemplars: readonly RecordExemplar[]
  readonly metadata: readonly MetricMetadata[]
  readonly sets: RecordSets
}

function damaged(what: string): AppError {
  return new AppError(recordDamaged, { detail: what })
}

function countsOf(header: Uint32Array): RecordCounts {
  const word = (i: number): number => header[i] ?? 0
  return {
    strings: word(1),
    stringBytes: word(2),
    samples: word(3),
    series: word(4),
    pairs: word(5),
    histograms: word(6),
    numbers: word(7),
    exemplars: word(8),
    exemplarPairs: word(9),
    metadata: word(10),
    setWords: word(11),
  }
}

class Texts implements RecordTexts {
  readonly bytes: Buffer
  readonly ends: Uint32Array
  readonly #decoded: (string | undefined)[] = []

  constructor(bytes: Buffer, ends: Uint32Array) {
    this.bytes = bytes
    this.ends = ends
    let start = 0
    for (const end of ends) {
      if (end < start || end > bytes.length) throw damaged('string ends out of order')
      start = end
    }
  }

  text(id: number): string {
    return (this.#decoded[id] ??= this.bytes.toString('utf8', id === 0 ? 0 : this.ends[id - 1], this.ends[id]))
  }
}

class RecordReader {
  readonly #buffer: ArrayBufferLike
  readonly #start: number
  readonly counts: RecordCounts
  readonly layout: RecordLayout
  readonly texts: Texts

  constructor(payload: Uint8Array) {
    if (payload.length < headerBytes) throw damaged('shorter than a header')
    const bytes = payload.byteOffset % 8 === 0 ? payload : new Uint8Array(payload)
    this.#buffer = bytes.buffer
    this.#start = bytes.byteOffset
    const header = new Uint32Array(this.#buffer, this.#start, 12)
    if (header[0] !== magic) throw damaged('not a metrics record of format 1')
    this.counts = countsOf(header)
    this.layout = layoutOf(this.counts)
    if (this.layout.end !== bytes.length) throw damaged(`${bytes.length} bytes where ${this.layout.end} were announced`)
    const texts = Buffer.from(this.#buffer, this.#start + this.layout.strings, this.counts.stringBytes)
    this.texts = new Texts(texts, this.words(this.layout.stringEnds, this.counts.strings))
  }

  words(offset: number, count: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.#start + offset, count)
  }

  floats(offset: number, count: number): Float64Array {
    return new Float64Array(this.#buffer, this.#start + offset, count)
  }

  sets(): RecordSets {
    return readSets(this.#buffer, this.#start + this.layout.sets, this.counts.setWords)
  }

  text(id: number | undefined): string {
    if (id === undefined || id >= this.counts.strings) throw damaged('a string that is not there')
    return this.texts.text(id)
  }

  labels(pairs: Uint32Array, start: number, end: number): Labels {
    if (end < start || end * 2 > pairs.length) throw damaged('label pairs that are not there')
    const out: (readonly [string, string])[] = []
    for (let at = start; at < end; at++) out.push([this.text(pairs[at * 2]), this.text(pairs[at * 2 + 1])])
    return out
  }
}

class SeriesRows implements RecordSeriesRows {
  readonly length: number
  readonly idLow: Uint32Array
  readonly idHigh: Uint32Array
  readonly firstMinute: Uint32Array
  readonly lastMinute: Uint32Array
  readonly pairEnds: Uint32Array
  readonly pairs: Uint32Array
  readonly texts: RecordTexts

  constructor(reader: RecordReader) {
    const count = reader.counts.series
    const columns = reader.words(reader.layout.series, count * seriesColumns)
    this.length = count
    this.idLow = columns.subarray(0, count)
    this.idHigh = columns.subarray(count, 2 * count)
    this.firstMinute = columns.subarray(2 * count, 3 * count)
    this.lastMinute = columns.subarray(3 * count, 4 * count)
    this.pairEnds = columns.subarray(4 * count)
    this.pairs = reader.words(reader.layout.pairs, reader.counts.pairs * 2)
    this.texts = reader.texts
    let start = 0
    for (const end of this.pairEnds) {
      if (end < start || end > reader.counts.pairs) throw damaged('label pairs that are not there')
      start = end
    }
    for (const id of this.pairs) if (id >= reader.counts.strings) throw damaged('a string that is not there')
  }

  *[Symbol.iterator](): Generator<RecordSeries> {
    for (let row = 0; row < this.length; row++) {
      yield {
        idLow: this.idLow[row]!,
        idHigh: this.idHigh[row]!,
        firstMinute: this.firstMinute[row]!,
        lastMinute: this.lastMinute[row]!,
        labels: this.#labels(row),
      }
    }
  }

  #labels(row: number): Labels {
    const out: Labels[number][] = []
    for (let at = row === 0 ? 0 : this.pairEnds[row - 1]!; at < this.pairEnds[row]!; at++) {
      out.push([this.texts.text(this.pairs[at * 2]!), this.texts.text(this.pairs[at * 2 + 1]!)])
    }
    return out
  }
}

function readHistograms(reader: RecordReader): RecordHistogram[] {
  const count = reader.counts.histograms
  const words = reader.words(reader.layout.histograms, count * histogramColumns)
  const floats = reader.floats(reader.layout.histogramFloats, count * histogramFloatColumns)
  const numbers = reader.floats(reader.layout.numbers, reader.counts.numbers)
  const out: RecordHistogram[] = []
  let at = 0
  const list = (i: number, column: number): number[] => {
    const length = words[(4 + column) * count + i]!
    if (at + length > numbers.length) throw damaged('histogram numbers that are not there')
    at += length
    return Array.from(numbers.subarray(at - length, at))
  }
  const float = (i: number, column: number): number => floats[column * count + i]!
  for (let i = 0; i < count; i++) {
    const resetHint = resetHints[words[3 * count + i]!]
    if (resetHint === undefined) throw damaged('an unknown reset hint')
    const histogram: NativeHistogram = {
      schema: float(i, 1),
      zeroThreshold: float(i, 2),
      zeroCount: float(i, 3),
      count: float(i, 4),
      sum: float(i, 5),
      positiveSpans: list(i, 0),
      positiveCounts: list(i, 1),
      negativeSpans: list(i, 2),
      negativeCounts: list(i, 3),
      customValues: list(i, 4),
      resetHint,
    }
    out.push({ idLow: words[i]!, idHigh: words[count + i]!, metric: words[2 * count + i]!, timeMs: float(i, 0), histogram })
  }
  return out
}

function readExemplars(reader: RecordReader): RecordExemplar[] {
  const count = reader.counts.exemplars
  const words = reader.words(reader.layout.exemplars, count * exemplarColumns)
  const floats = reader.floats(reader.layout.exemplarFloats, count * 2)
  const pairs = reader.words(reader.layout.exemplarPairs, reader.counts.exemplarPairs * 2)
  const out: RecordExemplar[] = []
  let start = 0
  for (let i = 0; i < count; i++) {
    const end = words[5 * count + i]!
    out.push({
      idLow: words[i]!,
      idHigh: words[count + i]!,
      metric: words[2 * count + i]!,
      timeMs: floats[i]!,
      value: floats[count + i]!,
      traceId: reader.text(words[3 * count + i]),
      spanId: reader.text(words[4 * count + i]),
      labels: reader.labels(pairs, start, end),
    })
    start = end
  }
  return out
}

function readMetadata(reader: RecordReader): MetricMetadata[] {
  const words = reader.words(reader.layout.metadata, reader.counts.metadata * metadataColumns)
  const out: MetricMetadata[] = []
  for (let at = 0; at < words.length; at += metadataColumns) {
    // A type of a later program, or a wrong one: nothing else of the record depends on it.
    const type = metricTypes[words[at + 1]!] ?? 'unknown'
    out.push({ name: reader.text(words[at]), type, unit: reader.text(words[at + 2]), help: reader.text(words[at + 3]) })
  }
  return out
}

/** Throws `metrics.record_damaged`. */
export function decodeMetricsRecord(payload: Uint8Array): MetricsRecord {
  const reader = new RecordReader(payload)
  const count = reader.counts.samples
  const ids = reader.words(reader.layout.sampleIds, count * idColumns)
  return {
    sampleCount: count,
    idLow: ids.subarray(0, count),
    idHigh: ids.subarray(count, 2 * count),
    metric: ids.subarray(2 * count),
    timesMs: reader.floats(reader.layout.sampleTimes, count),
    values: reader.floats(reader.layout.sampleValues, count),
    series: new SeriesRows(reader),
    histograms: readHistograms(reader),
    exemplars: readExemplars(reader),
    metadata: readMetadata(reader),
    sets: reader.sets(),
  }
}
