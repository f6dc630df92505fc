import { describe, expect, it } from 'vitest'
import { nearestIndex, tooltipRows, tooltipRowsMax } from './hover.ts'

describe('nearestIndex', () => {
  it('finds the step under the pointer and nothing far away', () => {
    const times = Float64Array.from([0, 10, 20])
    expect(nearestIndex(times, 10, 12)).toBe(1)
    expect(nearestIndex(times, 10, -4)).toBe(0)
    expect(nearestIndex(times, 10, 29)).toBe(2)
    expect(nearestIndex(times, 10, 99)).toBe(-1)
    expect(nearestIndex(new Float64Array(0), 10, 5)).toBe(-1)
  })
})

describe('tooltipRows', () => {
  it('sorts, skips gaps and keeps the nearest among the shown', () => {
    const series = Array.from({ length: 30 }, (_, i) => ({
      name: `s${i}`,
      color: '#000000',
      values: Float64Array.from([i === 3 ? Number.NaN : i]),
    }))
    const rows = tooltipRows(series, 0, 1.2)
    expect(rows).toHaveLength(tooltipRowsMax)
    expect(rows[0]?.name).toBe('s29')
    expect(rows.find((row) => row.isNearest)?.name).toBe('s1')
    expect(tooltipRows(series, 5, null)).toEqual([])
  })
})
