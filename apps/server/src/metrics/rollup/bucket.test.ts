import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STALE } from '../model.ts'
import { Bucket } from './bucket.ts'

const values = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0),
  fc.constantFrom(NaN, Infinity, -Infinity, STALE),
)

function made(from: readonly number[]): Bucket {
  const bucket = new Bucket()
  from.forEach((value, i) => bucket.add((i + 1) * 1000, value))
  return bucket
}

/** In plain words. */
function naive(all: readonly number[]) {
  const real = all.filter((value) => value !== STALE)
  const numbers = real.filter((value) => !Number.isNaN(value))
  const falls = real.filter((value, i) => i > 0 && value < real[i - 1]!)
  const before = real.filter((value, i) => i + 1 < real.length && real[i + 1]! < value)
  return {
    count: real.length,
    min: numbers.length === 0 ? NaN : Math.min(...numbers),
    max: numbers.length === 0 ? NaN : Math.max(...numbers),
    resets: falls.length,
    changes: real.filter((value, i) => i > 0 && !Object.is(value + 0, real[i - 1]! + 0)).length,
    resetSum: before.reduce((sum, value) => sum + value, 0),
    endsStale: all.at(-1) === STALE,
  }
}

const factsOf = ({ count, min, max, resets, changes, endsStale }: Bucket) => ({ count, min, max, resets, changes, endsStale })

describe('a bucket', () => {
  test('holds what its samples give, and cut anywhere and put together the same', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 30 }), fc.nat(30), (all, cut) => {
        const whole = made(all)
        const { resetSum, ...facts } = naive(all)
        expect(factsOf(whole)).toEqual(facts)
        if (Number.isFinite(resetSum)) expect(whole.resetSum).toBeCloseTo(resetSum, 3)
        const joined = new Bucket()
        joined.append(made(all.slice(0, cut)), 0)
        joined.append(made(all.slice(cut)), cut * 1000)
        expect(factsOf(joined)).toEqual(facts)
        expect([joined.first, joined.last, joined.firstAtMs, joined.lastAtMs]).toEqual([
          whole.first,
          whole.last,
          whole.firstAtMs,
          whole.lastAtMs,
        ])
        if (Number.isFinite(whole.sum)) expect(Math.abs(joined.sum - whole.sum)).toBeLessThanOrEqual(1e-9)
        else expect(joined.sum).toBe(whole.sum)
      }),
    )
  })

  test('takes a repeated sample once, and is odd when a time has two values or a value is too large to be summed', () => {
    const bucket = made([1, 2])
    bucket.add(2000, 2)
    expect([bucket.count, bucket.sum, bucket.isOdd]).toEqual([2, 3, false])
    bucket.add(2000, 3)
    expect([bucket.count, bucket.isOdd]).toEqual([2, true])
    expect(made([1, 1e300]).isOdd).toBe(true)
    expect(made([1, Infinity]).isOdd).toBe(false)
  })

  test('is wavy when it falls twice, and so is an hour with such a part; falls between the parts do not make it so', () => {
    expect(made([3, 2, 5]).isWavy).toBe(false)
    expect(made([3, 2, 1]).isWavy).toBe(true)
    const hour = new Bucket()
    for (let i = 0; i < 4; i++) hour.append(made([9 - i]), i * 300_000)
    expect([hour.resets, hour.isWavy]).toEqual([3, false])
    hour.append(made([3, 2, 1]), 1_200_000)
    expect(hour.isWavy).toBe(true)
  })
})
