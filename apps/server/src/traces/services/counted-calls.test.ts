/** Which minutes and hours of the tables a range is. */
import { expect, test } from 'vitest'
import { stepsOf } from './counted-calls.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const day = Date.UTC(2026, 4, 5)

test('a range that is added up is its whole minutes, however long it is', () => {
  const asked = { fromMs: day + 10 * hourMs + 7.5 * minuteMs, toMs: day + 10 * hourMs + 22.5 * minuteMs }
  expect(stepsOf(asked, 1)).toEqual({ stepSec: 16 * 60, firstMs: day + 10 * hourMs + 7 * minuteMs, length: 1 })
  expect(stepsOf({ fromMs: day + 61 * minuteMs, toMs: day + 181 * minuteMs }, 1)).toEqual({
    stepSec: 7200,
    firstMs: day + 61 * minuteMs,
    length: 1,
  })
})

test('a long one is its whole hours', () => {
  const asked = { fromMs: day + 5 * hourMs + minuteMs, toMs: day + 29 * hourMs + minuteMs }
  expect(stepsOf(asked, 1)).toEqual({ stepSec: 25 * 3600, firstMs: day + 5 * hourMs, length: 1 })
})

test('by time it is steps that begin where such steps always begin', () => {
  const asked = { fromMs: day + 61 * minuteMs, toMs: day + 121 * minuteMs }
  expect(stepsOf(asked, 30)).toEqual({ stepSec: 120, firstMs: day + hourMs, length: 31 })
})
