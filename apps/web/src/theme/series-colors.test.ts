import { describe, expect, it } from 'vitest'
import { seriesColors, styleSeries } from './series-colors.ts'

function luminance(hex: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05)
}

describe('series colours', () => {
  it('keep a contrast of 3 against the page in both themes', () => {
    for (const color of seriesColors.light) expect(contrast(color, '#ffffff')).toBeGreaterThanOrEqual(3)
    for (const color of seriesColors.dark) expect(contrast(color, '#14181e')).toBeGreaterThanOrEqual(3)
  })

  it('are the same for the same name whatever order it comes in', () => {
    const forward = styleSeries(['a', 'b', 'c'], 'light')
    const backward = styleSeries(['c', 'b', 'a'], 'light')
    expect([...forward.entries()].sort()).toEqual([...backward.entries()].sort())
  })

  it('show no colour twice among eight series, and a dash when they must', () => {
    const eight = styleSeries(
      Array.from({ length: 8 }, (_, i) => `series ${i}`),
      'dark',
    )
    expect(new Set([...eight.values()].map((style) => style.color)).size).toBe(8)
    const ten = styleSeries(
      Array.from({ length: 10 }, (_, i) => `series ${i}`),
      'dark',
    )
    expect(new Set([...ten.values()].map((style) => `${style.color} ${style.dash}`)).size).toBe(10)
  })
})
