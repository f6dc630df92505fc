/**
 * `flock /tmp/bench.lock node bench/influx.mjs`: what a million values of Influx lines cost Bellwether, InfluxDB and VictoriaMetrics, in
 * alternation on empty folders: CPU of all processes of a server, from the first body until it rests, and without the first steps, in
 * which every series is new. Lines have ten fields and ten tags, 500 lines a body. `--runs 3 --hosts 1000 --steps 360 --values whole|fractions
 * --peers bellwether,influx,vm`. Programs: see bench/peers/fetch.mjs.
 */
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { Fleet, gaugeNames } from './peers/fleet.mjs'
import { endServer } from './peers/ingest-run.mjs'
import { sendBodies } from './peers/load.mjs'
import { machineNow, revision } from './peers/machine.mjs'
import { findPeer, influxProgram } from './peers/programs.mjs'
import { startServer } from './peers/servers.mjs'
import { ownProgram } from './program.mjs'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    hosts: { type: 'string', default: '1000' },
    steps: { type: 'string', default: '360' },
    values: { type: 'string', default: 'whole' },
    peers: { type: 'string', default: 'bellwether,influx,vm' },
  },
})
const stepMs = 10_000
const warmSteps = 5
const linesPerBody = 500
/** InfluxDB writes its cache to disk when no line has come for some seconds. */
const restQuietMs = { influx: 9000 }

/** Bodies of the last `steps` intervals before now. */
function influxBodies(hosts, steps, values) {
  const fleet = new Fleet({ hosts, seed: 42 })
  const keys = fleet.hosts.map(
    (tags) =>
      `cpu,${Object.entries(tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(',')}`,
  )
  const endMs = Math.floor(Date.now() / stepMs) * stepMs
  const bodies = []
  for (let step = 0; step < steps; step++) {
    fleet.step()
    const time = `${endMs - (steps - 1 - step) * stepMs}000000`
    for (let from = 0; from < hosts; from += linesPerBody) {
      const lines = []
      for (let host = from; host < Math.min(from + linesPerBody, hosts); host++) {
        const fields = gaugeNames.map((name, at) => `${name}=${valueText(fleet.gauges[host * gaugeNames.length + at], values, step, host)}`)
        lines.push(`${keys[host]} ${fields.join(',')} ${time}\n`)
      }
      bodies.push({ step, lane: from / linesPerBody, samples: lines.length * gaugeNames.length, bytes: Buffer.from(lines.join('')) })
    }
  }
  return bodies
}

/** `fractions`: as agents compute percentages, with all the digits of a double. */
function valueText(value, values, step, host) {
  return values === 'whole' ? `${value}i` : String(value + ((step * 7919 + host * 104_729) % 100_003) / 100_003)
}

function programOf(name) {
  if (name === 'bellwether') return { name, product: 'Bellwether', version: revision(ownProgram), program: ownProgram }
  return name === 'influx' ? findPeer(name, influxProgram) : findPeer(name)
}

async function measure(peer, bodies) {
  const server = await startServer(peer)
  try {
    const { account } = server
    await account.settle({ quietMs: 1000 })
    const diskBytes = server.disk().allBytes
    account.takePeakMib()
    const target = { url: server.url, path: server.paths.influx, headers: { 'content-type': 'text/plain; charset=utf-8' }, connections: 4 }
    const startSec = account.cpuSec()
    const warm = await sendBodies(
      bodies.filter(({ step }) => step < warmSteps),
      target,
    )
    const warmSec = account.cpuSec()
    const steady = await sendBodies(
      bodies.filter(({ step }) => step >= warmSteps),
      target,
    )
    const steadySec = account.cpuSec()
    await server.flush()
    if (server.merge !== null) await server.merge()
    await account.settle({ quietMs: restQuietMs[peer.name] ?? 2500, waitMsMax: 60_000 })
    const acknowledged = warm.acknowledged + steady.acknowledged
    return {
      errors: [...warm.errors, ...steady.errors],
      missing: bodies.reduce((sum, { samples }) => sum + samples, 0) - acknowledged,
      ratePerSec: steady.acknowledged / (steady.wallMs / 1000),
      steadyCpuSec: ((steadySec - warmSec) / steady.acknowledged) * 1e6,
      allCpuSec: ((account.cpuSec() - startSec) / acknowledged) * 1e6,
      peakRssMib: account.takePeakMib(),
      bytesPerValue: (server.disk().allBytes - diskBytes) / acknowledged,
      p95Ms: steady.p95Ms,
    }
  } finally {
    await endServer(server)
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

if (!(await build({ quiet: true }))) process.exit(1)
const bodies = influxBodies(Number(options.hosts), Number(options.steps), options.values)
const results = new Map()
for (let run = 0; run < Number(options.runs); run++) {
  for (const name of options.peers.split(',')) {
    const peer = programOf(name)
    if (peer.missing !== undefined) {
      console.error(`SKIPPED ${name}: ${peer.missing}`)
      continue
    }
    const result = await measure(peer, bodies)
    if (result.errors.length > 0 || result.missing > 0)
      console.error(`${name}: ${result.missing} values not taken: ${result.errors.join('; ')}`)
    console.error(`${name} run ${run + 1}: ${JSON.stringify(result)}`)
    results.set(name, { peer, runs: [...(results.get(name)?.runs ?? []), result] })
  }
}
const of = (name, member) => median(results.get(name).runs.map((run) => run[member]))
const own = results.has('bellwether') ? of('bellwether', 'allCpuSec') : Number.NaN
console.log(
  `${options.values} values, ${options.hosts} hosts, ${options.steps} steps; median of ${options.runs}; ${JSON.stringify(machineNow())}\n`,
)
console.log('| server | CPU s/M, steady | CPU s/M, all | Bellwether / it | values/s | peak RSS MiB | B a value, growth | p95 ms |')
console.log('|---|---|---|---|---|---|---|---|')
for (const [name, { peer }] of results) {
  const cells = [
    `${peer.product} ${peer.version}`,
    of(name, 'steadyCpuSec').toFixed(2),
    of(name, 'allCpuSec').toFixed(2),
    (own / of(name, 'allCpuSec')).toFixed(2),
    Math.round(of(name, 'ratePerSec')).toLocaleString('en'),
    Math.round(of(name, 'peakRssMib')),
    of(name, 'bytesPerValue').toFixed(2),
    of(name, 'p95Ms').toFixed(1),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
