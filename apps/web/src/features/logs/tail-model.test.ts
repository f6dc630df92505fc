import { expect, test } from 'vitest'
import { noneSkipped, TailBuffer, tailPausedMax, tailRowsMax } from './tail-model.ts'

const none = { missed: 0, unseen: 0 }
const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)

test('shows the newest first', () => {
  const tail = new TailBuffer<number>()
  tail.push([1, 2], none, 1000)
  expect(tail.take(1000).rows).toEqual([2, 1])
  tail.push([3], none, 1100)
  expect(tail.take(1100).rows).toEqual([3, 2, 1])
})

test('rows that come late stand at their times', () => {
  const tail = new TailBuffer<{ at: number; nth: number }>((a, b) => b.at - a.at)
  tail.push(
    [
      { at: 5, nth: 1 },
      { at: 9, nth: 2 },
    ],
    none,
    0,
  )
  tail.take(0)
  tail.push(
    [
      { at: 7, nth: 3 },
      { at: 9, nth: 4 },
      { at: 3, nth: 5 },
    ],
    none,
    10,
  )
  expect(tail.take(10).rows.map(({ nth }) => nth)).toEqual([4, 2, 3, 1, 5])
})

test('what comes while paused waits, and nothing moves', () => {
  const tail = new TailBuffer<number>()
  tail.push([1], none, 0)
  tail.take(0)
  tail.pause()
  tail.push([2, 3], none, 10)
  expect(tail.take(10)).toMatchObject({ rows: [1], waiting: 2, skipped: noneSkipped })
  tail.resume()
  expect(tail.take(20)).toMatchObject({ rows: [3, 2, 1], waiting: 0 })
})

test('is bounded, and says what it left out', () => {
  const tail = new TailBuffer<number>()
  tail.push(numbers(0, 3000), none, 0)
  const shown = tail.take(0).rows
  expect(shown).toHaveLength(tailRowsMax)
  expect(shown[0]).toBe(2999)
  tail.pause()
  tail.push(numbers(0, tailPausedMax + 7), none, 0)
  expect(tail.take(0)).toMatchObject({ waiting: tailPausedMax, skipped: { fast: 0, unseen: 0, paused: 7 } })
})

test('what the server left out counts too', () => {
  const tail = new TailBuffer<number>()
  tail.push([1], { missed: 49, unseen: 10 }, 0)
  expect(tail.take(0)).toMatchObject({ skipped: { fast: 39, unseen: 10, paused: 0 }, perSecond: 40 })
})

test('the rate is of the last ten seconds', () => {
  const tail = new TailBuffer<number>()
  expect(tail.take(0).perSecond).toBe(0)
  for (let second = 0; second < 20; second += 1) tail.push([1, 2, 3], none, second * 1000)
  expect(tail.take(19_500).perSecond).toBe(3)
  expect(tail.take(24_500).perSecond).toBe(1.5)
  expect(tail.take(60_000).perSecond).toBe(0)
})

test('starts anew', () => {
  const tail = new TailBuffer<number>()
  tail.push([1], { missed: 4, unseen: 0 }, 0)
  tail.take(0)
  tail.clear()
  expect(tail.take(0)).toMatchObject({ rows: [], waiting: 0, skipped: noneSkipped })
})
