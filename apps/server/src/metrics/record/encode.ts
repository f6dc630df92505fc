/** MetricsBatch → log payload: columns and the rows of series that are not durable yet. See layout.ts. */
import type { MetricsBatch } from '../batch/metrics-batch.ts'
import type { Exemplar, MetricMetadata, NativeHistogram } from '../model.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import {
  exemplarColumns,
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
import { setWordsOf, writeSets } from './set-section.ts'
import { StringPool } from './string-pool.ts'

/** The part of the registry that encoding needs. */
export type SeriesFacts = Pick<
  SeriesRegistry,
  'idLow' | 'idHigh' | 'metricHash' | 'symbols' | 'tenantOf' | 'eachPair' | 'firstMinute' | 'lastMinute'
>

function listsOf(histogram: NativeHistogram): readonly (readonly number[])[] {
  return [histogram.positiveSpans, histogram.positiveCounts, histogram.negativeSpans, histogram.negativeCounts, histogram.customValues]
}

function numberCount(batch: MetricsBatch): number {
  let total = 0
  for (let i = 0; i < batch.histogramCount; i++) {
    const histogram = batch.histograms[i]
    if (histogram !== undefined) for (const list of listsOf(histogram)) total += list.length
  }
  return total
}

/** Everything that becomes string ids, gathered before the sizes are known. */
interface Texts {
  readonly pool: StringPool
  /** Per series row: name and value ids in turn. */
  readonly pairs: readonly number[]
  readonly pairEnds: readonly number[]
  readonly exemplarPairs: readonly number[]
  readonly exemplarPairEnds: readonly number[]
  /** Trace and span id of each exemplar. */
  readonly exemplarIds: readonly number[]
  readonly metadata: readonly number[]
}

function gatherTexts(
  series: SeriesFacts,
  rowRefs: readonly number[],
  exemplars: readonly Exemplar[],
  metadata: readonly MetricMetadata[],
): Texts {
  const pool = new StringPool(series.symbols)
  const texts = {
    pool,
    pairs: [] as number[],
    pairEnds: [] as number[],
    exemplarPairs: [] as number[],
    exemplarPairEnds: [] as number[],
    exemplarIds: [] as number[],
    metadata: [] as number[],
  }
  for (const ref of rowRefs) {
    const { postings } = series.tenantOf(ref)
    series.eachPair(ref, (pair) => {
      texts.pairs.push(pool.idOfSymbol(postings.nameOf(pair)), pool.idOfSymbol(postings.valueOf(pair)))
    })
    texts.pairEnds.push(texts.pairs.length / 2)
  }
  for (const exemplar of exemplars) {
    for (const [name, value] of exemplar.labels) texts.exemplarPairs.push(pool.id(name), pool.id(value))
    texts.exemplarPairEnds.push(texts.exemplarPairs.length / 2)
    texts.exemplarIds.push(pool.id(exemplar.traceId), pool.id(exemplar.spanId))
  }
  for (const one of metadata) texts.metadata.push(pool.id(one.name), typeNumber(one), pool.id(one.unit), pool.id(one.help))
  return texts
}

/** Throws for what is no type: a record that could not be read again must not get into the log. */
function typeNumber({ name, type }: MetricMetadata): number {
  const number = metricTypes.indexOf(type)
  if (number === -1) throw new Error(`${JSON.stringify(name)} has a type that is none: ${String(type)}`)
  return number
}

function writeHeader(buffer: ArrayBuffer, counts: RecordCounts): void {
  const header = new Uint32Array(buffer, 0, 12)
  header.set([
    magic,
    counts.strings,
    counts.stringBytes,
    counts.samples,
    counts.series,
    counts.pairs,
    counts.histograms,
    counts.numbers,
    counts.exemplars,
    counts.exemplarPairs,
    counts.metadata,
    counts.setWords,
  ])
}

function writeSamples(buffer: ArrayBuffer, layout: RecordLayout, batch: MetricsBatch, series: SeriesFacts): void {
  const count = batch.sampleCount
  new Float64Array(buffer, layout.sampleTimes, count).set(batch.timesMs.subarray(0, count))
  new Float64Array(buffer, layout.sampleValues, count).set(batch.values.subarray(0, count))
  const ids = new Uint32Array(buffer, layout.sampleIds, count * idColumns)
  for (let i = 0; i < count; i++) {
    const ref = batch.seriesRefs[i]!
    ids[i] = series.idLow(ref)
    ids[count + i] = series.idHigh(ref)
    ids[2 * count + i] = series.metricHash(ref)
  }
}

function writeSeries(buffer: ArrayBuffer, layout: RecordLayout, rowRefs: readonly number[], series: SeriesFacts, texts: Texts): void {
  const count = rowRefs.length
  const columns = new Uint32Array(buffer, layout.series, count * seriesColumns)
  rowRefs.forEach((ref, i) => {
    columns[i] = series.idLow(ref)
    columns[count + i] = series.idHigh(ref)
    columns[2 * count + i] = series.firstMinute(ref)
    columns[3 * count + i] = series.lastMinute(ref)
    columns[4 * count + i] = texts.pairEnds[i] ?? 0
  })
  new Uint32Array(buffer, layout.pairs, texts.pairs.length).set(texts.pairs)
}

function writeHistograms(buffer: ArrayBuffer, layout: RecordLayout, batch: MetricsBatch, series: SeriesFacts): void {
  const count = batch.histogramCount
  const words = new Uint32Array(buffer, layout.histograms, count * histogramColumns)
  const floats = new Float64Array(buffer, layout.histogramFloats, count * histogramFloatColumns)
  const numbers = new Float64Array(buffer, layout.numbers, numberCount(batch))
  let at = 0
  for (let i = 0; i < count; i++) {
    const ref = batch.histogramRefs[i] ?? 0
    const histogram = batch.histograms[i]
    if (histogram === undefined) throw new Error('a batch has fewer histograms than it says')
    const facts = [series.idLow(ref), series.idHigh(ref), series.metricHash(ref), resetHints.indexOf(histogram.resetHint)]
    facts.forEach((word, column) => (words[column * count + i] = word))
    listsOf(histogram).forEach((list, column) => {
      words[(4 + column) * count + i] = list.length
      numbers.set(list, at)
      at += list.length
    })
    const values = [
      batch.histogramTimesMs[i] ?? 0,
      histogram.schema,
      histogram.zeroThreshold,
      histogram.zeroCount,
      histogram.count,
      histogram.sum,
    ]
    values.forEach((value, column) => (floats[column * count + i] = value))
  }
}

function writeExemplars(
  buffer: ArrayBuffer,
  layout: RecordLayout,
  exemplars: readonly Exemplar[],
  series: SeriesFacts,
  texts: Texts,
): void {
  const count = exemplars.length
  const words = new Uint32Array(buffer, layout.exemplars, count * exemplarColumns)
  const floats = new Float64Array(buffer, layout.exemplarFloats, count * 2)
  exemplars.forEach((exemplar, i) => {
    const ref = exemplar.seriesRef
    const facts = [
      series.idLow(ref),
      series.idHigh(ref),
      series.metricHash(ref),
      texts.exemplarIds[i * 2] ?? 0,
      texts.exemplarIds[i * 2 + 1] ?? 0,
      texts.exemplarPairEnds[i] ?? 0,
    ]
    facts.forEach((word, column) => (words[column * count + i] = word))
    floats[i] = exemplar.timeMs
    floats[count + i] = exemplar.value
  })
  new Uint32Array(buffer, layout.exemplarPairs, texts.exemplarPairs.length).set(texts.exemplarPairs)
}

/** `rowRefs`: series whose rows go along; `metadata`: descriptions that are new. The payload is a fresh array. */
export function encodeMetricsRecord(
  batch: MetricsBatch,
  series: SeriesFacts,
  rowRefs: readonly number[],
  metadata: readonly MetricMetadata[],
): Uint8Array<ArrayBuffer> {
  const texts = gatherTexts(series, rowRefs, batch.exemplars, metadata)
  const counts: RecordCounts = {
    strings: texts.pool.count,
    stringBytes: texts.pool.sizeBytes,
    samples: batch.sampleCount,
    series: rowRefs.length,
    pairs: texts.pairs.length / 2,
    histograms: batch.histogramCount,
    numbers: numberCount(batch),
    exemplars: batch.exemplars.length,
    exemplarPairs: texts.exemplarPairs.length / 2,
    metadata: metadata.length,
    setWords: setWordsOf(batch.sets),
  }
  const layout = layoutOf(counts)
  const buffer = new ArrayBuffer(layout.end)
  writeHeader(buffer, counts)
  texts.pool.write(new Uint8Array(buffer), new Uint32Array(buffer, layout.stringEnds, counts.strings), layout.strings)
  writeSamples(buffer, layout, batch, series)
  writeSeries(buffer, layout, rowRefs, series, texts)
  writeHistograms(buffer, layout, batch, series)
  writeExemplars(buffer, layout, batch.exemplars, series, texts)
  new Uint32Array(buffer, layout.metadata, metadata.length * metadataColumns).set(texts.metadata)
  writeSets(buffer, layout.sets, batch.sets, series)
  return new Uint8Array(buffer)
}
