import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classicBuckets, extentOf, rebucketed } from './buckets.ts'

describe('buckets of cumulative counts', () => {
  const rows: [[number, number][], [number, number, number][]][] = [
    [[], []],
    [
      [
        [1, 3],
        [0.5, 2],
        [Infinity, 7],
      ],
      [
        [0, 0.5, 2],
        [0.5, 1, 1],
        [1, Infinity, 4],
      ],
    ],
    [
      [
        [-1, 1],
        [1, 1],
        [Infinity, 1],
      ],
      [[-Infinity, -1, 1]],
    ],
    // Counts that fall were read at different times.
    [
      [
        [1, 5],
        [2, 4],
        [3, 6],
      ],
      [
        [0, 1, 5],
        [2, 3, 1],
      ],
    ],
  ]
  test.each(rows)('%j', (counts, want) => {
    expect(classicBuckets(counts).map(({ lower, upper, count }) => [lower, upper, count])).toEqual(want)
  })
})

describe('buckets of one width', () => {
  const bucket = fc
    .record({
      lower: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      width: fc.double({ min: 0, max: 1e3, noNaN: true }),
      count: fc.integer({ min: 1, max: 1000 }),
    })
    // -0 and 0 are one bound.
    .map(({ lower, width, count }) => ({ lower: lower + 0, upper: lower + 0 + width, count }))

  test('hold as many observations as before, and cover them all', () => {
    fc.assert(
      fc.property(fc.array(bucket, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 50 }), (buckets, count) => {
        const extent = extentOf([buckets])
        if (extent === null) throw new Error('there are buckets')
        const again = rebucketed(buckets, extent, count)
        expect(again).toHaveLength(count)
        const sum = (all: readonly { count: number }[]): number => all.reduce((total, one) => total + one.count, 0)
        expect(sum(again) / sum(buckets)).toBeCloseTo(1, 6)
        expect([again[0]?.lower, again.at(-1)?.upper]).toEqual([extent.lower, extent.upper])
      }),
    )
  })

  test('share an old bucket out evenly; an end without end lies at its other one', () => {
    const extent = { lower: 0, upper: 4 }
    expect(rebucketed([{ lower: 0, upper: 4, count: 8 }], extent, 2).map(({ count }) => count)).toEqual([4, 4])
    expect(rebucketed([{ lower: 4, upper: Infinity, count: 3 }], extent, 2).map(({ count }) => count)).toEqual([0, 3])
    expect(rebucketed([{ lower: -Infinity, upper: 0, count: 3 }], extent, 2).map(({ count }) => count)).toEqual([3, 0])
    expect(extentOf([[{ lower: 1, upper: Infinity, count: 1 }], []])).toEqual({ lower: 1, upper: 1 })
    expect(extentOf([[], []])).toBeNull()
  })
})
