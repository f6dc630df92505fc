/** Laws of histogram arithmetic on random histograms. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NativeHistogram } from '../../metrics/index.ts'
import { combined, scaled } from './arithmetic.ts'
import { equalHistograms } from './compare.ts'
import { classicFraction, classicQuantile } from './classic.ts'
import { nativeFraction, nativeQuantile } from './native-quantile.ts'
import { bucketsOf, printHistogram } from './print.ts'
import { isCounterReset } from './reset.ts'
import { customSchema, fromSparse, lowerBound, toSparse, upperBound, withSchema } from './sparse.ts'
import { HistogramSum } from './sum.ts'
import { trimmed } from './trim.ts'

const counts = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 0, maxLength: 6 })
const histogram = fc
  .record({
    schema: fc.integer({ min: -2, max: 3 }),
    threshold: fc.constantFrom(0, 0.001, 0.5, 1),
    zero: fc.integer({ min: 0, max: 5 }),
    positive: counts,
    negative: counts,
    offset: fc.integer({ min: -6, max: 6 }),
  })
  .map(({ schema, threshold, zero, positive, negative, offset }): NativeHistogram => {
    // A store cuts buckets that would lie inside the zero bucket; start above it.
    const start = Math.max(offset, Math.ceil(Math.log2(threshold || 0.001) * 2 ** schema) + 1)
    const total = [...positive, ...negative].reduce((sum, count) => sum + count, zero)
    return {
      schema,
      zeroThreshold: threshold,
      zeroCount: zero,
      count: total,
      sum: total * 2,
      positiveSpans: positive.length === 0 ? [] : [start, positive.length],
      positiveCounts: positive,
      negativeSpans: negative.length === 0 ? [] : [start, negative.length],
      negativeCounts: negative,
      customValues: [],
      resetHint: 'unknown',
    }
  })

function total(of: NativeHistogram): number {
  return bucketsOf(of).reduce((sum, bucket) => sum + bucket.count, 0)
}

test('adding is commutative and keeps every observation, whatever the layouts', () => {
  fc.assert(
    fc.property(histogram, histogram, (a, b) => {
      const sum = combined(a, b, 1)!.histogram
      expect(equalHistograms(sum, combined(b, a, 1)!.histogram)).toBe(true)
      expect(sum.count).toBe(a.count + b.count)
      expect(total(sum)).toBe(a.count + b.count)
    }),
  )
})

test('what is added can be subtracted again, at the resolution both share', () => {
  fc.assert(
    fc.property(histogram, histogram, (a, b) => {
      const sum = combined(a, b, 1)!.histogram
      const back = combined(sum, b, -1)!.histogram
      expect(back.count).toBe(a.count)
      expect(total(back)).toBe(a.count)
    }),
  )
})

test('a sum of many equals one by one (where zero buckets do not have to grow into buckets)', () => {
  fc.assert(
    fc.property(fc.array(histogram, { minLength: 1, maxLength: 5 }), (all) => {
      const sum = new HistogramSum()
      fc.pre(new Set(all.map((one) => one.zeroThreshold)).size === 1)
      for (const one of all) sum.add(one)
      const stepwise = all.slice(1).reduce((left, right) => combined(left, right, 1)!.histogram, fromSparse(toSparse(all[0]!)))
      expect(printHistogram(sum.total())).toBe(printHistogram(stepwise))
    }),
  )
})

test('a lower resolution keeps buckets within their bounds', () => {
  fc.assert(
    fc.property(histogram, fc.integer({ min: 0, max: 3 }), (one, by) => {
      const sparse = toSparse(one)
      const coarse = withSchema(sparse, one.schema - by)
      expect(coarse.positive.counts.reduce((a, b) => a + b, 0)).toBe(sparse.positive.counts.reduce((a, b) => a + b, 0))
      for (const index of sparse.positive.indexes) {
        const inside = coarse.positive.indexes.filter(
          (other) =>
            lowerBound(other, coarse.schema, []) <= lowerBound(index, sparse.schema, []) * (1 + 1e-12) &&
            upperBound(other, coarse.schema, []) >= upperBound(index, sparse.schema, []) * (1 - 1e-12),
        )
        expect(inside.length).toBe(1)
      }
    }),
  )
})

test('a counter that only grows is never a reset; one that shrinks is', () => {
  fc.assert(
    fc.property(histogram, histogram, (a, b) => {
      const grown = combined(a, b, 1)!.histogram
      expect(isCounterReset(a, grown)).toBe(false)
      if (b.count > 0) expect(isCounterReset(grown, { ...a, schema: grown.schema })).toBe(true)
    }),
  )
})

test('quantiles rise with q, and the fraction below a quantile is q', () => {
  fc.assert(
    fc.property(
      histogram,
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (one, p, q) => {
        // A zero bucket without width has no inside: a quantile in it is 0, and nothing lies below 0.
        fc.pre(one.count > 0 && (one.zeroThreshold > 0 || one.zeroCount === 0))
        const low = nativeQuantile(Math.min(p, q), one).value
        const high = nativeQuantile(Math.max(p, q), one).value
        expect(low).toBeLessThanOrEqual(high + 1e-9)
        expect(nativeFraction(-Infinity, nativeQuantile(q, one).value, one)).toBeCloseTo(q, 6)
      },
    ),
  )
})

test('trimming divides the observations in two', () => {
  fc.assert(
    fc.property(histogram, fc.double({ min: -5, max: 5, noNaN: true }), (one, at) => {
      // Observations of exactly zero are on both sides of a cut at zero.
      fc.pre(one.zeroThreshold > 0 || one.zeroCount === 0)
      expect(trimmed(one, at, true).count + trimmed(one, at, false).count).toBeCloseTo(one.count, 6)
    }),
  )
})

test('multiplying scales everything', () => {
  fc.assert(
    fc.property(histogram, (one) => {
      expect(scaled(one, 3).count).toBe(one.count * 3)
      expect(total(scaled(one, 3))).toBe(total(one) * 3)
      expect(scaled(one, -1).resetHint).toBe('gauge')
    }),
  )
})

test('exponential and custom buckets do not mix', () => {
  const custom: NativeHistogram = { ...empty, schema: customSchema, customValues: [1, 2] }
  expect(combined(empty, custom, 1)).toBeNull()
  const sum = new HistogramSum()
  expect(sum.add(empty)).toBe(true)
  expect(sum.add(custom)).toBe(false)
})

test('custom bounds that differ are reduced to those shared', () => {
  const a: NativeHistogram = {
    ...empty,
    schema: customSchema,
    customValues: [1, 2, 4],
    count: 4,
    positiveSpans: [0, 4],
    positiveCounts: [1, 1, 1, 1],
  }
  const b: NativeHistogram = {
    ...empty,
    schema: customSchema,
    customValues: [1, 4],
    count: 3,
    positiveSpans: [0, 3],
    positiveCounts: [1, 1, 1],
  }
  const sum = combined(a, b, 1)!
  expect(sum.boundsReconciled).toBe(true)
  expect(sum.histogram.customValues).toEqual([1, 4])
  expect(sum.histogram.positiveCounts).toEqual([2, 3, 2])
})

const empty: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveCounts: [],
  negativeSpans: [],
  negativeCounts: [],
  customValues: [],
  resetHint: 'unknown',
}

test('classic quantiles: interpolation, missing +Inf, counts that fall', () => {
  const buckets = [
    { upper: 1, count: 10 },
    { upper: 2, count: 20 },
    { upper: Infinity, count: 20 },
  ]
  expect(classicQuantile(0.75, buckets)).toEqual({ value: 1.5, forced: false })
  expect(classicQuantile(1, buckets).value).toBe(2)
  expect(classicQuantile(0.5, buckets.slice(0, 2)).value).toBeNaN()
  expect(
    classicQuantile(0.5, [
      { upper: 1, count: 10 },
      { upper: 2, count: 5 },
      { upper: Infinity, count: 20 },
    ]).forced,
  ).toBe(true)
  expect(classicFraction(0.5, 1.5, buckets)).toBe(0.5)
  expect(classicFraction(2, 1, buckets)).toBe(0)
})
