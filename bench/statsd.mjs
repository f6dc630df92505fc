/**
 * What a line of StatsD costs. Starts the built program on a fresh data directory, sends lines of a steady mix (counters 60 %, gauges 20 %, timers
 * 15 %, sets 5 %; tags; packed into datagrams of up to 1,432 bytes) at a rate that nothing is lost at, and compares what PromQL has with what was
 * sent. `--lines <n>` (2000000), `--rate <lines a second>` (100000), `--series <n>` (2000), `--single` for one line a datagram. `--flood`: as fast
 * as it goes instead, and how long other requests take meanwhile.
 */
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { treeCpuSec } from './process-tree.mjs'
import { ownProgram, startProgram } from './program.mjs'

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '2000000' },
    rate: { type: 'string', default: '100000' },
    series: { type: 'string', default: '2000' },
    single: { type: 'boolean', default: false },
    flood: { type: 'boolean', default: false },
    port: { type: 'string', default: '18125' },
    program: { type: 'string', default: ownProgram },
    'no-build': { type: 'boolean', default: false },
  },
})
const [lineCount, rate, seriesCount, port] = [values.lines, values.rate, values.series, values.port].map(Number)
const token = 'token-of-the-measurement'
const datagramBytesMax = 1432

const start = (dataDir) =>
  startProgram(
    dataDir,
    { BELLWETHER_STATSD_PORT: String(port), BELLWETHER_SELF_WATCH: 'off', BELLWETHER_ADMIN_TOKEN: token },
    values.program,
  )

/** Line number `i` of the mix. */
function lineOf(i) {
  const series = (i * 7919) % seriesCount
  const tags = `#route:/api/v1/route-${series},method:${series % 2 === 0 ? 'get' : 'post'},host:web-${series % 17}`
  const kind = i % 20
  if (kind < 12) return `bench.requests:${1 + (i % 3)}|c|${tags}`
  if (kind < 16) return `bench.queue.depth:${i % 1000}|g|${tags}`
  if (kind < 19) return `bench.request.duration:${((i * 31) % 5000) / 10}|ms|${tags}`
  return `bench.users:user-${i % 5000}|s|${tags}`
}

/** Datagrams of some lines, used again and again, and the sum of their counters. */
function datagrams(lines) {
  const out = []
  let current = []
  let size = 0
  const close = () => {
    if (current.length > 0) out.push({ bytes: Buffer.from(current.join('\n')), lines: current.length })
    current = []
    size = 0
  }
  let sum = 0
  for (let i = 0; i < lines; i++) {
    const line = lineOf(i)
    if (i % 20 < 12) sum += 1 + (i % 3)
    if (values.single || size + line.length + 1 > datagramBytesMax) close()
    current.push(line)
    size += line.length + 1
  }
  close()
  return { out, sum }
}

async function sendAll(all, rounds) {
  const socket = createSocket('udp4')
  const startedMs = performance.now()
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    for (const { bytes, lines } of all) {
      socket.send(bytes, port, '127.0.0.1')
      sent += lines
      const aheadMs = (sent / rate) * 1000 - (performance.now() - startedMs)
      if (aheadMs > 2 && !values.flood) await sleep(aheadMs)
      // The socket's own queue has no bound: what is sent faster than the kernel takes it would pile up here.
      if (values.flood && ++datagramsSent % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const seconds = (performance.now() - startedMs) / 1000
  await sleep(200)
  socket.close()
  return { sent, seconds }
}

let datagramsSent = 0

/** Milliseconds that small questions take, one after the other, until `state.stop`. */
async function askAround(url, state) {
  const times = []
  while (!state.stop) {
    const fromMs = performance.now()
    await ask(url, 'vector(1)')
    times.push(performance.now() - fromMs)
    await sleep(5)
  }
  times.sort((a, b) => a - b)
  const at = (q) => times[Math.min(Math.floor(q * times.length), times.length - 1)].toFixed(1)
  return `${times.length} questions, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}

async function ask(url, query) {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ query }).toString(),
  })
  const { data } = await response.json()
  return Number(data.result[0]?.value[1] ?? 0)
}

async function ownMetric(url, name) {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  let total = 0
  for (const line of text.split('\n')) if (line.startsWith(name)) total += Number(line.slice(line.lastIndexOf(' ') + 1))
  return total
}

if (!values['no-build']) await build()
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-bench-statsd-'))
const { child, ended, url } = await start(dataDir)
try {
  const roundLines = Math.min(lineCount, Math.max(seriesCount * 20, 40_000))
  const { out, sum } = datagrams(roundLines)
  const rounds = Math.max(1, Math.round(lineCount / roundLines))
  // Series are new once; then the idle program, to be taken off.
  await sendAll(out, 1)
  await sleep(12_000)
  const idleFrom = treeCpuSec(child.pid)
  await sleep(10_000)
  const idlePerSec = (treeCpuSec(child.pid) - idleFrom) / 10
  if (values.flood) {
    const quiet = { stop: false }
    const asking = askAround(url, quiet)
    await sleep(5_000)
    quiet.stop = true
    console.log(`without a flood: ${await asking}`)
  }
  const state = { stop: false }
  const flooded = values.flood ? askAround(url, state) : null
  const before = treeCpuSec(child.pid)
  const beganMs = performance.now()
  const { sent, seconds } = await sendAll(out, rounds)
  state.stop = true
  if (flooded !== null) console.log(`under the flood: ${await flooded}`)
  await sleep(15_000)
  const wholeSec = (performance.now() - beganMs) / 1000
  const cpuSec = treeCpuSec(child.pid) - before
  const counted = await ask(url, 'sum(bench_requests)')
  const dropped = await ownMetric(url, 'bellwether_statsd_dropped_datagrams_total')
  console.log(`${sent} lines of ${seriesCount} routes in ${out.length * rounds} datagrams, ${Math.round(sent / seconds)} a second`)
  console.log(`CPU of all processes: ${cpuSec.toFixed(2)} s, idle would have taken ${(idlePerSec * wholeSec).toFixed(2)} s`)
  console.log(`CPU seconds a million lines: ${(((cpuSec - idlePerSec * wholeSec) / sent) * 1e6).toFixed(2)}`)
  console.log(`counted ${counted} of ${sum * (rounds + 1)}; datagrams dropped: ${dropped}`)
  const p99 = await ask(url, 'histogram_quantile(0.99, sum(bench_request_duration))')
  console.log(`p99 ${p99.toFixed(2)} ms`)
} finally {
  child.kill('SIGTERM')
  await ended
  rmSync(dataDir, { recursive: true, force: true })
}
