/** Sliding windows that two programs share in a real Redis, which is killed in the middle. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRedis, type RedisEngine } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { type Quota, RedisSlidingWindows } from '../../../apps/server/src/limiters/index.ts'
import { slidingWindowsContract } from '../../../apps/server/src/limiters/testing/sliding-windows.contract.ts'
import { redisIsMissing, startRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/wait.ts'

describe.skipIf(redisIsMissing())('with a Redis', () => {
  let server: TestRedis
  let engines: RedisEngine[]

  beforeAll(async () => {
    server = await startRedis()
    engines = await Promise.all([1, 2].map(() => openRedis({ url: server.url, logger: silentLogger, clock: systemClock })))
  })

  afterAll(async () => {
    for (const engine of engines) await engine[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  function engine(at: number): RedisEngine {
    const found = engines[at]
    if (found === undefined) throw new Error(`no engine ${at}`)
    return found
  }

  function limiters(): {
    first: RedisSlidingWindows
    second: RedisSlidingWindows
    setSeconds: (seconds: number) => void
    passMs: (ms: number) => void
  } {
    let nowMs = 1e9
    let monotonicMs = 0
    const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => monotonicMs }
    const open = (at: number): RedisSlidingWindows => new RedisSlidingWindows({ redis: engine(at), clock, logger: silentLogger })
    return {
      first: open(0),
      second: open(1),
      setSeconds: (seconds) => (nowMs = seconds * 1000),
      passMs: (ms) => (monotonicMs += ms),
    }
  }

  slidingWindowsContract({
    name: 'in Redis',
    runs: 60,
    async open() {
      await engine(0).command(['FLUSHALL'])
      return limiters()
    },
  })

  const quotas: readonly Quota[] = [{ windowSeconds: 3600, granularitySeconds: 60, limit: 100 }]
  const key = 'sliding-window-rate-limit:org:3600:60:16665'

  test('what is kept: a key for each granule, which ends with the window', async () => {
    await engine(0).command(['FLUSHALL'])
    await limiters().first.acquire([{ prefix: 'org', requested: 7, quotas }])
    expect(await engine(0).command(['GET', key])).toBe('7')
    expect(await engine(0).command(['TTL', key])).toBe(3600)
  })

  test('while Redis is away each program goes on with what it used itself, and tells Redis afterwards', async () => {
    await engine(0).command(['FLUSHALL'])
    const { first, second, passMs } = limiters()
    const use = async (limiter: RedisSlidingWindows, requested: number): Promise<number | undefined> =>
      (await limiter.acquire([{ prefix: 'org', requested, quotas }])).grants[0]?.granted
    expect(await use(first, 30)).toBe(30)
    expect(await use(second, 20)).toBe(20)
    await server.kill()
    expect(await use(first, 40)).toBe(40)
    expect(first.isShared).toBe(false)
    expect(await use(first, 40)).toBe(30)
    const acquired = await second.acquire([{ prefix: 'org', requested: 5, quotas }])
    await second.release(acquired, [3])
    await server.restart()
    await until('both connections', () => engines.every(({ state }) => state() === 'ready'))
    passMs(2000)
    // The new Redis is empty and learns what was granted without it: 70 and 2.
    expect(await use(first, 0)).toBe(0)
    expect(first.isShared).toBe(true)
    expect(await engine(0).command(['GET', key])).toBe('70')
    expect(await use(second, 100)).toBe(28)
    expect(second.isShared).toBe(true)
  })
})
