import { expect, it } from 'vitest'
import { durationCondition, heatMapOf, searchDuration, selectionOf, strengthOf } from './heat-map.ts'

const histogram = {
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-01T00:02:00.000Z',
  stepSec: 60,
  first: '2026-01-01T00:00:00.000Z',
  counts: [3, 1],
  errors: [0, 1],
  uppersMs: [1, 10, 100, 1000, 10_000],
  durations: [
    [0, 0],
    [0, 0],
    [3, 0],
    [0, 1],
    [0, 0],
  ],
  total: 4,
}

it('shows the classes that have something, with room around', () => {
  const map = heatMapOf(histogram)
  expect([map.firstClass, map.rows, map.columns, map.highest]).toEqual([1, 4, 2, 3])
  expect([...map.cells]).toEqual([0, 0, 3, 0, 0, 1, 0, 0])
  expect(heatMapOf({ ...histogram, durations: histogram.durations.map(() => [0, 0]) }).rows).toBe(0)
})

it('turns a rectangle into time and duration', () => {
  const map = heatMapOf(histogram)
  const all = selectionOf(map, { columns: [0, 1], rows: [0, 3] })
  expect(all).toEqual({ fromMs: Date.parse(histogram.from), toMs: Date.parse(histogram.to), overMs: 1, upToMs: null, spans: 4 })
  expect(durationCondition(all)).toBe('duration:>1ms')
  const slow = selectionOf(map, { columns: [1, 1], rows: [2, 2] })
  expect(slow).toMatchObject({ overMs: 100, upToMs: 1000, spans: 1 })
  expect(durationCondition(slow)).toBe('duration:>100ms duration:<=1s')
  expect(durationCondition({ ...slow, overMs: 0, upToMs: null })).toBe('')
})

it('writes durations as the search reads them', () => {
  expect([0.25, 1, 12.5, 999.5, 1500, 60_000].map(searchDuration)).toEqual(['250us', '1ms', '12.5ms', '999.5ms', '1.5s', '60s'])
})

it('lets one span among a million be seen', () => {
  expect(strengthOf(0, 10)).toBe(0)
  expect(strengthOf(1, 1_000_000)).toBeGreaterThan(0.15)
  expect(strengthOf(1_000_000, 1_000_000)).toBe(1)
  expect(strengthOf(1, 1)).toBe(1)
})
