/** `bellwether demo` beside `bellwether serve`: a day of history, then the present, in the same series. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runBellwether, startBellwether, type ProgramRun, type RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { until } from '../support/wait.ts'

let bellwether: RunningBellwether
let demo: ProgramRun

async function numbers(query: string): Promise<number[]> {
  const answer = await asker(bellwether.url, bellwether.adminToken)('/api/v1/query', { query })
  expect(answer.status, answer.error).toBe('success')
  return [...comparable(answer).values()].flat().map(([, value]) => Number(value))
}

beforeAll(async () => {
  bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
  demo = runBellwether(['demo', '--url', bellwether.url, '--days', '1'])
  await until('history', () => demo.stdout().includes('The shop is open'), 230_000)
})

afterAll(async () => {
  demo.child.kill('SIGKILL')
  await bellwether[Symbol.asyncDispose]()
})

test('a day of history is there, a sample a minute', async () => {
  const counts = await numbers('count_over_time(shop_orders_total[23h])')
  expect(counts).toHaveLength(3)
  // The last minute or two may be on their way for as long as a busy machine takes.
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(1375)
})

test('the present goes on in the same series', async () => {
  const before = await numbers('max(timestamp(shop_orders_total))')
  await until('newer samples', async () => ((await numbers('max(timestamp(shop_orders_total))'))[0] ?? 0) > (before[0] ?? 0) + 5, 60_000)
  expect(await numbers('count(shop_orders_total)')).toEqual([3])
  expect(await numbers('count(http_server_request_duration_seconds_bucket{job="shop/payments"})')).toEqual([30])
  expect((await numbers('sum(rate(http_server_request_duration_seconds_count[5m]))'))[0]).toBeGreaterThan(5)
  expect(await numbers('count(pg_up)')).toEqual([1])
})

test('ends at a word', async () => {
  demo.child.kill('SIGINT')
  expect(await demo.exited).toBe(0)
})

test('says in one line that nobody listens', async () => {
  const lonely = runBellwether(['demo', '--url', 'http://127.0.0.1:9'])
  expect(await lonely.exited).toBe(1)
  expect(lonely.stderr().trim().split('\n')).toHaveLength(1)
})
