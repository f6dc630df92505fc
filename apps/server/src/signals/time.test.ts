import fc from 'fast-check'
import { expect, test } from 'vitest'
import { msOf, nanosOf, secondsOf, splitMs, splitTime, timeHalves } from './time.ts'

const seconds = fc.integer({ min: 0, max: 0xffff_ffff })
const nanos = fc.integer({ min: 0, max: 999_999_999 })

test('seconds and nanoseconds become the halves that big integers give, and come back', () => {
  fc.assert(
    fc.property(seconds, nanos, (s, n) => {
      const whole = BigInt(s) * 1_000_000_000n + BigInt(n)
      splitTime(s, n)
      const { low, high } = timeHalves
      expect([low, high]).toEqual([Number(whole & 0xffff_ffffn), Number(whole >> 32n)])
      expect([secondsOf(low, high), nanosOf(low, high)]).toEqual([s, n])
    }),
  )
})

test.each([0, 999.5, 1_763_700_000_123])('%d ms come back', (ms) => {
  splitMs(ms)
  expect(msOf(timeHalves.low, timeHalves.high)).toBeCloseTo(ms, 6)
})
