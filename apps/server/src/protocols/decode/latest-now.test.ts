import { expect, test } from 'vitest'
import { createLatestNow } from './latest-now.ts'

const hourMs = 3_600_000

test('follows time and a clock that is set forward, not one that is set back by up to a day', () => {
  const startMs = Date.UTC(2026, 0, 1)
  let passedMs = 0
  let aheadMs = 0
  const latestNow = createLatestNow({ nowMs: () => startMs + passedMs + aheadMs, monotonicMs: () => passedMs })
  expect(latestNow()).toBe(startMs)
  passedMs = 1000
  expect(latestNow()).toBe(startMs + 1000)
  aheadMs = -hourMs
  passedMs = 1500
  expect(latestNow()).toBe(startMs + 1500)
  aheadMs = 2 * hourMs
  expect(latestNow()).toBe(startMs + 1500 + 2 * hourMs)
  aheadMs = -23 * hourMs
  expect(latestNow()).toBe(startMs + 1500 - 23 * hourMs)
})
