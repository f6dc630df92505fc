import { describe, expect, it } from 'vitest'
import { sparkPath } from './spark-path.ts'

const box = { widthPx: 100, heightPx: 23, floor: 0 }

describe('sparkPath', () => {
  it('breaks at gaps and fits the box', () => {
    expect(sparkPath(Float64Array.from([0, 10, Number.NaN, 5, 10]), box)).toBe('M0.0 21.5L25.0 1.5M75.0 11.5L100.0 1.5')
  })

  it('shows a lonely point, a flat line and nothing', () => {
    expect(sparkPath(Float64Array.from([4, Number.NaN]), box)).toContain('h1.5')
    expect(sparkPath(Float64Array.from([7, 7]), { ...box, floor: null })).toBe('M0.0 10.0L100.0 10.0')
    expect(sparkPath(new Float64Array(0), box)).toBe('')
    expect(sparkPath(Float64Array.from([Number.NaN]), box)).toBe('')
  })
})
