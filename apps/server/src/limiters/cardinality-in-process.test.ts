import { describe, expect, test } from 'vitest'
import { InProcessCardinality } from './cardinality-in-process.ts'
import { cardinalityContract, MovableClock, quotas, requestOf } from './testing/cardinality-contract.ts'

describe('CardinalityLimiter in process', () => {
  cardinalityContract((clock) => {
    const limiter = new InProcessCardinality(quotas, { clock, seed: 7 })
    return Promise.resolve({ limiter, [Symbol.asyncDispose]: () => Promise.resolve() })
  }, 300)

  test('its memory follows what is within the window, not what ever was', () => {
    const clock = new MovableClock()
    const limit = 20_000
    const wide = { ...quotas, limits: { global: limit, organization: limit, useCase: limit, metric: limit } }
    const limiter = new InProcessCardinality(wide, { clock, seed: 7 })
    for (let round = 0; round < 40; round++) {
      limiter.judge([requestOf(Array.from({ length: 30_000 }, (_, i) => round * 30_000 + i))])
      clock.ms += 60_000
    }
    expect(limiter.count).toBe(0)
    expect(limiter.sizeBytes).toBeLessThanOrEqual(16 * 65_536)
  })

  test('gives out what it counts, for a place that lost its count', () => {
    const clock = new MovableClock()
    const limiter = new InProcessCardinality(quotas, { clock, seed: 7 })
    limiter.judge([requestOf([1, 2]), requestOf([3], 'other')])
    clock.ms += 70_000
    limiter.judge([requestOf([2])])
    expect([...limiter.counted()].flat()).toEqual([requestOf([2])])
  })

  test('of many series it grows a little at a time, and gives them out a part at a time', () => {
    const clock = new MovableClock()
    const limit = 1_000_000
    const wide = { ...quotas, limits: { global: limit, organization: limit, useCase: limit, metric: limit } }
    const limiter = new InProcessCardinality(wide, { clock, seed: 7 })
    let steps = 0
    for (let from = 0; from < 200_000; from += 1_000) {
      const before = limiter.sizeBytes
      limiter.judge([requestOf(Array.from({ length: 1_000 }, (_, i) => from + i))])
      const grown = limiter.sizeBytes - before
      if (from >= 20_000) expect(grown / before).toBeLessThan(0.3)
      if (grown > 0) steps++
    }
    expect(steps).toBeGreaterThan(50)
    const parts = [...limiter.counted()].map((requests) => requests.reduce((sum, { hashes }) => sum + hashes.length / 2, 0))
    expect(parts.reduce((sum, series) => sum + series, 0)).toBe(200_000)
    expect(Math.max(...parts)).toBeLessThan(8_000)
  })

  test('a granularity that does not divide the window is a mistake', () => {
    expect(() => new InProcessCardinality({ ...quotas, granularitySec: 7 }, { clock: new MovableClock(), seed: 1 })).toThrow(/divide/)
  })
})
