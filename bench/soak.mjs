/**
 * `node bench/soak.mjs`: does anything grow? Sends a share of the top acknowledged rate for a while (remote write and OTLP with the
 * present time, some series ending and others beginning, a few queries a second beside), looks at everything every few seconds, and
 * says of each measure whether its second half is flat. Keeps a plot and the numbers in bench/results/.
 * `--minutes <n>` (30), `--share <of the top rate>` (0.6), `--rate <samples a second>` (measured when not given), `--name <of the
 * results>` (soak), `--program <path of bellwether.mjs>`, `--profile <folder>` for a CPU profile of the program.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { VisibilityProbe } from './flow/probe.mjs'
import { checkLedger, Questions } from './flow/questions.mjs'
import { startSenders, sumTallies } from './flow/senders.mjs'
import { Vitals } from './flow/vitals.mjs'
import { startServer } from './peers/servers.mjs'
import { ownProgram } from './program.mjs'
import { flatness } from './plot/flatness.mjs'
import { smallMultiples } from './plot/small-multiples.mjs'

const options = {
  minutes: { type: 'string', default: '30' },
  share: { type: 'string', default: '0.6' },
  rate: { type: 'string' },
  name: { type: 'string', default: 'soak' },
  program: { type: 'string' },
  profile: { type: 'string' },
}
const { values } = parseArgs({ options })
const results = join(dirname(fileURLToPath(import.meta.url)), 'results')

const senderKinds = [
  { kind: 'remoteWrite', connections: 20, hosts: 250 },
  { kind: 'otlp', connections: 10, hosts: 100 },
]
const sampleEverySec = 5
/** Each time one host of every sender ends and another begins: ten series a sender. */
const churnEverySec = 10
const settleSec = 10
const topSec = 20

/** What must be flat: drift over the second half at most this share of the mean, or this much in its own unit. */
const tolerances = {
  // The head grows to its cap by design; what else grows would be a leak.
  rssBesideHeadMib: { share: 0.05, least: 32 },
  rssClickHouseMib: { share: 0.1, least: 64 },
  rssPostgresMib: { share: 0.05, least: 16 },
  files: { share: 0.1, least: 20 },
  parts: { share: 0.25, least: 10 },
  queueMib: { share: 0.25, least: 16 },
  queueSegments: { share: 0.25, least: 2 },
  ackP50Ms: { share: 0.25, least: 5 },
  ackP99Ms: { share: 0.25, least: 50 },
  visibleP99Ms: { share: 0.25, least: 50 },
  queryP95Ms: { share: 0.25, least: 50 },
  cpuProgram: { share: 0.1, least: 5 },
  cpuClickHouse: { share: 0.15, least: 8 },
}

/** Panels of the plot: measures by their label. */
const panels = [
  [
    'Memory',
    'MiB RSS',
    { program: 'rssProgramMib', 'beside head': 'rssBesideHeadMib', ClickHouse: 'rssClickHouseMib', PostgreSQL: 'rssPostgresMib' },
  ],
  ['In memory', 'MiB', { head: 'headMib', 'in flight': 'inFlightMib' }],
  ['CPU', '% of a core', { program: 'cpuProgram', ClickHouse: 'cpuClickHouse' }],
  ['Acknowledged', 'samples/s', { rate: 'acknowledgedPerSec' }],
  ['Acknowledged after', 'ms', { p50: 'ackP50Ms', p99: 'ackP99Ms' }],
  ['Acknowledged → visible', 'ms', { p50: 'visibleP50Ms', p99: 'visibleP99Ms' }],
  ['Queries', 'ms', { p50: 'queryP50Ms', p95: 'queryP95Ms' }],
  ['Log not inserted', 'MiB', { bytes: 'queueMib' }],
  ['Log not inserted', 'segments', { segments: 'queueSegments' }],
  ['Parts', 'count', { active: 'parts', merges: 'merges' }],
  ['Open files', 'count', { 'all processes': 'files' }],
  ['Series', 'count', { 'in the index': 'series' }],
]

async function topRate({ senders }) {
  const all = (command, facts) => Promise.all(senders.map((each) => each[command](facts)))
  await all('rate', null)
  await sleep(settleSec * 1000)
  await all('tally')
  const startedMs = performance.now()
  await sleep(topSec * 1000)
  const tallies = await all('tally')
  const passedSec = (performance.now() - startedMs) / 1000
  return tallies.map(({ acknowledged }) => acknowledged / passedSec)
}

/** `{ rows, totals }`: a row of measures every few seconds. */
async function soak({ server, senders, questions, probe, vitals }, seconds) {
  const rows = []
  const totals = []
  await Promise.all(senders.map((each) => each.tally()))
  await vitals.look()
  questions.take()
  probe.take()
  const startedMs = performance.now()
  for (let atSec = sampleEverySec; atSec <= seconds; atSec += sampleEverySec) {
    await sleep(Math.max(0, startedMs + atSec * 1000 - performance.now()))
    const tally = sumTallies(await Promise.all(senders.map((each) => each.tally())))
    const { answered } = questions.take()
    const seen = probe.take()
    const looked = await vitals.look()
    totals.push(tally)
    rows.push({
      minute: (performance.now() - startedMs) / 60_000,
      acknowledgedPerSec: tally.acknowledged / sampleEverySec,
      notAcknowledged:
        Object.entries(tally.statuses).reduce((sum, [status, count]) => sum + (status.startsWith('2') ? 0 : count), 0) + tally.errors,
      ackP50Ms: tally.acked.quantile(0.5),
      ackP99Ms: tally.acked.quantile(0.99),
      visibleP50Ms: seen.quantile(0.5),
      visibleP99Ms: seen.quantile(0.99),
      queryP50Ms: answered.quantile(0.5),
      queryP95Ms: answered.quantile(0.95),
      ...looked,
      rssBesideHeadMib: looked.rssProgramMib - looked.headMib,
    })
    if (server.hasEnded() !== null) throw new Error(`the program ${server.hasEnded()}`)
    if (atSec % churnEverySec === 0) for (const each of senders) await each.churn(atSec / churnEverySec)
  }
  return { rows, totals: sumTallies(totals) }
}

function judge(rows) {
  const times = rows.map(({ minute }) => minute)
  console.log('| measure | mean of the second half | drift over it | flat |\n|---|---|---|---|')
  let isFlat = true
  for (const [measure, tolerance] of Object.entries(tolerances)) {
    const verdict = flatness(
      times,
      rows.map((row) => row[measure] ?? Number.NaN),
      tolerance,
    )
    isFlat &&= verdict.isFlat
    const word = verdict.isFlat ? 'yes' : `NO (${(100 * tolerance.share).toFixed(0)} % or ${tolerance.least} allowed)`
    console.log(`| ${measure} | ${verdict.mean.toFixed(1)} | ${(100 * verdict.drift).toFixed(1)} % | ${word} |`)
  }
  return isFlat
}

function keep(rows, note) {
  mkdirSync(results, { recursive: true })
  const measures = Object.keys(rows[0])
  const cell = (value) => (Number.isFinite(value) ? String(+value.toPrecision(5)) : '')
  const lines = [measures.join(','), ...rows.map((row) => measures.map((measure) => cell(row[measure])).join(','))]
  writeFileSync(join(results, `${values.name}.csv`), `${lines.join('\n')}\n`)
  const drawn = panels.map(([name, unit, lines]) => ({
    name,
    unit,
    lines: Object.entries(lines).map(([label, measure]) => ({ label, values: rows.map((row) => row[measure] ?? Number.NaN) })),
  }))
  const rate =
    values.rate === undefined ? `${(100 * Number(values.share)).toFixed(0)} % of the top rate` : `${values.rate} samples a second`
  const title = `${values.minutes} minutes at ${rate}`
  writeFileSync(
    join(results, `${values.name}.svg`),
    smallMultiples({ title, note, times: rows.map(({ minute }) => minute), panels: drawn }),
  )
}

async function measure(parts) {
  const { server, senders } = parts
  const top = values.rate === undefined ? await topRate(parts) : senders.map(({ series }) => (Number(values.rate) * series) / parts.series)
  const sum = (rates) => rates.reduce((total, rate) => total + rate, 0)
  const rates = top.map((rate) => rate * (values.rate === undefined ? Number(values.share) : 1))
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Node ${process.version}`
  const note = `${Math.round(sum(rates) / 1000)} k samples/s of ${parts.series} series, ${values.rate === undefined ? `top ${Math.round(sum(top) / 1000)} k/s` : 'rate given'}; ${machine}; ${new Date().toISOString().slice(0, 16)} UTC`
  console.log(`${note}, load ${loadavg()[0].toFixed(2)}\n`)
  await Promise.all(senders.map((each, index) => each.rate(rates[index])))
  await sleep(settleSec * 1000)
  const { rows, totals } = await soak(parts, Number(values.minutes) * 60)
  keep(rows, note)
  const isFlat = judge(rows)
  await Promise.all(senders.map((each) => each.stop()))
  const checked = await checkLedger(server, (await Promise.all(senders.map((each) => each.ledger()))).flat())
  console.log(
    `\nanswers ${JSON.stringify(totals.statuses)}, broken ${totals.errors}, held back ${totals.heldBack}; probes failed ${parts.probe.failures}`,
  )
  console.log(`one series a sender: ${JSON.stringify(checked)}; results in bench/results/${values.name}.svg and .csv`)
  return isFlat && checked.lost === 0 && checked.invented === 0 && checked.expected > 0
}

if (values.program === undefined && !(await build({ quiet: true }))) process.exit(1)
const nodeArgs = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
const server = await startServer({ name: 'bellwether', program: values.program ?? ownProgram, nodeArgs })
const run = Date.now().toString(36)
const senders = []
for (const facts of senderKinds) senders.push(await startSenders({ ...facts, url: server.url, run }))
const series = senders.reduce((sum, each) => sum + each.series, 0)
const questions = new Questions(server, { periodMs: 500 })
const probe = new VisibilityProbe(server)
const vitals = new Vitals(server)
try {
  process.exitCode = (await measure({ server, senders, series, questions, probe, vitals })) ? 0 : 1
} finally {
  questions.close()
  await probe.close()
  vitals.close()
  for (const each of senders) each.close()
  await server.stop()
  server.scratch.remove()
}
