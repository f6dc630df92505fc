/**
 * `node bench/metrics-record.mjs`: what metrics ingest costs between decoding and the engine: duplicate check, log record, head, and the
 * writer's Native blocks. `--series` series, batches of 2,500 samples. Prints CPU seconds for a million samples. From the build.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createConservation } from '../apps/server/dist/ingest/index.js'
import { createInstruments } from '../apps/server/dist/kernel/instruments.js'
import { silentLogger } from '../apps/server/dist/kernel/log.js'
import { createScope } from '../apps/server/dist/kernel/scope.js'
import {
  createMetricsHandler,
  createMetricsIngest,
  createMetricsInstruments,
  createMetricsStore,
  defaultSeriesLimits,
  Head,
  HistogramHead,
  MetadataStore,
  MetricsBatch,
  SampleStore,
  SeriesRegistry,
} from '../apps/server/dist/metrics/index.js'

const { values } = parseArgs({ options: { series: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '360' } } })
const seriesCount = Number(values.series)
const rounds = Number(values.rounds)
const tenant = { organizationId: 1, projectId: 1 }
const registry = new SeriesRegistry(defaultSeriesLimits, 1)
const head = new Head({ sizeBytesMax: 256 << 20, clock: { monotonicMs: () => performance.now() }, pendingAgeMs: () => 0 })
const histograms = new HistogramHead()
const metadata = new MetadataStore()
const conservation = createConservation()
const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
const shared = { registry, head, histograms, metadata, conservation, instruments, logger: silentLogger }
let records = []
const log = { append: async (_lane, record) => void records.push(record) }
const ingest = createMetricsIngest({ ...shared, log })
const handler = createMetricsHandler({ ...shared, decodeRaw: () => {} })
const engine = {
  queryNative() {
    throw new Error('there is no engine here')
  },
}
const store = createMetricsStore({ registry, head, histograms, samples: new SampleStore(engine, registry) })

const refs = Array.from({ length: seriesCount }, (_, i) =>
  registry.resolve(tenant, [
    ['__name__', `cpu_${i % 10}`],
    ['hostname', `host_${Math.floor(i / 10)}`],
  ]),
)
const batch = new MetricsBatch()
const spent = { accept: 0, inserts: 0 }
const total = seriesCount * rounds
let longestMs = 0

async function measured(what, run) {
  const before = process.cpuUsage()
  const startMs = performance.now()
  const result = await run()
  longestMs = Math.max(longestMs, performance.now() - startMs)
  const { user, system } = process.cpuUsage(before)
  spent[what] += (user + system) / 1e6
  return result
}

let insertBytes = 0
for (let round = 0; round < rounds; round++) {
  for (let from = 0; from < seriesCount; from += 2500) {
    batch.reset(tenant)
    for (let i = from; i < from + 2500; i++)
      batch.addSample(refs[i], 1.79e12 + round * 10_000, Math.floor(50 + 50 * Math.sin(i + round / 10)))
    batch.pointsReceived = batch.sampleCount
    await measured('accept', () => ingest.accept(batch, 0))
    if (records.length < 80) continue
    const inserts = await measured('inserts', () => handler.buildInserts(records))
    for (const { body } of inserts) for (const block of body) insertBytes += block.length
    records = []
  }
}
console.log(
  `load ${loadavg()
    .map((one) => one.toFixed(2))
    .join(' ')}, ${total} samples of ${seriesCount} series`,
)
for (const [what, sec] of Object.entries(spent)) console.log(`${what.padEnd(10)} ${((sec / total) * 1e6).toFixed(3)} CPU s/M`)
console.log(
  `head ${(head.sizeBytes / head.sampleCount).toFixed(1)} bytes a sample, ${(insertBytes / total).toFixed(1)} bytes a row to the engine, longest step ${longestMs.toFixed(0)} ms`,
)

const scope = createScope(1, [1])
const budget = { seriesMax: 1e6, samplesMax: 1e8 }
for (const matchers of [
  [{ name: '__name__', op: '=', value: 'cpu_1' }],
  [
    { name: 'hostname', op: '=', value: 'host_7' },
    { name: '__name__', op: '=', value: 'cpu_1' },
  ],
]) {
  const times = []
  let samples = 0
  for (let i = 0; i < 20; i++) {
    const before = process.cpuUsage()
    const block = await store.select(scope, { matchers, fromMs: 0, toMs: Infinity }, budget, new AbortController().signal)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
    samples = block.timesMs.length
  }
  times.sort((a, b) => a - b)
  console.log(`select from the head: ${samples} samples in ${times[10].toFixed(2)} CPU ms (p50 of 20)`)
}
