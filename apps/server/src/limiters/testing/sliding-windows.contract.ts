/** What every sliding-window limiter must do, in process or in Redis. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Quota, RequestedQuota, SlidingWindowLimiter } from '../ports.ts'
import { NaiveWindows } from './naive-windows.ts'

/** Two programs' limiters on one state (the same one twice where there is only one), at a time that the test sets. */
export interface LimiterPair {
  readonly first: SlidingWindowLimiter
  readonly second: SlidingWindowLimiter
  setSeconds(seconds: number): void
}

export interface LimiterSetup {
  readonly name: string
  /** On fresh state. */
  open(): Promise<LimiterPair>
  readonly runs: number
}

const quota = (limit: number, more: Partial<Quota> = {}): Quota => ({ windowSeconds: 60, granularitySeconds: 10, limit, ...more })
const ask = (requested: number, quotas: readonly Quota[], prefix = 'a'): RequestedQuota => ({ prefix, requested, quotas })

async function granted(limiter: SlidingWindowLimiter, ...requests: RequestedQuota[]): Promise<number[]> {
  return (await limiter.acquire(requests)).grants.map((grant) => grant.granted)
}

const quotaArbitrary = fc
  .record({ granules: fc.integer({ min: 1, max: 4 }), granularitySeconds: fc.constantFrom(1, 5), limit: fc.integer({ min: 0, max: 12 }) })
  .chain(({ granules, granularitySeconds, limit }) =>
    fc
      .constantFrom({}, { prefixOverride: 'all' }, { prefixOverride: 'a' })
      .map((override): Quota => ({ windowSeconds: granules * granularitySeconds, granularitySeconds, limit, ...override })),
  )
const requestArbitrary = fc.record({
  prefix: fc.constantFrom('a', 'b', 'c'),
  requested: fc.integer({ min: 0, max: 9 }),
  quotas: fc.array(quotaArbitrary, { minLength: 1, maxLength: 3 }),
})
const stepArbitrary = fc.record({
  waitSeconds: fc.constantFrom(0, 0, 1, 3, 7, 30),
  requests: fc.array(requestArbitrary, { maxLength: 4 }),
  isSecond: fc.boolean(),
  unused: fc.option(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 })),
})

export function slidingWindowsContract({ name, open, runs }: LimiterSetup): void {
  describe(`sliding windows ${name}`, () => {
    const atSeconds = 1_000_000

    test('grants what the tightest quota has left and names the quotas that were reached', async () => {
      const { first, setSeconds } = await open()
      setSeconds(atSeconds)
      const [wide, tight, none] = [quota(10), quota(4, { windowSeconds: 20 }), quota(0, { windowSeconds: 30 })]
      expect((await first.acquire([ask(3, [wide, tight])])).grants).toEqual([
        { prefix: 'a', granted: 3, reachedQuotas: [], quotas: [wide, tight] },
      ])
      expect((await first.acquire([ask(8, [wide, tight])])).grants).toEqual([
        { prefix: 'a', granted: 1, reachedQuotas: [wide, tight], quotas: [wide, tight] },
      ])
      expect((await first.acquire([ask(1, [none])])).grants[0]).toMatchObject({ granted: 0, reachedQuotas: [none] })
    })

    test('forgets by whole granules', async () => {
      const { first, setSeconds } = await open()
      const quotas = [quota(5)]
      setSeconds(atSeconds)
      expect(await granted(first, ask(2, quotas))).toEqual([2])
      setSeconds(atSeconds + 10)
      expect(await granted(first, ask(9, quotas))).toEqual([3])
      setSeconds(atSeconds + 59)
      expect(await granted(first, ask(9, quotas))).toEqual([0])
      setSeconds(atSeconds + 60)
      expect(await granted(first, ask(9, quotas))).toEqual([2])
      setSeconds(atSeconds + 600)
      expect(await granted(first, ask(9, quotas))).toEqual([5])
    })

    test('a quota with an override is shared inside a batch, and prefixes without one are apart', async () => {
      const { first, setSeconds } = await open()
      setSeconds(atSeconds)
      const quotas = [quota(6), quota(9, { prefixOverride: 'global' })]
      expect(await granted(first, ask(9, quotas, 'a'), ask(9, quotas, 'b'), ask(9, quotas, 'c'))).toEqual([6, 3, 0])
    })

    test('gives back what was not used, once the granule is over nothing', async () => {
      const { first, setSeconds } = await open()
      setSeconds(atSeconds)
      const quotas = [quota(10)]
      const acquired = await first.acquire([ask(6, quotas), ask(6, quotas, 'b')])
      await first.release(acquired, [4, 0])
      expect(await granted(first, ask(20, quotas), ask(20, quotas, 'b'))).toEqual([8, 4])
      setSeconds(atSeconds + 120)
      expect(await granted(first, ask(3, quotas))).toEqual([3])
      await first.release(acquired)
      expect(await granted(first, ask(20, quotas))).toEqual([7])
    })

    test('many at once get exactly the limit', async () => {
      const { first, second, setSeconds } = await open()
      setSeconds(atSeconds)
      const quotas = [quota(60), quota(100, { prefixOverride: 'global' })]
      const asked = Array.from({ length: 60 }, (_, i) => granted(i % 2 === 0 ? first : second, ask(7, quotas, i % 4 < 2 ? 'a' : 'b')))
      const sum = (await Promise.all(asked)).flat().reduce((total, count) => total + count, 0)
      expect(sum).toBe(100)
    })

    test('no quota, no whole number, braces: a bug of the caller', async () => {
      const { first } = await open()
      for (const request of [
        ask(1, []),
        ask(-1, [quota(1)]),
        ask(0.5, [quota(1)]),
        ask(1, [quota(1)], 'a{b'),
        ask(1, [quota(1, { windowSeconds: 15 })]),
        ask(1, [quota(1, { granularitySeconds: 0 })]),
        ask(1, [quota(-1)]),
        ask(1, [quota(1, { prefixOverride: '}' })]),
      ]) {
        await expect(Promise.resolve().then(() => first.acquire([request]))).rejects.toBeInstanceOf(RangeError)
      }
    })

    test('does as the plainest model does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 12 }), async (steps) => {
          const { first, second, setSeconds } = await open()
          const model = new NaiveWindows()
          let seconds = atSeconds
          for (const { waitSeconds, requests, isSecond, unused } of steps) {
            setSeconds((seconds += waitSeconds))
            const limiter = isSecond ? second : first
            const acquired = await limiter.acquire(requests)
            expect(acquired).toEqual(model.acquire(requests, seconds))
            if (unused === null) continue
            await limiter.release(acquired, unused)
            model.release(acquired, unused)
          }
        }),
        { numRuns: runs },
      )
    })
  })
}
