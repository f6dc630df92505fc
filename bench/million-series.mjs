/**
 * `node bench/million-series.mjs`: a million series in one project. Starts the built program on a fresh data directory, sends `--series` series
 * (`--rounds` samples each), then prints rate, CPU and memory of all processes, how long queries and catalog calls take that select one, a
 * thousand and too many of them, and the same after a restart. `--generations <n>` then sends that many times `--churn` new series, one
 * generation every `--every` seconds, and prints memory after each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Account } from './peers/account.mjs'
import { ProtoWriter } from './peers/proto-writer.mjs'
import { memoryMib, processTree, roleOf, treeCpuSec } from './process-tree.mjs'
import { startProgram } from './program.mjs'

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    calls: { type: 'string', default: '20' },
    generations: { type: 'string', default: '0' },
    churn: { type: 'string', default: '100000' },
    every: { type: 'string', default: '60' },
    memory: { type: 'string' },
  },
})
const seriesCount = Number(values.series)
const token = 'token-of-the-measurement'
const seriesPerBody = 2500
const connections = 4
const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }

/** Ten metrics of a host; a hundred hosts are a group, so that `group` selects a thousand series. */
function labelsOf(index, generation) {
  const host = Math.floor(index / 10)
  return [
    ['__name__', `cpu_usage_${index % 10}`],
    ['arch', host % 2 === 0 ? 'x64' : 'arm64'],
    ['datacenter', `eu-central-1${'abc'[host % 3]}`],
    ['group', `g${Math.floor(index / 1000)}`],
    ['hostname', generation === 0 ? `host_${host}` : `pod_${generation}_${host}`],
    ['os', 'Debian12'],
    ['rack', `${host % 100}`],
    ['region', 'eu-central-1'],
    ['service', `${host % 20}`],
    ['team', ['SF', 'NYC', 'LON', 'CHI'][host % 4]],
  ]
}

/** Snappy's block format, all of it literals: the server's unpacking is not what is measured here. */
function packed(raw) {
  const out = new ProtoWriter(raw.length + 64).varint(raw.length)
  for (let at = 0; at < raw.length; at += 65_536) {
    const part = raw.subarray(at, at + 65_536)
    out.raw(Buffer.of(61 << 2, (part.length - 1) & 255, (part.length - 1) >> 8)).raw(part)
  }
  return out.take()
}

function bodyOf(from, to, generation, timeMs) {
  const body = new ProtoWriter(1 << 20)
  const series = new ProtoWriter(1024)
  const part = new ProtoWriter(256)
  for (let index = from; index < to; index++) {
    for (const [name, value] of labelsOf(index, generation)) {
      const label = part.textField(1, name).textField(2, value).take()
      series.varint(10).varint(label.length).raw(label)
    }
    const sample = part.varint(9).double(index).varint(16).varint(timeMs).take()
    series.varint(18).varint(sample.length).raw(sample)
    const one = series.take()
    body.varint(10).varint(one.length).raw(one)
  }
  return packed(body.take())
}

/** Sends one sample of every series; gives the wall time in seconds that the server was waited for. */
async function sendAll(url, count, generation, timeMs) {
  let next = 0
  const waitedSec = await Promise.all(
    Array.from({ length: connections }, async () => {
      let sec = 0
      while (next < count) {
        const from = next
        next = Math.min(count, from + seriesPerBody)
        const body = bodyOf(from, next, generation, timeMs)
        const startedMs = performance.now()
        await post(url, body)
        sec += (performance.now() - startedMs) / 1000
      }
      return sec
    }),
  )
  return Math.max(...waitedSec)
}

async function post(url, body) {
  for (;;) {
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body })
    const text = await response.text()
    if (response.ok) return
    if (response.status !== 429 && response.status !== 503) throw new Error(`${response.status} ${text}`)
    await sleep(200)
  }
}

function start(dataDir) {
  return startProgram(dataDir, {
    BELLWETHER_ADMIN_TOKEN: token,
    BELLWETHER_SERIES_MAX: String(Math.ceil(seriesCount * 1.2)),
    ...(values.memory === undefined ? {} : { BELLWETHER_MEMORY_MAX: values.memory }),
  })
}

function printMemory(what, rootPid) {
  const byRole = new Map()
  for (const { pid } of processTree(rootPid)) {
    const role = roleOf(pid, rootPid)
    const { rss, pss } = memoryMib(pid)
    const sum = byRole.get(role) ?? { rss: 0, pss: 0 }
    byRole.set(role, { rss: sum.rss + rss, pss: sum.pss + pss })
  }
  const all = [...byRole.values()].reduce((sum, { rss, pss }) => ({ rss: sum.rss + rss, pss: sum.pss + pss }), { rss: 0, pss: 0 })
  const parts = [...byRole].map(([role, { rss }]) => `${role} ${rss.toFixed(0)}`).join(', ')
  console.log(`${what}: RSS ${all.rss.toFixed(0)} MiB (${parts}), PSS ${all.pss.toFixed(0)} MiB`)
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

async function ask(url, path) {
  const startedMs = performance.now()
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
  const answer = await response.json()
  return { ms: performance.now() - startedMs, status: response.status, answer }
}

function sizeOf({ status, answer }) {
  if (status !== 200) return `refused: ${answer.error ?? answer.message ?? JSON.stringify(answer).slice(0, 120)}`
  const items = Array.isArray(answer.data) ? answer.data : (answer.data?.result ?? answer.items ?? answer)
  return `${Array.isArray(items) ? items.length : Object.keys(items).length} items`
}

async function printQuestions(url, times) {
  const at = times.at(-1) / 1000
  const instant = (query) => `/api/v1/query?time=${at}&query=${encodeURIComponent(query)}`
  const range = (query) => `/api/v1/query_range?start=${at - 600}&end=${at}&step=30&query=${encodeURIComponent(query)}`
  const groups = Math.floor(seriesCount / 1000)
  const bounds = `start=${times[0] / 1000}&end=${at}`
  const questions = [
    ['one series', (call) => instant(`cpu_usage_3{hostname="host_${(call * 7919) % (seriesCount / 10)}"}`)],
    ['1,000 by equality', (call) => instant(`{__name__=~".+",group="g${(call * 7919) % groups}"}`)],
    ['1,000 by equality, range', (call) => range(`sum by (service) ({__name__=~".+",group="g${(call * 7919) % groups}"})`)],
    ['1,000 by a pattern of 100 hosts', (call) => instant(`{hostname=~"host_${10 + (call % 80)}[0-9]{2}"}`)],
    ['1,000 by equality, two negative', (call) => instant(`{group="g${(call * 31) % groups}",team!="SF",hostname!~"host_1.*"}`)],
    ['1,000 by a metric and a rack', (call) => range(`avg by (region) (cpu_usage_4{rack="${call % 100}"})`)],
    ['all', () => instant('{__name__=~".+"}')],
    ['all but a team', () => instant('count({team!="SF"})')],
    ['label names', () => `/api/v1/labels?${bounds}`],
    ['values of a label with many', () => `/api/v1/label/hostname/values?${bounds}&limit=1000`],
    ['values of a label by a matcher', (call) => `/api/v1/label/hostname/values?${bounds}&match[]={group="g${call % groups}"}`],
    ['series by equality', (call) => `/api/v1/series?${bounds}&match[]={group="g${call % groups}"}`],
    ['series, all of a metric', () => `/api/v1/series?${bounds}&limit=1000&match[]=cpu_usage_1`],
    ['list of metrics', () => '/api/v1/label/__name__/values'],
  ]
  console.log('| question | p50 ms | p95 ms | max ms | last answer |\n|---|---|---|---|---|')
  for (const [name, pathOf] of questions) {
    const taken = []
    let last = null
    for (let call = 0; call < Number(values.calls); call++) {
      last = await ask(url, pathOf(call))
      taken.push(last.ms)
    }
    taken.sort((a, b) => a - b)
    const cells = [0.5, 0.95, 1].map((share) => quantile(taken, share).toFixed(1))
    console.log(`| ${name} | ${cells.join(' | ')} | ${sizeOf(last)} |`)
  }
}

async function churn(server, account) {
  for (let generation = 1; generation <= Number(values.generations); generation++) {
    const startedMs = performance.now()
    const cpuSec = treeCpuSec(server.child.pid)
    await sendAll(server.url, Number(values.churn), generation, Date.now())
    const tookSec = (performance.now() - startedMs) / 1000
    console.log(`generation ${generation}: sent in ${tookSec.toFixed(1)} s, ${(treeCpuSec(server.child.pid) - cpuSec).toFixed(1)} CPU s`)
    await sleep(Math.max(0, Number(values.every) * 1000 - (performance.now() - startedMs)))
    printMemory(`  ${(performance.now() / 60_000).toFixed(1)} min, peak ${account.takePeakMib().toFixed(0)} MiB`, server.child.pid)
  }
}

console.log(`${seriesCount} series of 10 labels; load ${loadavg()[0].toFixed(1)}`)
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-million-'))
let server = await start(dataDir)
try {
  console.log(`ready after ${server.readySec.toFixed(1)} s on an empty directory`)
  let account = new Account(server.child.pid)
  const times = Array.from({ length: Number(values.rounds) }, (_, round) => Date.now() - (Number(values.rounds) - round) * 30_000)
  for (const [round, timeMs] of times.entries()) {
    const cpuSec = treeCpuSec(server.child.pid)
    const sec = await sendAll(server.url, seriesCount, 0, timeMs)
    const usedSec = treeCpuSec(server.child.pid) - cpuSec
    const what = round === 0 ? 'new' : 'known'
    console.log(
      `${what} series: ${(seriesCount / sec / 1000).toFixed(0)} k a second, ${((usedSec / seriesCount) * 1e6).toFixed(1)} CPU s a million`,
    )
  }
  await account.settle()
  printMemory(`settled (peak ${account.takePeakMib().toFixed(0)} MiB)`, server.child.pid)
  await printQuestions(server.url, times)
  printMemory(`after the questions (peak ${account.takePeakMib().toFixed(0)} MiB)`, server.child.pid)
  account.close()
  server.child.kill('SIGTERM')
  await server.ended
  server = await start(dataDir)
  account = new Account(server.child.pid)
  console.log(`ready after ${server.readySec.toFixed(1)} s with ${seriesCount} series known`)
  await account.settle()
  printMemory('settled after the restart', server.child.pid)
  await printQuestions(server.url, times)
  await churn(server, account)
  account.close()
} finally {
  server.child.kill('SIGTERM')
  await server.ended
  rmSync(dataDir, { recursive: true, force: true })
}
