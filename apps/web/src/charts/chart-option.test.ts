import { describe, expect, it } from 'vitest'
import { noUnit } from '../lib/units.ts'
import {
  axisStartsAtZero,
  chartOption,
  extentOf,
  isolatedPoints,
  pointsOf,
  shareSteps,
  tickInterval,
  type ChartSeries,
} from './chart-option.ts'
import { describeChart, statsOf } from './series-stats.ts'

function series(...values: number[]): ChartSeries {
  return { name: 's', color: '#000000', dash: 'solid', values: Float64Array.from(values) }
}

describe('gaps', () => {
  it('stay open, and a lonely point is shown', () => {
    const one = series(1, Number.NaN, 3, Number.NaN)
    const data = { timesMs: Float64Array.from([0, 1, 2, 3]), stepMs: 1, series: [one] }
    expect(pointsOf(data, one.values)).toEqual([
      [0, 1],
      [1, '-'],
      [2, 3],
      [3, '-'],
    ])
    expect([...isolatedPoints(one.values)]).toEqual([0, 2])
    expect(isolatedPoints(series(1, 2, 3).values).size).toBe(0)
  })
})

describe('intervals', () => {
  it('are drawn in their middle', () => {
    const one = series(1, 2)
    const data = { timesMs: Float64Array.from([0, 60]), stepMs: 60, series: [one], areIntervals: true }
    expect(pointsOf(data, one.values)).toEqual([
      [30, 1],
      [90, 2],
    ])
  })
})

describe('the value axis', () => {
  it('of shares ends at all of it', () => {
    const ratio = { base: 'ratio', perSecond: false } as const
    expect(shareSteps(ratio, 0)).toEqual({ interval: 0.005, max: 0.01 })
    expect(shareSteps(ratio, 0.3)).toBeNull()
    expect(shareSteps(ratio, 0.95)).toEqual({ interval: 0.25, max: 1 })
    expect([shareSteps(ratio, 1.5), shareSteps(noUnit, 0.95)]).toEqual([null, null])
  })

  it('starts at zero, except for lines in a narrow band far from it', () => {
    expect(axisStartsAtZero('bars', extentOf([series(100, 101)]))).toBe(true)
    expect(axisStartsAtZero('area', extentOf([series(100, 101)]))).toBe(true)
    expect(axisStartsAtZero('line', extentOf([series(100, 101)]))).toBe(false)
    expect(axisStartsAtZero('line', extentOf([series(10, 101)]))).toBe(true)
    expect(axisStartsAtZero('line', extentOf([series(-5, 5)]))).toBe(false)
    expect(axisStartsAtZero('line', extentOf([series(Number.NaN)]))).toBe(true)
  })

  it('counts bytes in powers of two', () => {
    expect(tickInterval({ base: 'bytes', perSecond: false }, 5 * 1024 ** 3)).toBe(1024 ** 3)
    expect(tickInterval(noUnit, 5e9)).toBeUndefined()
  })
})

describe('chartOption', () => {
  it('marks what is still filling on the first series only', () => {
    const data = { timesMs: Float64Array.from([0, 1000]), stepMs: 1000, series: [series(1, 2), { ...series(1, 2), name: 't' }] }
    const colors = { text: '#111111', grid: '#222222', border: '#333333' }
    const option = chartOption(data, {
      style: 'line',
      unit: noUnit,
      zone: 'utc',
      fromMs: 0,
      toMs: 2000,
      timeLabels: 5,
      fillingFromMs: 1000,
      colors,
      hatch: null,
    })
    expect(option.series).toHaveProperty('0.markArea')
    expect(option.series).not.toHaveProperty('1.markArea')
    expect(option).toHaveProperty('useUTC', true)
  })
})

describe('statistics', () => {
  it('skip gaps', () => {
    expect(statsOf(Float64Array.from([Number.NaN, 1, 3, Number.NaN]))).toEqual({ last: 3, min: 1, avg: 2, max: 3, points: 2 })
    expect(statsOf(Float64Array.from([Number.NaN])).avg).toBeNaN()
  })

  it('become a sentence', () => {
    const stats = [statsOf(Float64Array.from([1, 2])), statsOf(Float64Array.from([5, 4]))]
    expect(describeChart(['a', 'b'], stats, String)).toBe('2 series, between 1 and 5. The highest now is b at 4.')
    expect(describeChart([], [], String)).toBe('No data in this range.')
  })
})
