/**
 * What the metrics collector costs. First the client library alone, with a server that answers at once: calls of `recordMetric` a second. Then
 * `POST /api/0/projects/1/metrics` of the built program on a fresh data directory: CPU seconds of all its processes a million values, in batches
 * as the client makes them (values of one series together) and with one value an item. `--values <n>` (1000000), `--series <n>` (1000),
 * `--no-build`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { treeCpuSec } from './process-tree.mjs'
import { startProgram } from './program.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({
  options: {
    values: { type: 'string', default: '1000000' },
    series: { type: 'string', default: '1000' },
    'no-build': { type: 'boolean', default: false },
  },
})
const [valueCount, seriesCount] = [values.values, values.series].map(Number)
const token = 'token-of-the-measurement'
const tagsOf = Array.from({ length: seriesCount }, (_, i) => ({ route: `/api/v1/route-${i}`, method: i % 2 === 0 ? 'get' : 'post' }))

/** Calls a second, the buffer being emptied by a server that answers at once. */
async function callsPerSec() {
  const { createMetricsCollector } = await import(join(root, 'packages/client/dist/index.js'))
  const platform = {
    fetch: async (_url, { body }) => {
      const accepted = JSON.parse(body).reduce((sum, item) => sum + item.values.length, 0)
      return new Response(JSON.stringify({ accepted, refused: 0, refusals: [] }))
    },
    nowMs: () => Date.now(),
    after: () => () => undefined,
    hold: () => () => undefined,
    random: Math.random,
    beacon: null,
    onExit: () => () => undefined,
    isBrowser: false,
  }
  const collector = createMetricsCollector({ url: 'http://there', project: 1, batchSize: 10_000, bufferMax: 100_000 }, platform)
  let calls = 0
  const startedMs = performance.now()
  while (calls < valueCount * 2) {
    for (let i = 0; i < 20_000; i++, calls++) collector.recordMetric('bench.requests', 1, tagsOf[(calls * 7919) % seriesCount])
    await collector.flush()
  }
  const { accepted, dropped } = collector.stats()
  if (accepted !== calls || dropped !== 0) throw new Error(`${calls} calls, ${accepted} accepted, ${dropped} dropped`)
  return calls / ((performance.now() - startedMs) / 1000)
}

const start = (dataDir) => startProgram(dataDir, { BELLWETHER_SELF_WATCH: 'off', BELLWETHER_ADMIN_TOKEN: token })

/** Bodies of 10,000 values of `type` under `name`; `together` values of a series in one item. */
function bodyOf(name, type, together) {
  const items = Array.from({ length: 10_000 / together }, (_, i) => ({
    name,
    type,
    tags: tagsOf[i % seriesCount],
    values: Array.from({ length: together }, (_value, at) => (type === 'counter' ? 1 : ((i * 31 + at * 7) % 5000) / 10)),
  }))
  return JSON.stringify(items)
}

async function post(url, path, body) {
  const response = await fetch(`${url}/api/0/projects/1/metrics${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return await response.json()
}

async function measure(name, type, together) {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
  const { child, ended, url } = await start(dataDir)
  try {
    const body = bodyOf(name, type, together)
    await post(url, '', body)
    const cpuBefore = treeCpuSec(child.pid)
    const startedMs = performance.now()
    const requests = valueCount / 10_000
    for (let i = 0; i < requests; i++) await post(url, '', body)
    const seconds = (performance.now() - startedMs) / 1000
    const cpu = treeCpuSec(child.pid) - cpuBefore
    const answer = await post(url, '/query', JSON.stringify({ metric: name, operation: 'count', from: 'now-1h', interval: '1h' }))
    const counted = answer.groups[0]?.total
    if (counted !== (requests + 1) * 10_000) throw new Error(`${(requests + 1) * 10_000} sent, ${counted} counted`)
    const perMillion = (cpu / (requests * 10_000)) * 1e6
    console.log(
      `${name}, ${together} values an item: ${perMillion.toFixed(2)} CPU s a million values, ${Math.round((requests * 10_000) / seconds)} a second`,
    )
  } finally {
    child.kill('SIGTERM')
    await ended
    rmSync(dataDir, { recursive: true, force: true })
  }
}

if (!values['no-build'] && !(await build({ quiet: true }))) process.exit(1)
console.log(`recordMetric: ${((await callsPerSec()) / 1e6).toFixed(2)} million calls a second`)
await measure('bench.counter', 'counter', 10)
await measure('bench.counter', 'counter', 1)
await measure('bench.distribution', 'distribution', 10)
