/** The contract on a real Redis, alone and behind the resilient store; what happens when that Redis is killed and comes back empty. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRedis, type RedisEngine } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import type { Logger } from '../../../apps/server/src/kernel/log.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { InProcessStore } from '../../../apps/server/src/realtime/in-process-store.ts'
import { RedisStore } from '../../../apps/server/src/realtime/redis-store.ts'
import { ResilientStore } from '../../../apps/server/src/realtime/resilient-store.ts'
import { realtimeMetricsContract, testOptions, type StoreUnderTest } from '../../../apps/server/src/realtime/testing/store-contract.ts'
import { redisIsMissing, startRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/wait.ts'

describe.skipIf(redisIsMissing())('on Redis', () => {
  let redis: TestRedis
  let engine: RedisEngine

  beforeAll(async () => {
    redis = await startRedis()
    engine = await openRedis({ url: redis.url, logger: silentLogger, clock: systemClock })
  })
  afterAll(async () => {
    await engine?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
  })
  const clear = async (): Promise<void> => void (await engine.command(['FLUSHALL']))
  const clock = systemClock

  realtimeMetricsContract('redis', () => {
    const under: StoreUnderTest = { make: (options, frozen) => new RedisStore(options, engine, frozen), clear }
    return Promise.resolve(under)
  })

  realtimeMetricsContract('redis, resilient', () => {
    const under: StoreUnderTest = {
      make: (options, frozen) =>
        new ResilientStore({
          shared: new RedisStore(options, engine, frozen),
          local: new InProcessStore(options, frozen),
          engine,
          clock,
          logger: silentLogger,
        }),
      clear,
    }
    return Promise.resolve(under)
  })

  test('the layout: one counter a project and bucket that expires, a set of members', async () => {
    await clear()
    const store = new RedisStore(testOptions, engine, { nowMs: () => 1_700_000_003_000 })
    await store.recordProjectDuration(7, 0.25)
    await store.recordProjectDuration(7, 0.5)
    await store.addProjectToLpq(7)
    expect(await engine.command(['GET', 'bellwether:lpq:budget:10:7:1700000000'])).toBe('750')
    const livesSec = Number(await engine.command(['TTL', 'bellwether:lpq:budget:10:7:1700000000']))
    expect(livesSec).toBeGreaterThan(120)
    expect(livesSec).toBeLessThanOrEqual(130)
    expect(await engine.command(['SMEMBERS', 'bellwether:lpq:members'])).toEqual(['7'])
    expect(await engine.command(['GET', 'bellwether:lpq:backoff:7'])).toBe('1700000063000')
  })

  test('two programs share costs and members', async () => {
    await clear()
    const [one, other] = [0, 1].map(() => new RedisStore(testOptions, engine, clock))
    if (one === undefined || other === undefined) throw new Error('no stores')
    await one.recordProjectDuration(7, 60)
    await other.recordProjectDuration(7, 60)
    expect(await one.getUsedBudgetForProject(7)).toBeGreaterThan(0.9)
    expect(await one.addProjectToLpq(7)).toBe(true)
    expect(await other.addProjectToLpq(7)).toBe(false)
    expect(await other.isLpqProject(7)).toBe(true)
  })

  test('killed: costs and members go on in process, said once; back: the members are published', async () => {
    await clear()
    const said: string[] = []
    const logger: Logger = { ...silentLogger, warn: (message) => void said.push(message) }
    const local = new InProcessStore(testOptions, clock)
    using store = new ResilientStore({ shared: new RedisStore(testOptions, engine, clock), local, engine, clock, logger })
    await store.recordProjectDuration(7, 90)
    expect(await store.addProjectToLpq(7)).toBe(true)
    expect(store.failure()).toBeNull()

    await redis.kill()
    await until('the store to notice', async () => {
      await store.recordProjectDuration(8, 1)
      return store.failure() !== null
    })
    expect([...(await store.getLpqProjects())]).toEqual([7])
    expect(await store.getUsedBudgetForProject(7)).toBeGreaterThan(0.5)
    expect(await store.addProjectToLpq(8)).toBe(true)
    expect(await store.isLpqProject(8)).toBe(true)
    const listed: number[] = []
    for await (const project of store.projects()) listed.push(project)
    expect(listed.sort()).toEqual([7, 8])
    expect(said).toEqual(['redis does not answer: lanes go on with the state of this program'])

    await redis.restart()
    await until('the store to come back', () => store.failure() === null)
    expect(said.slice(1)).toEqual(['redis answers again: lanes are shared'])
    const members = await engine.command(['SMEMBERS', 'bellwether:lpq:members'])
    expect(Array.isArray(members) && [...members].sort()).toEqual(['7', '8'])
    expect([...(await store.getLpqProjects())].sort()).toEqual([7, 8])
  })
})
