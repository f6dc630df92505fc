import { expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

test('the wait doubles up to its most, and a healthy run clears it', () => {
  const backOff = new BackOff({ firstMs: 100, mostMs: 1000, healthyMs: 5000 })
  expect([0, 0, 10, 4999, 0, 0].map((ranMs) => backOff.next(ranMs))).toEqual([100, 200, 400, 800, 1000, 1000])
  expect(backOff.failures).toBe(6)
  expect(backOff.next(5000)).toBe(100)
  expect(backOff.failures).toBe(1)
})
