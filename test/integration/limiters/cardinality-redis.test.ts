/** The count of distinct series in a real Redis, which is killed in the middle. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRedis, type RedisEngine } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { RedisCardinality } from '../../../apps/server/src/limiters/index.ts'
import { cardinalityContract, MovableClock, quotas, requestOf } from '../../../apps/server/src/limiters/testing/cardinality-contract.ts'
import { redisIsMissing, startRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/wait.ts'

describe.skipIf(redisIsMissing())('CardinalityLimiter on Redis', () => {
  let server: TestRedis
  let redis: RedisEngine
  const make = (clock: MovableClock): RedisCardinality => new RedisCardinality(quotas, { redis, clock, seed: 7 })

  beforeAll(async () => {
    server = await startRedis()
    redis = await openRedis({ url: server.url, logger: silentLogger, clock: systemClock })
  })
  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  cardinalityContract(async (clock) => {
    await redis.command(['FLUSHALL'])
    const limiter = make(clock)
    if (!limiter.isShared) throw new Error('Redis is not used')
    return {
      limiter,
      [Symbol.asyncDispose]: () => {
        limiter[Symbol.dispose]()
        return Promise.resolve()
      },
    }
  }, 40)

  test('two programs share one count, and one knows what the other let in', async () => {
    await redis.command(['FLUSHALL'])
    const clock = new MovableClock()
    using one = make(clock)
    using other = make(clock)
    await one.judge([requestOf([1, 2, 3, 4])])
    expect(await other.judge([requestOf([4, 5, 6, 7])])).toEqual([{ refused: [3], reached: 'metric' }])
    expect(await one.judge([requestOf([6, 8])])).toEqual([{ refused: [1], reached: 'metric' }])
  })

  test('every key goes away by itself', async () => {
    const keys = await redis.command(['KEYS', '*'])
    expect(keys).toBeInstanceOf(Array)
    for (const key of keys as string[]) expect(Number(await redis.command(['PTTL', key]))).toBeGreaterThan(0)
  })

  test('killed in the middle: the mirror goes on and keeps the limits; back and empty: it is told what was seen', async () => {
    await redis.command(['FLUSHALL'])
    const clock = new MovableClock()
    using one = make(clock)
    await one.judge([requestOf([1, 2, 3, 4])])
    await server.kill()
    expect(await one.judge([requestOf([1, 5, 6, 7])])).toEqual([{ refused: [3], reached: 'metric' }])
    expect(one.isShared).toBe(false)
    expect(one.judgeNow([requestOf([8, 2])])).toEqual([{ refused: [0], reached: 'metric' }])
    await server.restart()
    await until('the count to be shared again', () => {
      clock.ms += 1
      return one.isShared
    })
    using other = make(clock)
    expect(await other.judge([requestOf([5, 6, 9])])).toEqual([{ refused: [2], reached: 'metric' }])
  })
})
