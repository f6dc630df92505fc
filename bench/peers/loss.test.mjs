/** The suite notices a server that loses, changes or refuses what it was sent. The server here is small, and decodes for real. */
import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../../apps/server/src/protocols/testing/door.ts'
import { sendBodies } from './load.mjs'
import { findLoss } from './loss.mjs'
import { prepare } from './workloads.mjs'

const workload = prepare(
  {
    name: 'test',
    kind: 'remoteWrite',
    fleet: { hosts: 6, apps: 2 },
    steps: 6,
    intervalMs: 10_000,
    warmSteps: 0,
    bodies: { pack: 1, seriesPerBody: 20 },
  },
  { endMs: testNowMs },
)

const open = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** `answerOf(number of the body)` is `[status, headers]`; `keeps` says which rows of an acknowledged body stay, `changes` alters values. */
async function startSmallServer({ answerOf = () => [204], keeps = () => true, changes = (value) => value }) {
  const rows = []
  const bodies = []
  const server = createServer((request, response) => void receive(request, response))
  const receive = async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    if (request.method === 'GET') return answerQuery(new URL(request.url, 'http://small').searchParams.get('query'), response)
    const [status, headers = {}] = answerOf(bodies.push(performance.now()) - 1)
    if (status === 204) {
      const door = createTestDoor()
      await door.send('remoteWrite1', Buffer.concat(chunks), 'snappy')
      rows.push(...door.metrics.take().filter(() => keeps(bodies.length - 1)))
    }
    response.writeHead(status, headers).end()
  }
  const answerQuery = (query, response) => {
    const [, over, metric] = /^sum\((count|sum)_over_time\((\w+)\[\d+ms\]\)\)$/.exec(query)
    const values = rows.filter((row) => row.startsWith(`${metric}{`)).map((row) => changes(Number(/ (\S+) @/.exec(row)[1])))
    const total = over === 'count' ? values.length : values.reduce((sum, value) => sum + value, 0)
    response.end(
      JSON.stringify({ data: { resultType: 'vector', result: values.length === 0 ? [] : [{ metric: {}, value: [0, String(total)] }] } }),
    )
  }
  open.push(server)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  return {
    url,
    bodies,
    load: () => sendBodies(workload.bodies, { url, path: '/write', headers: workload.headers, connections: 1 }),
    loss: () => findLoss({ url, queryHeaders: {} }, workload),
  }
}

test('a server that keeps everything has lost nothing', async () => {
  const server = await startSmallServer({})
  const { acknowledged, requests, failures, refusals } = await server.load()
  expect({ acknowledged, requests, failures, refusals }).toEqual({
    acknowledged: workload.samples,
    requests: workload.bodies.length,
    failures: 0,
    refusals: 0,
  })
  expect(await server.loss()).toEqual({ complete: true, problems: [] })
})

test('a server that acknowledges a body and drops it is caught', async () => {
  const server = await startSmallServer({ keeps: (body) => body !== 3 })
  expect((await server.load()).acknowledged).toBe(workload.samples)
  const { complete, problems } = await server.loss()
  expect(complete).toBe(false)
  const missing = problems.map((problem) => /: (\d+) of (\d+) samples$/.exec(problem)).reduce((sum, [, has, of]) => sum + (of - has), 0)
  expect(missing).toBe(workload.bodies[3].samples)
})

test('a server that keeps every sample with another value is caught', async () => {
  const server = await startSmallServer({ changes: (value) => (value > 0 ? value * (1 + 1e-6) : value) })
  await server.load()
  const { problems } = await server.loss()
  expect(problems).toContainEqual(expect.stringMatching(/^cpu_usage_user: they add up to/))
})

test('a body that is put off is sent again after the time it was told, and counted once', async () => {
  const server = await startSmallServer({
    answerOf: (body) => (body === 2 ? [429, { 'retry-after': '0.2' }] : body === 4 ? [503, { 'retry-after': '0' }] : [204]),
  })
  const { acknowledged, refusals, failures } = await server.load()
  expect({ acknowledged, refusals, failures }).toEqual({ acknowledged: workload.samples, refusals: 2, failures: 0 })
  expect(server.bodies[3] - server.bodies[2]).toBeGreaterThanOrEqual(190)
  expect(await server.loss()).toEqual({ complete: true, problems: [] })
})

test('a body that is refused for good is a failure and not acknowledged', async () => {
  const server = await startSmallServer({ answerOf: (body) => (body === 1 ? [400] : [204]) })
  const { acknowledged, failures, errors } = await server.load()
  expect({ acknowledged, failures }).toEqual({ acknowledged: workload.samples - workload.bodies[1].samples, failures: 1 })
  expect(errors).toEqual(['400'])
})
