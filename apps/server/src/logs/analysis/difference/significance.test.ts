import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chanceOf, erfc, logGamma } from './significance.ts'

// Wanted values: exact fractions over binomial coefficients, and Python's math.erfc and math.lgamma.
describe('probabilities', () => {
  test('Fisher', () => {
    expect(chanceOf({ hitsA: 3, rowsA: 4, hitsB: 1, rowsB: 4 })).toBeCloseTo(0.4857142857, 9)
    expect(chanceOf({ hitsA: 10, rowsA: 10, hitsB: 0, rowsB: 10 })).toBeCloseTo(1.082508822e-5, 12)
    expect(chanceOf({ hitsA: 8, rowsA: 10, hitsB: 2, rowsB: 12 })).toBeCloseTo(0.00828428537, 9)
  })
  test('Pearson with the correction of Yates', () => {
    expect(chanceOf({ hitsA: 100, rowsA: 200, hitsB: 70, rowsB: 200 })).toBeCloseTo(0.00335502748, 9)
  })
  test('functions they stand on', () => {
    expect(erfc(0)).toBe(1)
    expect(erfc(1)).toBeCloseTo(0.15729920705, 10)
    expect(erfc(3)).toBeCloseTo(2.209049699858544e-5, 14)
    expect(erfc(-1)).toBeCloseTo(1.84270079295, 10)
    expect(logGamma(1)).toBeCloseTo(0, 10)
    expect(logGamma(10)).toBeCloseTo(Math.log(362_880), 10)
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 8)
  })
  test('nothing to compare is certain', () => {
    expect(chanceOf({ hitsA: 0, rowsA: 0, hitsB: 1, rowsB: 5 })).toBe(1)
    expect(chanceOf({ hitsA: 5, rowsA: 5, hitsB: 5, rowsB: 5 })).toBe(1)
  })
  test('the sets may change places, and hits may be misses', () => {
    const counts = fc.record({
      rowsA: fc.integer({ min: 1, max: 300 }),
      rowsB: fc.integer({ min: 1, max: 300 }),
      a: fc.double({ min: 0, max: 1, noNaN: true }),
      b: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(counts, ({ rowsA, rowsB, a, b }) => {
        const [hitsA, hitsB] = [Math.round(a * rowsA), Math.round(b * rowsB)]
        const chance = chanceOf({ hitsA, rowsA, hitsB, rowsB })
        expect(chance).toBeGreaterThanOrEqual(0)
        expect(chance).toBeLessThanOrEqual(1)
        expect(chanceOf({ hitsA: hitsB, rowsA: rowsB, hitsB: hitsA, rowsB: rowsA })).toBeCloseTo(chance, 9)
        expect(chanceOf({ hitsA: rowsA - hitsA, rowsA, hitsB: rowsB - hitsB, rowsB })).toBeCloseTo(chance, 9)
      }),
    )
  })
})
