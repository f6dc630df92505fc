/** The Redis engine on a real server: commands, scripts, and what happens while it is away. */
import { describe, expect, test } from 'vitest'
import { openRedis, redisScript } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { redisIsMissing, startRedis } from '../../support/redis.ts'
import { until } from '../../support/wait.ts'

const open = (url: string): ReturnType<typeof openRedis> => openRedis({ url, logger: silentLogger, clock: systemClock })

describe.skipIf(redisIsMissing())('redis', () => {
  test('commands, pipelines and scripts', async () => {
    await using server = await startRedis()
    await using redis = await open(server.url)
    expect(await redis.command(['SET', 'a', 1])).toBe('OK')
    expect(
      await redis.pipeline([
        ['INCRBY', 'a', 2],
        ['GET', 'a'],
        ['GET', 'nothing'],
      ]),
    ).toEqual([3, '3', null])
    const script = redisScript("return {redis.call('INCRBY', KEYS[1], ARGV[1]), 'x'}")
    expect(await redis.script(script, ['a'], [4])).toEqual([7, 'x'])
    expect(await redis.script(script, ['a'], [4])).toEqual([11, 'x'])
  })

  test('fails fast while the server is away, and goes on when it is back', async () => {
    await using server = await startRedis()
    await using redis = await open(server.url)
    const states: string[] = []
    redis.onState((state) => states.push(state))
    await server.kill()
    await until('the loss to be noticed', () => redis.state() === 'unavailable')
    await expect(redis.command(['GET', 'a'])).rejects.toMatchObject({ code: 'engine.unavailable' })
    await server.restart()
    await until('the connection to be back', () => redis.state() === 'ready')
    expect(await redis.script(redisScript('return 5'), [], [])).toBe(5)
    expect(states).toEqual(['unavailable', 'ready'])
  })

  test('is not needed to start: it is used from when it answers, and its password is told to nobody', async () => {
    await using server = await startRedis()
    await server.kill()
    await using locked = await open(server.url.replace('redis://', 'redis://:secret@'))
    expect([locked.state(), `${locked.address} ${locked.failure()}`.includes('secret')]).toEqual(['unavailable', false])
    await using redis = await open(server.url)
    await expect(redis.command(['GET', 'a'])).rejects.toMatchObject({ code: 'engine.unavailable' })
    await server.restart()
    await until('the connection to be there', () => redis.state() === 'ready')
    expect(await redis.command(['SET', 'a', 1])).toBe('OK')
  })
})
