import { expect, test } from 'vitest'
import type { Quota } from './ports.ts'
import { LocalSlidingWindows } from './sliding-windows-local.ts'
import { granuleKey, counterName, newestGranule } from './sliding-windows.ts'
import { slidingWindowsContract } from './testing/sliding-windows.contract.ts'

slidingWindowsContract({
  name: 'in process',
  runs: 300,
  open() {
    let nowMs = 0
    const limiter = new LocalSlidingWindows({ clock: { nowMs: () => nowMs } })
    return Promise.resolve({ first: limiter, second: limiter, setSeconds: (seconds) => (nowMs = seconds * 1000) })
  },
})

const hour: Quota = { windowSeconds: 3600, granularitySeconds: 60, limit: 100 }

test('keys: override or prefix, window, granularity, granule', () => {
  expect(granuleKey(counterName(hour, 'org-1'), newestGranule(hour, 7230))).toBe('sliding-window-rate-limit:org-1:3600:60:119')
  expect(counterName({ ...hour, prefixOverride: 'global' }, 'org-1')).toBe('global:3600:60')
})

test('counters whose window has passed are let go of, and there is a bound for those whose has not', () => {
  let nowMs = 1e9
  let forgotten = 0
  const limiter = new LocalSlidingWindows({ clock: { nowMs: () => nowMs }, countersMax: 2000, onForgotten: () => forgotten++ })
  const use = (from: number, to: number): void => {
    for (let i = from; i < to; i++) limiter.acquireNow([{ prefix: `p${i}`, requested: 1, quotas: [hour] }])
  }
  use(0, 1024)
  nowMs += 3600_000
  use(1024, 1025)
  expect(limiter.counterCount).toBe(1)
  expect(forgotten).toBe(0)
  use(1025, 4025)
  expect(limiter.counterCount).toBeLessThanOrEqual(2000)
  expect(forgotten).toBe(1200)
})

test('a clock that goes back frees nothing', () => {
  let nowMs = 1e9
  const limiter = new LocalSlidingWindows({ clock: { nowMs: () => nowMs } })
  const use = (requested: number): number => limiter.acquireNow([{ prefix: 'a', requested, quotas: [hour] }]).grants[0]?.granted ?? 0
  expect(use(60)).toBe(60)
  nowMs -= 7200_000
  expect(use(60)).toBe(40)
  nowMs += 7200_000
  expect(use(60)).toBe(0)
})
