/**
 * How long after its acknowledgement a sample is in an answer, while other data comes in. Starts the built program on a fresh data
 * directory, sends a steady background load, and probes one sample at a time: send, wait for the acknowledgement, ask until the
 * answer has it. `--probes <n>` (300) and `--load <samples a second>` (20000).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { startProgram } from './program.mjs'

const { values } = parseArgs({ options: { probes: { type: 'string', default: '300' }, load: { type: 'string', default: '20000' } } })
const token = 'token-of-the-measurement'
const pointsPerRequest = 2000

const start = (dataDir) => startProgram(dataDir, { BELLWETHER_ADMIN_TOKEN: token })

async function send(url, name, points) {
  const dataPoints = points.map(({ series, value }) => ({
    attributes: [{ key: 'series', value: { stringValue: String(series) } }],
    timeUnixNano: `${Date.now()}000000`,
    asDouble: value,
  }))
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints } }] }] }] })
  const response = await fetch(`${url}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  await response.arrayBuffer()
}

/** Sends until `state.stop`; every series gets a new sample each second. */
async function background(url, perSecond, state) {
  const requests = Math.max(1, Math.round(perSecond / pointsPerRequest))
  while (!state.stop) {
    const startedMs = performance.now()
    for (let request = 0; request < requests && !state.stop; request++) {
      const points = Array.from({ length: Math.min(pointsPerRequest, perSecond) }, (_, i) => ({
        series: request * pointsPerRequest + i,
        value: i,
      }))
      await send(url, 'load', points)
    }
    await sleep(Math.max(0, 1000 - (performance.now() - startedMs)))
  }
}

async function newest(url) {
  const response = await fetch(`${url}/api/v1/query?query=probe`, { headers: { authorization: `Bearer ${token}` } })
  const answer = await response.json()
  return Number(answer.data.result[0]?.value[1] ?? 0)
}

async function probe(url, value) {
  const sentMs = performance.now()
  await send(url, 'probe', [{ series: 'probe', value }])
  const acknowledgedMs = performance.now()
  while ((await newest(url)) < value) await sleep(1)
  return { acknowledgeMs: acknowledgedMs - sentMs, visibleMs: performance.now() - acknowledgedMs }
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

function row(name, numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const cells = [0.5, 0.95, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1))
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

if (!(await build({ quiet: true }))) process.exit(1)
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-visible-'))
const { child, ended, url } = await start(dataDir)
const state = { stop: false }
const load = background(url, Number(values.load), state)
await sleep(3000)
const results = []
for (let value = 1; value <= Number(values.probes); value++) {
  results.push(await probe(url, value))
  await sleep(20)
}
state.stop = true
await load
console.log(`${values.probes} probes beside ${values.load} samples a second\n`)
console.log('| ms | p50 | p95 | p99 | max |\n|---|---|---|---|---|')
row(
  'sent → acknowledged',
  results.map(({ acknowledgeMs }) => acknowledgeMs),
)
row(
  'acknowledged → in an answer (a whole query)',
  results.map(({ visibleMs }) => visibleMs),
)
child.kill('SIGTERM')
await ended
rmSync(dataDir, { recursive: true, force: true })
