/** Limits of distinct series that two programs share in one Redis, which is killed in the middle. */
import { systemStatusBodySchema } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { sendOrders } from './exploding-counter.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { redisIsMissing, startRedis } from '../support/redis.ts'
import { until } from '../support/wait.ts'

const limit = 100
const hourMs = 3_600_000

/** The number that an instant query gives. */
async function ask(program: RunningBellwether, query: string): Promise<number> {
  const answer = await program.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`)
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1])
}

async function stateOfRedis(program: RunningBellwether): Promise<string | undefined> {
  const { components } = systemStatusBodySchema.parse(await (await program.fetch('/api/0/system/status')).json())
  return components.find(({ name }) => name === 'redis')?.state
}

test.skipIf(redisIsMissing())('two programs on one Redis share a limit; each goes on alone while it is away', async () => {
  await using redis = await startRedis()
  const environment = {
    BELLWETHER_SERIES_PER_METRIC_MAX: String(limit),
    BELLWETHER_SELF_WATCH: 'off',
    BELLWETHER_REDIS_URL: redis.url,
  }
  const [one, other] = await Promise.all([startBellwether({ environment }), startBellwether({ environment })])
  await using first = one
  await using second = other
  expect(await sendOrders(first, 60, 1, hourMs)).toBe(200)
  expect(await sendOrders(second, 60, 1, hourMs, 60)).toBe(200)
  expect(await ask(first, 'count(orders_total)')).toBe(60)
  expect(await ask(second, 'count(orders_total)')).toBe(40)
  await redis.kill()
  await until('the loss to be seen', async () => (await stateOfRedis(first)) === 'degraded')
  // What each has seen goes on; new series have the room that each knows of.
  expect(await sendOrders(first, 60, 2, hourMs)).toBe(200)
  expect(await ask(first, 'sum(orders_total)')).toBe(120)
  expect(await sendOrders(first, 60, 1, hourMs, 1000)).toBe(200)
  expect(await ask(first, 'count(orders_total)')).toBe(limit)
  await redis.restart()
  for (const program of [first, second]) await until('the program to see Redis again', async () => (await stateOfRedis(program)) === 'ok')
  expect(await sendOrders(second, 200, 1, hourMs, 2000)).toBe(200)
  expect(await ask(second, 'count(orders_total)')).toBeLessThanOrEqual(limit)
})
