import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nativeQuantile } from '../../promql/histograms/native-quantile.ts'
import { BucketCounts } from './bucket-counts.ts'
import { emptySketchHistogram, Sketch } from './sketch.ts'

/** The exact value of rank `q`, as `histogram_quantile` counts ranks: the first whose share of values is at least q. */
function exactQuantile(q: number, sorted: Float64Array): number {
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)]!
}

function sketchOf(values: Iterable<number>): Sketch {
  const out = new Sketch()
  for (const value of values) out.add(value, 1)
  return out
}

function relativeError(is: number, wanted: number): number {
  return wanted === 0 ? Math.abs(is) : Math.abs(is - wanted) / Math.abs(wanted)
}

/** A generator of our own, so that a failure repeats. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const distributions: readonly (readonly [string, (next: () => number) => number])[] = [
  ['uniform', (next) => next() * 1000],
  ['exponential', (next) => -Math.log(1 - next()) * 30],
  ['log-normal over eight decades', (next) => Math.exp((next() + next() + next() + next() - 2) * 8)],
  ['Pareto', (next) => (1 - next()) ** -1.3],
  ['normal around zero', (next) => (next() + next() + next() + next() + next() + next() - 3) * 50],
  ['all negative', (next) => -1 - next() * 1e4],
  ['mostly zeros', (next) => (next() < 0.7 ? 0 : next() * 5)],
  ['two far peaks', (next) => (next() < 0.5 ? 1e-9 : 1e9) * (1 + next() / 10)],
  ['tiny', (next) => next() * 1e-290],
  ['huge', (next) => next() * 1e300],
  ['whole numbers', (next) => Math.floor(next() * 20)],
  ['one value', () => 42],
]

describe('quantiles', () => {
  test.each(distributions)('%s: every quantile within 1 % of the exact one', (_, draw) => {
    const next = random(7)
    const values = Float64Array.from({ length: 20_000 }, () => draw(next))
    const histogram = sketchOf(values).toHistogram()
    const sorted = values.slice().sort()
    for (const q of [0.0001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]) {
      expect([q, relativeError(nativeQuantile(q, histogram).value, exactQuantile(q, sorted))]).toEqual([
        q,
        expect.toSatisfy((error) => error < 0.01),
      ])
    }
  })

  test('of any values at any rank', () => {
    const value = fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e307, max: 1e307 })
      .filter((one) => one === 0 || Math.abs(one) > 1e-307)
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), fc.double({ min: 0.001, max: 1, noNaN: true }), (values, q) => {
        const sorted = Float64Array.from(values).sort()
        // Ranks that rounding could put beside a value are not asked for.
        const rank = q * sorted.length
        if (Math.abs(rank - Math.round(rank)) < 1e-9) return
        expect(relativeError(nativeQuantile(q, sketchOf(values).toHistogram()).value, exactQuantile(q, sorted))).toBeLessThan(0.01)
      }),
    )
  })
})

test('a weight counts as so many observations', () => {
  const weighted = new Sketch()
  weighted.add(3, 10)
  weighted.add(-2, 2.5)
  expect(weighted.toHistogram()).toMatchObject({ count: 12.5, sum: 25, zeroCount: 0 })
})

test('merged sketches are the sketch of all values', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })), fc.nat(10), (values, cut) => {
      const one = sketchOf(values.slice(0, cut))
      one.merge(sketchOf(values.slice(cut)))
      const { sum: _, ...rest } = one.toHistogram()
      expect(sketchOf(values).toHistogram()).toMatchObject(rest)
    }),
  )
})

test('merging takes the coarser schema, and changes only the one merged into', () => {
  const [fine, coarse] = [sketchOf([1, 2, 3]), sketchOf([4, 5])]
  coarse.coarsen()
  coarse.merge(fine)
  expect([coarse.schema, fine.schema, coarse.count, fine.count]).toEqual([6, 7, 5, 3])
  fine.merge(coarse)
  expect([fine.schema, fine.count, fine.sum]).toEqual([6, 8, 21])
})

test('coarser buckets hold what the two they are made of held, down to the coarsest', () => {
  const values = Float64Array.from({ length: 500 }, (_, i) => Math.exp(i / 10 - 25))
  const sketch = sketchOf(values)
  for (let schema = 6; schema >= -4; schema--) {
    expect(sketch.coarsen()).toBe(true)
    const direct = new Sketch()
    while (direct.schema > schema) direct.coarsen()
    for (const value of values) direct.add(value, 1)
    expect(sketch.toHistogram()).toMatchObject({ schema, positiveSpans: direct.toHistogram().positiveSpans })
    expect(sketch.toHistogram().positiveCounts).toEqual(direct.toHistogram().positiveCounts)
  }
  expect(sketch.coarsen()).toBe(false)
  expect(emptySketchHistogram(-4)).toMatchObject({ schema: -4, count: 0, positiveSpans: [] })
})

test('buckets lie where native histograms have them: bounds are inclusive above', () => {
  const { positiveSpans, positiveCounts } = sketchOf([1, 1.0001, 2, 0.5]).toHistogram()
  expect(positiveSpans).toEqual([-128, 1, 127, 2, 126, 1])
  expect(positiveCounts).toEqual([1, 1, 1, 1])
})

test('small gaps are zeros, wide ones new spans', () => {
  const buckets = new BucketCounts()
  for (const index of [-3, -2, 1, 5]) buckets.add(index, 1)
  expect([...buckets.sortedIndexes()]).toEqual([-3, -2, 1, 5])
  expect(buckets.count(4)).toBe(0)
  const base = 2 ** (1 / 128)
  const { positiveSpans, positiveCounts } = sketchOf([-2.5, -1.5, 1.5, 5.5].map((at) => base ** at)).toHistogram()
  expect(positiveSpans).toEqual([-2, 5, 3, 1])
  expect(positiveCounts).toEqual([1, 1, 0, 0, 1, 1])
})
