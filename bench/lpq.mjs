/**
 * What a project that floods does to the others. One project sends a little and is asked how soon after its acknowledgement a sample is in
 * an answer: alone, and beside another project that sends at a multiple of its budget of processor time. At the end everything
 * acknowledged to the flooder is counted. `--budget <seconds a second>` (0.05), `--times <multiple>` (10), `--probes <n>` (250),
 * `--points <a body of the flood>` (1000), `--off` (without the low-priority queue, to compare), `--program <folder>`.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { treeCpuSec } from './process-tree.mjs'
import { startProgram } from './program.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({
  options: {
    budget: { type: 'string', default: '0.05' },
    times: { type: 'string', default: '10' },
    probes: { type: 'string', default: '250' },
    points: { type: 'string', default: '1000' },
    off: { type: 'boolean', default: false },
    program: { type: 'string', default: root },
  },
})
const token = 'token-of-the-measurement'
const budget = Number(values.budget)
const wantedCost = budget * Number(values.times)
const pointsPerBody = Number(values.points)
const quietPointsPerRequest = 500

function start(dataDir) {
  const settings = {
    BELLWETHER_ADMIN_TOKEN: token,
    BELLWETHER_LPQ: values.off ? 'off' : 'on',
    BELLWETHER_LPQ_BUDGET: values.budget,
    BELLWETHER_LPQ_WINDOW: '60',
  }
  return startProgram(dataDir, settings, join(values.program, 'apps/server/bin/bellwether.mjs'))
}

async function api(url, path, init = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers }
  const response = await fetch(new URL(path, url), { ...init, headers })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return await response.json()
}

/** A project of its own for the flood, and its key. */
async function makeFlooder(url) {
  const body = JSON.stringify({ name: 'Flood', slug: 'flood' })
  const { id } = await api(url, '/api/0/organizations/1/projects', { method: 'POST', body })
  const key = await api(url, `/api/0/projects/${id}/keys`, { method: 'POST', body: JSON.stringify({ name: 'flood' }) })
  return { id, key: key.publicKey ?? key.key }
}

async function sendQuiet(url, name, points) {
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

async function quietLoad(url, state) {
  while (!state.stop) {
    await sendQuiet(
      url,
      'quiet',
      Array.from({ length: quietPointsPerRequest }, (_, series) => ({ series, value: series })),
    )
    await sleep(500)
  }
}

async function probe(url, value) {
  await sendQuiet(url, 'probe', [{ series: 'probe', value }])
  const acknowledgedMs = performance.now()
  for (;;) {
    const answer = await api(url, '/api/v1/query?query=probe')
    if (Number(answer.data.result[0]?.value[1] ?? 0) >= value) return performance.now() - acknowledgedMs
    await sleep(1)
  }
}

let probed = 0
async function probes(url, count) {
  const out = []
  for (let i = 0; i < count; i++) {
    out.push(await probe(url, ++probed))
    await sleep(40)
  }
  return out.toSorted((a, b) => a - b)
}

/** Sends in a process of its own, at a lower priority, so that it takes little of the time of those that are measured. */
function startFlood(url, key, bodiesPerSecond) {
  const source = fileURLToPath(new URL('./flow/flood-process.mjs', import.meta.url))
  const sender = fork(source, [JSON.stringify({ url, key, points: pointsPerBody, perSecond: bodiesPerSecond })])
  setPriority(sender.pid, 10)
  const done = new Promise((resolve) => sender.once('message', resolve))
  return {
    stop() {
      sender.send('stop')
      return done.finally(() => sender.disconnect())
    },
  }
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

function row(name, sorted) {
  const cells = [0.5, 0.9, 0.95, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1))
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
  console.log(`| ${name} | ${mean.toFixed(1)} | ${cells.join(' | ')} |`)
}

async function until(what, probeIt, timeoutMs = 120_000) {
  const startedMs = performance.now()
  while (performance.now() - startedMs < timeoutMs) {
    const found = await probeIt()
    if (found) return performance.now() - startedMs
    await sleep(200)
  }
  throw new Error(`waited in vain for ${what}`)
}

const lanes = (url) => api(url, '/api/0/system/lanes')
const costOf = (status, id) => status.projects.find(({ projectId }) => projectId === id)?.usedBudget ?? 0

/** Seconds of processor time that a body of the flood takes in the ready lane, from a few of them. */
async function calibrate(url, flooder) {
  const flood = startFlood(url, flooder.key, 20)
  await sleep(3000)
  const { sent } = await flood.stop()
  await sleep(2500)
  // Over a window of at least 60 s; the divisor is the time since its first bucket began.
  return { costSec: (costOf(await lanes(url), flooder.id) * 65) / sent, sent }
}

if (values.program === root && !(await build({ quiet: true }))) process.exit(1)
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-lpq-'))
const { child, ended, url } = await start(dataDir)
try {
  const flooder = await makeFlooder(url)
  const state = { stop: false }
  const load = quietLoad(url, state)
  const { costSec, sent: calibrated } = await calibrate(url, flooder)
  const perSecond = wantedCost / costSec
  await probes(url, 30)
  const quiet = await probes(url, Number(values.probes))
  const beforeSec = treeCpuSec(child.pid)
  const flood = startFlood(url, flooder.key, perSecond)
  const movedMs = values.off ? 0 : await until('the move', async () => (await lanes(url)).moves.some(({ change }) => change === 'added'))
  const flooded = await probes(url, Number(values.probes))
  const during = await lanes(url)
  const cpuSec = treeCpuSec(child.pid) - beforeSec
  const { sent, refused } = await flood.stop()
  state.stop = true
  await load
  const drainedMs = await until('the low lane to be empty', async () => (await lanes(url)).lanes.every(({ segments }) => segments === 0))
  const headers = { 'x-bellwether-project': flooder.id }
  const counted = await api(url, '/api/v1/query?query=sum(count_over_time(flood%5B30m%5D))', { headers })
  const usage = await api(url, '/api/0/organizations/1/usage')
  const { received, stored, refused: left, dropped, queued } = usage.items.find(({ projectId }) => projectId === flooder.id)
  const total = (sent + calibrated) * pointsPerBody
  console.log(
    `budget ${budget} s/s, flood ${values.times} times that: ${perSecond.toFixed(0)} bodies/s of ${pointsPerBody} points (${(costSec * 1000).toFixed(2)} ms each)`,
  )
  console.log(
    values.off
      ? 'without the low-priority queue'
      : `moved after ${(movedMs / 1000).toFixed(1)} s; low lane empty ${(drainedMs / 1000).toFixed(1)} s after the flood`,
  )
  console.log(`waiting at the end of the flood: ${JSON.stringify(during.lanes.at(-1))}`)
  console.log(`CPU of all processes during the flood: ${cpuSec.toFixed(1)} s\n`)
  console.log('| acknowledged → in an answer, ms | mean | p50 | p90 | p95 | p99 | max |\n|---|---|---|---|---|---|---|')
  row('quiet', quiet)
  row('beside the flood', flooded)
  console.log(
    `\nacknowledged to the flooder ${total} points, refused requests ${refused}; in the engine ${counted.data.result[0]?.value[1]}`,
  )
  console.log(JSON.stringify({ received, stored, refused: left, dropped, queued }))
} finally {
  child.kill('SIGTERM')
  await ended
  rmSync(dataDir, { recursive: true, force: true })
}
