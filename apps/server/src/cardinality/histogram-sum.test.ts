import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NativeHistogram } from '../metrics/index.ts'
import { HistogramSum } from './histogram-sum.ts'

/** A histogram of these observations, all in positive buckets of the schema. */
function of(values: readonly number[], schema: number): NativeHistogram {
  const counts = new Map<number, number>()
  for (const value of values) {
    const index = Math.ceil(Math.log2(value) * 2 ** schema)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  const indexes = [...counts.keys()].sort((a, b) => a - b)
  let next = 0
  const positiveSpans = indexes.flatMap((index) => {
    const offset = index - next
    next = index + 1
    return [offset, 1]
  })
  return {
    schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    positiveSpans,
    positiveCounts: indexes.map((index) => counts.get(index) ?? 0),
    negativeSpans: [],
    negativeCounts: [],
    customValues: [],
    resetHint: 'unknown',
  }
}

/** Counts by bucket index, whatever the spans look like. */
function plain({ positiveSpans, positiveCounts }: NativeHistogram): [number, number][] {
  const out: [number, number][] = []
  let index = 0
  let at = 0
  for (let span = 0; span < positiveSpans.length; span += 2) {
    index += positiveSpans[span]!
    for (let i = 0; i < positiveSpans[span + 1]!; i++) out.push([index++, positiveCounts[at++]!])
  }
  return out
}

test('what several grew by is the histogram of all that was observed, in the coarsest schema', () => {
  // Away from the bounds of buckets, where a logarithm may round to either side.
  const value = fc.integer({ min: 1, max: 4000 }).map((n) => n * 1.000_123 + 0.000_7)
  const sender = fc.record({ schema: fc.constantFrom(0, 1, 3), first: fc.array(value), later: fc.array(value), resets: fc.boolean() })
  fc.assert(
    fc.property(fc.array(sender, { minLength: 1, maxLength: 5 }), (senders) => {
      const sum = new HistogramSum(of([], senders[0]!.schema))
      const all: number[] = []
      for (const { schema, first, later, resets } of senders) {
        const before = of(first, schema)
        sum.add(before, null)
        // One that began anew has less than before, or says so.
        sum.add(resets ? { ...of(later, schema), resetHint: 'yes' } : of([...first, ...later], schema), before)
        all.push(...first, ...later)
      }
      const wanted = of(all, Math.min(...senders.map(({ schema }) => schema)))
      expect(plain(sum.total)).toEqual(plain(wanted))
      expect(sum.total.count).toBe(wanted.count)
      expect(Math.abs(sum.total.sum - wanted.sum)).toBeLessThan(1e-6 * (1 + wanted.sum))
    }),
  )
})

test('a fall is a new beginning', () => {
  const sum = new HistogramSum(of([], 0))
  sum.add(of([3, 3, 9], 0), of([3], 0))
  sum.add(of([3], 0), of([3, 3, 9], 0))
  expect(plain(sum.total)).toEqual([
    [2, 2],
    [4, 1],
  ])
})

test('takes only what can be added up', () => {
  const custom: NativeHistogram = { ...of([], 0), schema: -53, customValues: [1, 2] }
  const takes = (one: NativeHistogram, other: NativeHistogram): boolean => new HistogramSum(one).takes(other)
  expect(takes(of([], 0), of([], 3))).toBe(true)
  expect(takes(custom, custom)).toBe(true)
  expect(takes(custom, { ...custom, customValues: [1, 3] })).toBe(false)
  expect(takes(custom, of([], 0))).toBe(false)
  expect(takes(of([], 0), { ...of([], 0), resetHint: 'gauge' })).toBe(false)
})
