import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NativeHistogram } from '../model.ts'
import { HistogramHead } from './histogram-head.ts'

function counted(count: number): NativeHistogram {
  return {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: count,
    positiveSpans: [],
    positiveCounts: [],
    negativeSpans: [],
    negativeCounts: [],
    customValues: [],
    resetHint: 'unknown',
  }
}

test('agrees with sorted arrays, and from the watermark on when it gave up old ones', () => {
  const put = fc.tuple(fc.nat(3), fc.nat(60))
  fc.assert(
    fc.property(fc.array(put, { maxLength: 200 }), fc.integer({ min: 20, max: 400 }), fc.nat(60), fc.nat(60), (puts, countMax, a, b) => {
      const head = new HistogramHead(countMax)
      const model = new Map<string, number>()
      puts.forEach(([ref, timeMs], i) => {
        if (timeMs >= head.coversFromMs) expect(head.has(ref, timeMs)).toBe(model.has(`${ref}/${timeMs}`))
        head.append(ref, timeMs, counted(i))
        if (!model.has(`${ref}/${timeMs}`)) model.set(`${ref}/${timeMs}`, i)
      })
      const from = Math.max(Math.min(a, b), head.coversFromMs)
      const to = Math.max(a, b)
      for (let ref = 0; ref < 4; ref++) {
        const want: [number, number][] = []
        for (let time = Math.max(from, 0); time <= to; time++) {
          const count = model.get(`${ref}/${time}`)
          if (count !== undefined) want.push([time, count])
        }
        expect(head.read(ref, from, to).map(({ timeMs, histogram }) => [timeMs, histogram.count])).toEqual(want)
      }
      expect(head.count).toBeLessThanOrEqual(countMax)
    }),
  )
})

test('what the engine may not have yet is kept up to twice the bound, then given up', () => {
  let nowMs = 0
  let pendingAgeMs = 0
  const head = new HistogramHead(100, { clock: { monotonicMs: () => nowMs }, pendingAgeMs: () => pendingAgeMs })
  const append = (from: number, to: number): void => {
    for (let time = from; time < to; time++) head.append(0, time, counted(time))
  }
  append(0, 100)
  nowMs = 60_000
  pendingAgeMs = 30_000
  append(100, 190)
  // All of these are pending: the older ones make room.
  expect(head.read(0, 100, 189).length).toBe(90)
  expect(head.read(0, 0, 99).length).toBeLessThan(50)
  pendingAgeMs = 90_000
  append(190, 280)
  expect(head.read(0, 100, 279).length).toBe(180)
  expect(head.hiddenHistogramsTotal).toBe(0)
  const before = head.count
  append(280, 400)
  const hidden = before + 120 - head.count
  expect([head.hiddenHistograms, head.hiddenHistogramsTotal]).toEqual([hidden, hidden])
  expect(head.count).toBeLessThanOrEqual(207)
  expect(head.coversFromMs).toBeGreaterThan(100)
  expect(head.read(0, head.coversFromMs, 399).length).toBe(400 - head.coversFromMs)
  nowMs += 10_000
  pendingAgeMs = 0
  expect([head.hiddenHistograms, head.hiddenHistogramsTotal]).toEqual([0, hidden])
})

test('knows which metrics may have histograms', () => {
  const head = new HistogramHead(10)
  head.noteMetric(7)
  expect([head.hasMetric(7), head.hasMetric(8)]).toEqual([true, false])
})
