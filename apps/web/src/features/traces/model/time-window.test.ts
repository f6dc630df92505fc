import { describe, expect, it } from 'vitest'
import { fitWindow, readWindow, ticksOf, windowAround, writeWindow, zoomWindow } from './time-window.ts'

const whole = { fromNs: 0, toNs: 10_000 }

describe('the window', () => {
  it('stays within the trace and is never empty', () => {
    expect(fitWindow({ fromNs: -500, toNs: 500 }, whole)).toEqual({ fromNs: 0, toNs: 1000 })
    expect(fitWindow({ fromNs: 9_800, toNs: 10_800 }, whole)).toEqual({ fromNs: 9000, toNs: 10_000 })
    expect(fitWindow({ fromNs: 500, toNs: 501 }, whole)).toEqual({ fromNs: 500, toNs: 600 })
    expect(fitWindow({ fromNs: -1e9, toNs: 1e9 }, whole)).toEqual(whole)
    expect(fitWindow({ fromNs: 0, toNs: 9 }, { fromNs: 0, toNs: 5 })).toEqual({ fromNs: 0, toNs: 5 })
  })
  it('zooms around the pointer', () => {
    expect(zoomWindow(whole, whole, { factor: 2, aroundNs: 0 })).toEqual({ fromNs: 0, toNs: 5000 })
    expect(zoomWindow(whole, whole, { factor: 2, aroundNs: 5000 })).toEqual({ fromNs: 2500, toNs: 7500 })
    expect(zoomWindow({ fromNs: 0, toNs: 5000 }, whole, { factor: 0.5, aroundNs: 0 })).toEqual(whole)
  })
  it('shows a span with room around it', () => {
    const { fromNs, toNs } = windowAround(4000, 5000, whole)
    expect([fromNs < 4000, toNs > 5000, toNs - fromNs < 1200]).toEqual([true, true, true])
  })
  it('goes through the address', () => {
    expect(readWindow(writeWindow({ fromNs: 120.4, toNs: 480.2 }), whole)).toEqual({ fromNs: 120, toNs: 481 })
    for (const text of [undefined, '', '5', '9-3', 'a-b', '1-2-3']) expect(readWindow(text, whole)).toBeNull()
  })
})

describe('ticks', () => {
  function f(fromNs: number, toNs: number, originNs: number, want: number[]): void {
    expect(ticksOf({ fromNs, toNs }, originNs, 5)).toEqual(want)
  }
  it('are round counted from the beginning', () => {
    f(0, 10_000, 0, [0, 2000, 4000, 6000, 8000, 10_000])
    f(3100, 4900, 0, [3500, 4000, 4500])
    f(7, 107, 7, [7, 27, 47, 67, 87, 107])
  })
})
