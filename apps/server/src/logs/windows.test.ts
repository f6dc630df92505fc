import { expect, test } from 'vitest'
import { windowsOf } from './windows.ts'

const minute = 60_000
const bucket = 10 * minute
const day = 144 * bucket
/** A time at the edge of a bucket. */
const t0 = 3_000_000 * bucket

/** Rows of the buckets that end at `t0`, the last first. */
function before(...rows: number[]): Map<number, number> {
  return new Map(rows.map((count, i) => [t0 / bucket - 1 - i, count]))
}

test('the first window has about as many rows as are wanted, the next eight times as many', () => {
  const windows = windowsOf(before(600, 600, 600, 600, 600, 600), { fromMs: t0 - 6 * bucket, toMs: t0 }, { order: 'newest', firstRows: 60 })
  expect(windows).toEqual([
    { fromMs: t0 - minute, toMs: t0 },
    { fromMs: t0 - 8 * minute, toMs: t0 - minute },
    { fromMs: t0 - 6 * bucket, toMs: t0 - 8 * minute },
  ])
})

test('where few rows are, one look is enough', () => {
  expect(windowsOf(before(3, 0, 5), { fromMs: t0 - 3 * bucket, toMs: t0 }, { order: 'newest', firstRows: 60 })).toEqual([
    { fromMs: t0 - 3 * bucket, toMs: t0 },
  ])
  expect(windowsOf(new Map(), { fromMs: 0, toMs: t0 }, { order: 'newest', firstRows: 60 })).toEqual([{ fromMs: 0, toMs: t0 }])
})

test('what is more than a day away is looked at last, and at once', () => {
  expect(windowsOf(before(30), { fromMs: t0 - 9 * day, toMs: t0 }, { order: 'newest', firstRows: 60 })).toEqual([
    { fromMs: t0 - day, toMs: t0 },
    { fromMs: t0 - 9 * day, toMs: t0 - day },
  ])
})

test('the oldest first, from the other end', () => {
  const density = new Map([[t0 / bucket, 600]])
  expect(windowsOf(density, { fromMs: t0, toMs: t0 + bucket }, { order: 'oldest', firstRows: 300 })).toEqual([
    { fromMs: t0, toMs: t0 + 5 * minute },
    { fromMs: t0 + 5 * minute, toMs: t0 + bucket },
  ])
})

test('whatever the density, the windows are the range without a gap', () => {
  let state = 7
  const random = (most: number): number => (state = (state * 48_271) % 0x7fffffff) % most
  for (let round = 0; round < 300; round++) {
    const density = new Map(Array.from({ length: random(160) }, (_, i) => [t0 / bucket - 1 - i, random(4) === 0 ? random(3_000_000) : 0]))
    const toMs = t0 - random(bucket)
    const range = { fromMs: toMs - 1 - random(3 * day), toMs }
    for (const order of ['newest', 'oldest'] as const) {
      const windows = windowsOf(density, range, { order, firstRows: 1 + random(20_000) })
      const ascending = order === 'newest' ? windows.toReversed() : windows
      expect(ascending[0]?.fromMs).toBe(range.fromMs)
      expect(ascending.at(-1)?.toMs).toBe(range.toMs)
      ascending.forEach((window, i) => {
        expect(window.toMs).toBeGreaterThan(window.fromMs)
        if (i > 0) expect(window.fromMs).toBe(ascending[i - 1]?.toMs)
      })
      expect(windows.length).toBeLessThan(16)
    }
  }
})
