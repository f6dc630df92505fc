/**
 * `node bench/overload.mjs`: what happens when senders want three times what the program can take. Measures the top rate first (closed
 * loop, remote write and OTLP together), then half of it, then three times it (open loop: nobody waits), then half again, with queries
 * and health checks beside; at the end one series of every sender is compared with what it had acknowledged. Prints a table, and a
 * verdict by the bounds below; ends with 1 when one is broken.
 * `--seconds <overload>` (60), `--times <top rate>` (3), `--program <path of bellwether.mjs>`, `--environment <NAME=value>` (repeatable),
 * `--profile <folder>` for a CPU profile of the program.
 */
import { cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { checkLedger, Questions } from './flow/questions.mjs'
import { startSenders, sumTallies } from './flow/senders.mjs'
import { startServer } from './peers/servers.mjs'
import { ownProgram } from './program.mjs'
import { treeCpuSec, treeRssMib } from './process-tree.mjs'

/** What must hold while overloaded. */
const bounds = { ackP99Ms: 2000, queryP95Ms: 2000, healthP95Ms: 500, memoryGrowthMib: 1024, recoverySec: 10 }

/** So many seconds without a refusal and with the usual times are normal again; the first of them counts. */
const calmSec = 4
/** Connections are accepted one by one, and the first bodies bring only new series. */
const warmUpSec = 15

const options = {
  seconds: { type: 'string', default: '60' },
  times: { type: 'string', default: '3' },
  program: { type: 'string' },
  profile: { type: 'string' },
  environment: { type: 'string', multiple: true, default: [] },
}
const { values } = parseArgs({ options })

const senderKinds = [
  { kind: 'remoteWrite', connections: 160, hosts: 250 },
  { kind: 'otlp', connections: 80, hosts: 100 },
]
const health = [() => '/health/live', () => '/health/ready']

/** Lets `seconds` pass and tells what happened meanwhile: `{ seconds, all, byKind, queries, health, peakMib, cpuSec }`, and every second. */
async function watch({ server, senders, questions, checks }, seconds, eachSecond = () => {}) {
  await Promise.all(senders.map((each) => each.tally()))
  questions.take()
  checks.take()
  const startedMs = performance.now()
  const cpuBefore = treeCpuSec(server.pid)
  const byKind = senders.map(() => [])
  let peakMib = 0
  for (let second = 1; second <= seconds; second++) {
    await sleep(Math.max(0, startedMs + second * 1000 - performance.now()))
    const tallies = await Promise.all(senders.map((each) => each.tally()))
    tallies.forEach((tally, index) => byKind[index].push(tally))
    peakMib = Math.max(peakMib, treeRssMib(server.pid))
    if (eachSecond(sumTallies(tallies), second) === 'enough') break
  }
  const passedSec = (performance.now() - startedMs) / 1000
  const kinds = byKind.map((tallies) => sumTallies(tallies))
  const cpuSec = treeCpuSec(server.pid) - cpuBefore
  return { seconds: passedSec, all: sumTallies(kinds), byKind: kinds, queries: questions.take(), health: checks.take(), peakMib, cpuSec }
}

const refusals = ({ statuses }) => Object.entries(statuses).filter(([status]) => status !== '200' && status !== '204')
const samplesOffered = (phase, senders) =>
  phase.byKind.reduce((sum, tally, index) => sum + tally.requests * senders[index].samples, 0) + phase.all.heldBack

function row(name, phase, senders) {
  const ms = (value) => (Number.isNaN(value) ? '–' : value < 10 ? value.toFixed(1) : value.toFixed(0))
  const refused = refusals(phase.all)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ')
  const failed = Object.entries({ ...phase.queries.failures, ...phase.health.failures })
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ')
  const cells = [
    name,
    `${(samplesOffered(phase, senders) / phase.seconds / 1000).toFixed(0)} k`,
    `${(phase.all.acknowledged / phase.seconds / 1000).toFixed(0)} k`,
    `${ms(phase.all.acked.quantile(0.5))} / ${ms(phase.all.acked.quantile(0.99))} / ${ms(phase.all.acked.maxMs)}`,
    refused === '' ? '–' : `${refused} (p99 ${ms(phase.all.refused.quantile(0.99))} ms)`,
    String(phase.all.withoutRetryAfter + phase.all.errors),
    `${ms(phase.queries.answered.quantile(0.5))} / ${ms(phase.queries.answered.quantile(0.95))} / ${ms(phase.queries.answered.maxMs)}`,
    ms(phase.health.answered.quantile(0.95)),
    failed === '' ? '–' : failed,
    phase.peakMib.toFixed(0),
    ((100 * phase.cpuSec) / phase.seconds).toFixed(0),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

function judge(claims) {
  for (const [claim, holds] of claims) console.log(`${holds ? 'holds ' : 'BROKEN'}  ${claim}`)
  return claims.every(([, holds]) => holds)
}

async function measure(parts) {
  const { server, senders } = parts
  const at = (perSecond) => Promise.all(senders.map((each, index) => each.rate(perSecond === null ? null : perSecond[index])))
  await at(null)
  await sleep(warmUpSec * 1000)
  const top = await watch(parts, 15)
  const rates = top.byKind.map(({ acknowledged }) => acknowledged / top.seconds)
  const share = (part) => rates.map((rate) => rate * part)
  console.log(
    '| | offered /s | acknowledged /s | acknowledged after p50 / p99 / max ms | refused | without Retry-After, broken | query p50 / p95 / max ms | health p95 ms | failed queries | peak RSS MiB | CPU % |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|---|')
  row('top, closed loop', top, senders)
  await at(share(0.5))
  await sleep(5000)
  const normal = await watch(parts, 15)
  row('half', normal, senders)
  await at(share(Number(values.times)))
  const over = await watch(parts, Number(values.seconds))
  row(`${values.times} times`, over, senders)
  await at(share(0.5))
  const normalP99Ms = Math.max(100, 3 * normal.all.acked.quantile(0.99))
  let recoveredSec = Number.POSITIVE_INFINITY
  const back = await watch(parts, 30, (tally, second) => {
    const isNormal = refusals(tally).length === 0 && tally.heldBack === 0 && tally.acked.quantile(0.99) <= normalP99Ms
    recoveredSec = isNormal ? Math.min(recoveredSec, second) : Number.POSITIVE_INFINITY
    return second - recoveredSec >= calmSec ? 'enough' : 'go on'
  })
  row('half again', back, senders)
  await Promise.all(senders.map((each) => each.stop()))
  const ledger = await Promise.all(senders.map((each) => each.ledger()))
  const checked = await checkLedger(server, ledger.flat())
  console.log(`\n${JSON.stringify(checked)} of one series a sender; first broken request: ${over.all.firstError ?? 'none'}\n`)
  const statuses = refusals(over.all).map(([status]) => status)
  return judge([
    [
      'refused with 429 or 503 only, each with Retry-After',
      statuses.every((status) => status === '429' || status === '503') && over.all.withoutRetryAfter === 0,
    ],
    ['no connection was broken', over.all.errors === 0],
    [`acknowledged within ${bounds.ackP99Ms} ms at p99`, over.all.acked.quantile(0.99) <= bounds.ackP99Ms],
    [
      `queries answered within ${bounds.queryP95Ms} ms at p95, none refused`,
      over.queries.answered.quantile(0.95) <= bounds.queryP95Ms && Object.keys(over.queries.failures).length === 0,
    ],
    [
      `health answered within ${bounds.healthP95Ms} ms at p95`,
      over.health.answered.quantile(0.95) <= bounds.healthP95Ms && Object.keys(over.health.failures).length === 0,
    ],
    [`memory grew by less than ${bounds.memoryGrowthMib} MiB over the top rate's`, over.peakMib - top.peakMib < bounds.memoryGrowthMib],
    [
      'the rate acknowledged is at least 70 % of the top rate',
      over.all.acknowledged / over.seconds >= (0.7 * top.all.acknowledged) / top.seconds,
    ],
    [`normal again after ${recoveredSec} s (${bounds.recoverySec} allowed)`, recoveredSec <= bounds.recoverySec],
    ['nothing acknowledged is lost, nothing is invented', checked.expected > 0 && checked.lost === 0 && checked.invented === 0],
  ])
}

if (values.program === undefined && !(await build({ quiet: true }))) process.exit(1)
const environment = Object.fromEntries(values.environment.map((setting) => setting.split(/=(.*)/s, 2)))
const nodeArgs = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
const server = await startServer({ name: 'bellwether', program: values.program ?? ownProgram, nodeArgs, environment })
const run = Date.now().toString(36)
const senders = []
for (const facts of senderKinds) {
  const started = await startSenders({ ...facts, url: server.url, run })
  senders.push({ ...started, samples: facts.hosts * 10 })
}
const questions = new Questions(server, { periodMs: 333 })
const checks = new Questions(server, { periodMs: 500, paths: health })
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Node ${process.version}, load ${loadavg()[0].toFixed(2)}`,
)
console.log(
  `${senders.map(({ series }, index) => `${senderKinds[index].kind}: ${senderKinds[index].connections} connections, ${series} series`).join('; ')}\n`,
)
try {
  process.exitCode = (await measure({ server, senders, questions, checks })) ? 0 : 1
} finally {
  questions.close()
  checks.close()
  for (const each of senders) each.close()
  await server.stop()
  server.scratch.remove()
}
