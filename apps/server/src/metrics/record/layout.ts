/**
 * Byte layout of a metrics record (format 1), shared by encoder and decoder. Little-endian; every section starts at a multiple of 8, so that
 * columns can be views. Described with an example in docs/formats/metrics-record.md.
 */

/** `MRC1` read as a little-endian number. */
export const magic = 0x3143524d

/** `LogRecord.format` of these payloads. */
export const metricsRecordFormat = 1

export const headerBytes = 48

/** 32-bit words of the header behind the magic number. */
export interface RecordCounts {
  readonly strings: number
  readonly stringBytes: number
  readonly samples: number
  readonly series: number
  readonly pairs: number
  readonly histograms: number
  readonly numbers: number
  readonly exemplars: number
  readonly exemplarPairs: number
  readonly metadata: number
  /** 32-bit words of the section of sets, which says its own counts. */
  readonly setWords: number
}

/** Start of each section, bytes from the payload's start; `end` is its length. */
export interface RecordLayout {
  readonly stringEnds: number
  readonly strings: number
  readonly sampleTimes: number
  readonly sampleValues: number
  readonly sampleIds: number
  readonly series: number
  readonly pairs: number
  readonly histograms: number
  readonly histogramFloats: number
  readonly numbers: number
  readonly exemplars: number
  readonly exemplarFloats: number
  readonly exemplarPairs: number
  readonly metadata: number
  readonly sets: number
  readonly end: number
}

/** u32 columns of a section, one after the other: series id low, id high, metric. */
export const idColumns = 3
/** id low, id high, first minute, last minute, end of its pairs. */
export const seriesColumns = 5
/** id low, id high, metric, reset hint, then the lengths of the five lists of numbers. */
export const histogramColumns = 9
/** time, schema, zero threshold, zero count, count, sum. */
export const histogramFloatColumns = 6
/** id low, id high, metric, trace id, span id, end of its pairs. */
export const exemplarColumns = 6
/** time, value. */
export const exemplarFloatColumns = 2
/** name, type, unit, help. */
export const metadataColumns = 4

function aligned(size: number): number {
  return Math.ceil(size / 8) * 8
}

/** Plain arithmetic: numbers stay exact, so damaged counts cannot wrap around. */
export function layoutOf(counts: RecordCounts): RecordLayout {
  let at = headerBytes
  const take = (sizeBytes: number): number => {
    const start = at
    at += aligned(sizeBytes)
    return start
  }
  return {
    stringEnds: take(counts.strings * 4),
    strings: take(counts.stringBytes),
    sampleTimes: take(counts.samples * 8),
    sampleValues: take(counts.samples * 8),
    sampleIds: take(counts.samples * 4 * idColumns),
    series: take(counts.series * 4 * seriesColumns),
    pairs: take(counts.pairs * 8),
    histograms: take(counts.histograms * 4 * histogramColumns),
    histogramFloats: take(counts.histograms * 8 * histogramFloatColumns),
    numbers: take(counts.numbers * 8),
    exemplars: take(counts.exemplars * 4 * exemplarColumns),
    exemplarFloats: take(counts.exemplars * 8 * exemplarFloatColumns),
    exemplarPairs: take(counts.exemplarPairs * 8),
    metadata: take(counts.metadata * 4 * metadataColumns),
    sets: take(counts.setWords * 4),
    end: at,
  }
}

export const resetHints = ['unknown', 'yes', 'no', 'gauge'] as const

export const metricTypes = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] as const
