/**
 * Query results as JSON text, written in pieces straight from the typed arrays: a matrix of a million points makes no object per point
 * and is never whole in memory as text.
 */
import type { InstantSeries, RangeSeries, QueryValue } from '../../promql/index.ts'
import type { Labels } from '../../metrics/index.ts'
import { answerChunkChars } from '../limits.ts'
import { histogramJson } from './histogram-json.ts'
import { formatSampleValue, formatScalarValue, formatTimeSec } from './numbers.ts'

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const needsEscape = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/

/** Texts of times remembered within one answer: series of a range query share their grid. */
const timesRemembered = 20_000

export function quote(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

export function labelsJson(labels: Labels): string {
  let text = ''
  for (const [name, value] of labels) text += `${text === '' ? '' : ','}${quote(name)}:${quote(value)}`
  return `{${text}}`
}

function instantJson(series: InstantSeries): string {
  const time = formatTimeSec(series.timeMs)
  const head = `{"metric":${labelsJson(series.labels)},`
  return series.histogram === null
    ? `${head}"value":[${time},"${formatSampleValue(series.value)}"]}`
    : `${head}"histogram":[${time},${histogramJson(series.histogram)}]}`
}

class TimeTexts {
  readonly #texts = new Map<number, string>()

  of(timeMs: number): string {
    const known = this.#texts.get(timeMs)
    if (known !== undefined) return known
    const text = formatTimeSec(timeMs)
    if (this.#texts.size < timesRemembered) this.#texts.set(timeMs, text)
    return text
  }
}

/** Pieces of one series of a matrix; a long one is several. */
function* rangeJson(series: RangeSeries, times: TimeTexts): Generator<string> {
  const { timesMs, values, histograms } = series
  let text = `{"metric":${labelsJson(series.labels)}`
  let floats = 0
  for (let row = 0; row < timesMs.length; row++) {
    if (histograms !== null && histograms[row] !== null && histograms[row] !== undefined) continue
    text += `${floats++ === 0 ? ',"values":[' : ','}[${times.of(timesMs[row] ?? 0)},"${formatSampleValue(values[row] ?? Number.NaN)}"]`
    if (text.length >= answerChunkChars) {
      yield text
      text = ''
    }
  }
  if (floats > 0) text += ']'
  let count = 0
  for (let row = 0; histograms !== null && row < histograms.length; row++) {
    const histogram = histograms[row] ?? null
    if (histogram === null) continue
    text += `${count++ === 0 ? ',"histograms":[' : ','}[${times.of(timesMs[row] ?? 0)},${histogramJson(histogram)}]`
    if (text.length >= answerChunkChars) {
      yield text
      text = ''
    }
  }
  if (count > 0) text += ']'
  yield `${text}}`
}

/** `resultType` and `result` of the answer's `data`, in pieces. */
export function* valueJson(value: QueryValue): Generator<string> {
  switch (value.type) {
    case 'scalar':
      yield `"resultType":"scalar","result":[${value.timeMs / 1000},"${formatScalarValue(value.value)}"]`
      return
    case 'string':
      yield `"resultType":"string","result":[${value.timeMs / 1000},${quote(value.value)}]`
      return
    case 'vector':
      yield '"resultType":"vector","result":['
      for (const [index, series] of value.series.entries()) yield (index === 0 ? '' : ',') + instantJson(series)
      yield ']'
      return
    case 'matrix': {
      const times = new TimeTexts()
      yield '"resultType":"matrix","result":['
      for (const [index, series] of value.series.entries()) {
        if (index > 0) yield ','
        yield* rangeJson(series, times)
      }
      yield ']'
    }
  }
}

/** Joins small pieces into ones worth sending. */
export function* chunked(pieces: Iterable<string>, chunkChars: number = answerChunkChars): Generator<string> {
  let chunk = ''
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length >= chunkChars) {
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}
