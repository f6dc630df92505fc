/** StatsD and DogStatsD from the real client to the answers of PromQL and of the counts of members, over real engines. */
import { createSocket } from 'node:dgram'
import { StatsD } from 'hot-shots'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createInstruments } from '../../../apps/server/src/kernel/instruments.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createScope } from '../../../apps/server/src/kernel/scope.ts'
import { createAggregates, type Aggregates } from '../../../apps/server/src/metrics/index.ts'
import { createIngestSources, createRefusedSamples } from '../../../apps/server/src/ingest/index.ts'
import { startStatsd, type StatsdOptions } from '../../../apps/server/src/protocols/index.ts'
import { until } from '../../support/wait.ts'
import { adminToken, openApiStack, ours, type ApiStack } from '../api/api-stack.ts'

let stack: ApiStack
let aggregates: Aggregates
let listener: Awaited<ReturnType<typeof startStatsd>>
const instruments = createInstruments()
const sources = createIngestSources()
const refusedSamples = createRefusedSamples()
const scope = createScope(1, [1])

function optionsOf(port: number): StatsdOptions {
  const keys = stack.accounts.ingestKeys
  return {
    host: '127.0.0.1',
    port,
    aggregates,
    tenantOf: (key) => (key === null ? keys.anonymousTenant : keys.resolve(key)),
    sources,
    refusedSamples,
    instruments: createInstruments(),
    clock: systemClock,
    logger: silentLogger,
  }
}

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  // Flushed by hand: a day is longer than any test.
  aggregates = createAggregates({ ingest: stack.metrics.ingest, clock: systemClock, logger: silentLogger, flushIntervalMs: 86_400_000 })
  listener = await startStatsd({ ...optionsOf(0), instruments })
})
afterAll(async () => {
  await listener[Symbol.asyncDispose]()
  await aggregates[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
})

async function received(): Promise<number> {
  const metric = await instruments.getSingleMetric('bellwether_statsd_datagrams_total')?.get()
  return metric?.values[0]?.value ?? 0
}

/** Runs a client until everything it sent has arrived, and flushes. */
async function sending(use: (client: StatsD) => void, options: ConstructorParameters<typeof StatsD>[0] = {}): Promise<void> {
  const before = await received()
  const failures: Error[] = []
  const client = new StatsD({ host: '127.0.0.1', port: listener.port, errorHandler: (error) => failures.push(error), ...options })
  use(client)
  await new Promise<void>((resolve, reject) => client.close((error) => (error === undefined || error === null ? resolve() : reject(error))))
  await until('datagrams have come', async () => (await received()) > before)
  await listener.idle()
  await aggregates.flush()
  expect(failures).toEqual([])
}

async function asked(query: string): Promise<Record<string, string>> {
  const answer = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/query',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ query, time: String(Date.now() / 1000 + 1) }).toString(),
  })
  const { data } = answer.json<{ data: { result: { metric: Record<string, string>; value: [number, string] }[] } }>()
  return Object.fromEntries(data.result.map(({ metric, value }) => [JSON.stringify(metric), value[1]]))
}

test('every call of hot-shots is found again through PromQL', async () => {
  await sending(
    (client) => {
      client.increment('page.views')
      client.increment('page.views', 4, { tags: ['host:web-1', 'canary'] })
      client.increment(['many.a', 'many.b'], 2)
      client.increment('sampled', 3, 1, ['a:b'])
      client.increment('stamped', 2, { timestamp: new Date() })
      client.gauge('depth', 10)
      client.gaugeDelta('depth', -3)
      client.gauge('celsius', -5)
      client.timing('took', 250)
      client.timing('took', new Date(Date.now() - 50))
      client.histogram('size', 42)
      client.distribution('latency', 7, { tags: { route: '/pay' } })
      client.distribution('latency', 7, { tags: { route: '/pay' } })
      client.set('users', 'alice')
      client.set('users', 'bob')
      client.unique('users', 'alice')
      client.set('users', 7)
      client.event(
        'deploy',
        'version 2 | of the shop\nwith a second line',
        { alert_type: 'success', priority: 'low', source_type_name: 'ci' },
        ['env:prod'],
      )
      client.check('db.up', client.CHECKS.CRITICAL, { hostname: 'db-1', message: 'no answer' }, ['env:prod'])
      client.timer(() => 1, 'wrapped')()
    },
    { globalTags: { env: 'test' }, containerID: 'ci-0123' },
  )
  const tags = (more: Record<string, string>): string =>
    JSON.stringify(Object.fromEntries(Object.entries({ env: 'test', ...more }).sort(([a], [b]) => (a < b ? -1 : 1))))
  const plain = async (query: string): Promise<string[]> => Object.values(await asked(query))
  expect(await plain('sum(page_views)')).toEqual(['5'])
  expect(await plain('sum(page_views{canary="true",host="web-1"})')).toEqual(['4'])
  expect(await plain('sum(increase(page_views{host="web-1"}[5m] anchored))')).toEqual(['4'])
  expect(await plain('many_a + many_b')).toEqual(['4'])
  expect(await plain('sampled{a="b",env="test"}')).toEqual(['3'])
  expect(await plain('stamped')).toEqual(['2'])
  expect(await plain('depth')).toEqual(['7'])
  expect(await plain('celsius')).toEqual(['-5'])
  expect(await plain('histogram_count(took)')).toEqual(['2'])
  expect(await plain('histogram_sum(size)')).toEqual(['42'])
  expect(await plain('histogram_count(latency{route="/pay"})')).toEqual(['2'])
  expect(Number((await plain('histogram_quantile(0.5, latency)'))[0])).toBeCloseTo(7, 1)
  expect(await plain('histogram_count(wrapped)')).toEqual(['1'])
  expect(await plain('users')).toEqual(['3'])
  expect(await plain('sum(statsd_events{alert_type="success",priority="low",source="ci"})')).toEqual(['1'])
  expect(await plain('statsd_service_check{check="db.up",host="db-1"}')).toEqual(['2'])
  expect(tags({})).toContain('test')
  const counted = await stack.metrics.uniques.countUnique(
    scope,
    {
      matchers: [{ name: '__name__', op: '=', value: 'users' }],
      fromMs: Date.now() - 3_600_000,
      toMs: Date.now() + 60_000,
      stepMs: null,
      groupBy: ['env'],
    },
    { seriesMax: 10, samplesMax: 10, signal: AbortSignal.timeout(200_000) },
  )
  expect([counted.groups, [...counted.counts]]).toEqual([[[['env', 'test']]], [3]])
})

test('quantiles of sampled timings are within 1 %, and counters of a sample rate stand for all', async () => {
  const lines: string[] = []
  for (let i = 1; i <= 1000; i++) lines.push(`spread:${i}|ms|@0.5`, `rated:1|c|@0.25`)
  const socket = createSocket('udp4')
  const before = await received()
  for (let at = 0; at < lines.length; at += 100) socket.send(lines.slice(at, at + 100).join('\n'), listener.port, '127.0.0.1')
  await until('datagrams have come', async () => (await received()) === before + 20)
  socket.close()
  await listener.idle()
  await aggregates.flush()
  for (const [q, wanted] of [
    [0.1, 100],
    [0.5, 500],
    [0.95, 950],
    [0.99, 990],
  ] as const) {
    const [value] = Object.values(await asked(`histogram_quantile(${q}, spread)`))
    expect(Math.abs(Number(value) - wanted) / wanted).toBeLessThan(0.01)
  }
  expect(Object.values(await asked('histogram_count(spread)'))).toEqual(['2000'])
  expect(Object.values(await asked('rated'))).toEqual(['4000'])
})

test('what is refused is counted by its reason and shown; received is stored and refused and queued', async () => {
  await sending((client) => {
    client.decrement('backwards')
    client.gauge('nothing', NaN)
    client.increment('page.views', 1)
    client.gauge('page.views', 1)
  })
  await stack.metrics.drain()
  const row = stack.metrics.conservation.rows().find(({ projectId }) => projectId === ours.projectId)
  expect(row?.refused).toMatchObject({ counter_negative: 1, value_not_finite: 1, type_changed: 1 })
  expect(stack.metrics.conservation.balance()).toEqual([])
  const reasons = refusedSamples
    .list(scope)
    .filter(({ protocol }) => protocol === 'statsd')
    .map(({ reason, text }) => `${reason} ${text}`)
  expect(reasons.join('\n')).toContain('counter_negative counter_negative: "backwards:-1|c"')
  expect(reasons.join('\n')).toContain('type_changed page_views is a counter, and came as a gauge')
})

test('a key among the tags decides about the project', async () => {
  const key = await (async () => {
    const owner = await stack.accounts.gatekeeper.authenticate({ authorization: `Bearer ${stack.theirs.token}`, cookie: null })
    const project = await stack.accounts.gatekeeper.project(owner, stack.theirs.project, 'admin')
    return (await stack.accounts.directory.keys(project))[0]?.key ?? ''
  })()
  await sending((client) => client.increment('by.key', 9), { globalTags: { bellwether_key: key, team: 'x' } })
  expect(await asked('by_key')).toEqual({})
  const { tenant } = stack.theirs
  const block = await stack.metrics.store.select(
    createScope(tenant.organizationId, [tenant.projectId]),
    { matchers: [{ name: '__name__', op: '=', value: 'by_key' }], fromMs: 0, toMs: Date.now() + 1000 },
    { seriesMax: 10, samplesMax: 10, signal: AbortSignal.timeout(200_000) },
  )
  expect(block.labels).toEqual([
    [
      ['__name__', 'by_key'],
      ['team', 'x'],
    ],
  ])
})

test('a port in use is an error that says so', async () => {
  await expect(startStatsd(optionsOf(listener.port))).rejects.toThrow('EADDRINUSE')
})

test('a flood costs its own lines: other work goes on between slices, what finds no room is counted', async () => {
  const before = await received()
  const socket = createSocket('udp4')
  const body = Buffer.from(Array.from({ length: 600 }, (_, i) => `flood.${i % 7}:1|c|#a:b`).join('\n'))
  let turns = 0
  let isFlooding = true
  const count = (): void => {
    turns++
    if (isFlooding) setImmediate(count)
  }
  setImmediate(count)
  for (let i = 0; i < 300; i++) socket.send(body, listener.port, '127.0.0.1')
  await until('some have come', async () => (await received()) > before + 20)
  await listener.idle()
  isFlooding = false
  socket.close()
  expect(turns).toBeGreaterThan(2)
  await aggregates.flush()
  const came = (await received()) - before
  expect(Number(Object.values(await asked('sum(flood_0)'))[0])).toBe(came * Math.ceil(600 / 7))
})
