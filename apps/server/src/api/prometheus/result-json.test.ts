import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NativeHistogram } from '../../metrics/index.ts'
import type { QueryValue } from '../../promql/index.ts'
import { histogramJson } from './histogram-json.ts'
import { chunked, quote, valueJson } from './result-json.ts'

const histogram: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 9,
  sum: 12.5,
  positiveSpans: [0, 2, 1, 1],
  positiveCounts: [1, 0, 3],
  negativeSpans: [1, 1],
  negativeCounts: [3],
  customValues: [],
  resetHint: 'unknown',
}

function read(value: QueryValue): unknown {
  return JSON.parse(`{${[...valueJson(value)].join('')}}`)
}

describe('results', () => {
  test('a matrix is one JSON text however it is cut', () => {
    const timesMs = Float64Array.from({ length: 5000 }, (_, i) => i * 250)
    const values = timesMs.map((timeMs) => timeMs / 3)
    const value: QueryValue = { type: 'matrix', series: [{ labels: [['a', 'b']], timesMs, values, histograms: null }] }
    const pieces = [...valueJson(value)]
    expect(pieces.length).toBeGreaterThan(2)
    const whole = read(value) as { result: { metric: object; values: [number, string][] }[] }
    expect(whole.result[0]?.metric).toEqual({ a: 'b' })
    expect(whole.result[0]?.values).toHaveLength(5000)
    expect(whole.result[0]?.values[4999]).toEqual([1249.75, String(1_249_750 / 3)])
  })

  test('floats and histograms of one series are listed apart', () => {
    const series = {
      labels: [],
      timesMs: Float64Array.of(1000, 2000),
      values: Float64Array.of(1, Number.NaN),
      histograms: [null, histogram],
    }
    expect(read({ type: 'matrix', series: [series] })).toEqual({
      resultType: 'matrix',
      result: [{ metric: {}, values: [[1, '1']], histograms: [[2, expect.objectContaining({ count: '9', sum: '12.5' })]] }],
    })
  })

  test('buckets from the lowest, empty ones left out, with their boundary rules', () => {
    expect(JSON.parse(histogramJson(histogram))).toEqual({
      count: '9',
      sum: '12.5',
      buckets: [
        [1, '-2', '-1', '3'],
        [3, '-0.001', '0.001', '2'],
        [0, '0.5', '1', '1'],
        [0, '4', '8', '3'],
      ],
    })
    const empty = {
      ...histogram,
      count: 0,
      sum: 0,
      zeroCount: 0,
      positiveSpans: [],
      positiveCounts: [],
      negativeSpans: [],
      negativeCounts: [],
    }
    expect(histogramJson(empty)).toBe('{"count":"0","sum":"0"}')
  })

  test('text is quoted as JSON has it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => JSON.parse(quote(text)) === text))
    fc.assert(fc.property(fc.string(), (text) => JSON.parse(quote(text)) === text))
  })

  test('small pieces are joined, nothing is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 50 }), (pieces, size) => {
        const chunks = [...chunked(pieces, size)]
        return chunks.join('') === pieces.join('') && chunks.slice(0, -1).every((chunk) => chunk.length >= size)
      }),
    )
  })
})
