import { describe, expect, it } from 'vitest'
import { decodeInstant, decodeRange, distinguishing, parseSampleValue, seriesName } from './prometheus.ts'

describe('decodeRange', () => {
  it('puts points on the grid and leaves gaps', () => {
    const body = {
      status: 'success',
      warnings: ['w'],
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'up', job: 'a' },
            values: [
              [10, '1'],
              [30, '+Inf'],
            ],
          },
        ],
      },
    }
    const result = decodeRange(body, { fromMs: 10_000, toMs: 40_000, stepMs: 10_000 })
    expect([...result.timesMs]).toEqual([10_000, 20_000, 30_000, 40_000])
    expect([...(result.series[0]?.values ?? [])]).toEqual([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN])
    expect(result.warnings).toEqual(['w'])
  })

  it('shows a native histogram as its mean', () => {
    const body = {
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: {}, histograms: [[0, { count: '4', sum: '10' }]] }] },
    }
    expect(decodeRange(body, { fromMs: 0, toMs: 0, stepMs: 1000 }).series[0]?.values[0]).toBe(2.5)
  })

  it('refuses everything else', () => {
    for (const body of [null, {}, { status: 'error' }, { status: 'success', data: { resultType: 'vector', result: [] } }, 'x']) {
      expect(() => decodeRange(body, { fromMs: 0, toMs: 0, stepMs: 1 })).toThrow()
    }
  })
})

describe('decodeInstant', () => {
  it('reads vectors, scalars and strings', () => {
    expect(
      decodeInstant({ status: 'success', data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1.5, '2'] }] } }).series,
    ).toEqual([{ labels: { a: 'b' }, timeMs: 1500, value: 2 }])
    expect(decodeInstant({ status: 'success', data: { resultType: 'scalar', result: [1, 'NaN'] } }).series[0]?.value).toBeNaN()
    expect(decodeInstant({ status: 'success', data: { resultType: 'string', result: [1, 'hi'] } }).text).toBe('hi')
  })
})

describe('names', () => {
  it('are stable and escaped', () => {
    expect(seriesName({ b: '2', __name__: 'up', a: 'x"y' })).toBe('up{a="x\\"y", b="2"}')
    expect(seriesName({ __name__: 'up' })).toBe('up')
    expect(seriesName({})).toBe('{}')
    expect(parseSampleValue('-Inf')).toBe(Number.NEGATIVE_INFINITY)
  })

  it('of a legend say what differs', () => {
    expect(
      distinguishing([
        { job: 'a', code: '200' },
        { job: 'a', code: '500', extra: '1' },
      ]),
    ).toEqual(['code', 'extra'])
    expect(distinguishing([{ job: 'a' }])).toEqual([])
  })
})
