/** Strings and their ids in the started program: PostgreSQL killed while new series come, and a quota that is used up. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningBellwether, startBellwether } from '../support/bellwether.ts'
import { until } from '../support/wait.ts'

let bellwether: RunningBellwether

beforeAll(async () => {
  bellwether = await startBellwether({ environment: { BELLWETHER_WRITES_LIMIT: '1500', BELLWETHER_SELF_WATCH: 'off' } })
})

afterAll(() => bellwether[Symbol.asyncDispose]())

/** New series `load_v{host="<prefix>0"}` and on. */
async function write(prefix: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => `load,host=${prefix}${i} v=1`)
  const response = await fetch(`${bellwether.url}/api/v2/write?bucket=a&org=b`, { method: 'POST', body: lines.join('\n') })
  expect(response.status).toBe(204)
}

async function seriesOf(prefix: string): Promise<number> {
  const response = await bellwether.fetch(`/api/v1/query?query=${encodeURIComponent(`count({host=~"${prefix}.*"})`)}`)
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0)
}

async function isDatabaseReady(): Promise<boolean> {
  const response = await bellwether.fetch('/api/0/projects/1/keys').catch(() => null)
  return response?.ok === true
}

test('new series are taken and seen while PostgreSQL is away, and after it is back', async () => {
  await write('before', 50)
  const database = bellwether.processes().find(({ command }) => / -D .*postgres/.test(command) || /postgres -D/.test(command))
  if (database === undefined) throw new Error('no PostgreSQL among the processes')
  process.kill(database.pid, 'SIGKILL')
  await write('during', 50)
  await until('them to be seen', async () => (await seriesOf('during')) === 50)
  await until('PostgreSQL to be back', isDatabaseReady, 60_000)
  await write('after', 50)
  await until('all to be seen', async () => (await seriesOf('before')) + (await seriesOf('after')) === 100)
})

test('series with strings over the quota are dropped and shown, the rest of their request is not', async () => {
  await write('many', 3000)
  const kept = await until('some to be seen', async () => (await seriesOf('many')) || null)
  expect(kept).toBeGreaterThan(1000)
  expect(kept).toBeLessThanOrEqual(1500)
  const refusals = (await (await bellwether.fetch('/api/0/projects/1/refused')).json()) as { items: { reason: string; text: string }[] }
  expect(refusals.items).toContainEqual(
    expect.objectContaining({ reason: 'writes_limit', text: expect.stringMatching(/^\d+ new series dropped/) }),
  )
  const usage = (await (await bellwether.fetch('/api/0/organizations/default/usage')).json()) as {
    items: { dropped: Record<string, number> }[]
  }
  expect(usage.items[0]?.dropped['writes_limit']).toBe(3000 - kept)
})
