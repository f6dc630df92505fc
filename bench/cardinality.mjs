/**
 * `node bench/cardinality.mjs [redis://address]`: what the decisions about series cost: batches of known series without and with limits and
 * rules, batches that a rule sums up, and the limiter by itself for new and for known series, in process and on Redis. From the build.
 * Prints CPU seconds of this process for a million; the variants take turns.
 */
import { loadavg } from 'node:os'
import { CardinalityAccount } from '../apps/server/dist/cardinality/account.js'
import { Folding } from '../apps/server/dist/cardinality/folding.js'
import { CardinalityGate } from '../apps/server/dist/cardinality/gate.js'
import { openRedis } from '../apps/server/dist/engines/index.js'
import { createConservation } from '../apps/server/dist/ingest/index.js'
import { systemClock } from '../apps/server/dist/kernel/clock.js'
import { createInstruments } from '../apps/server/dist/kernel/instruments.js'
import { silentLogger } from '../apps/server/dist/kernel/log.js'
import { InProcessCardinality, RedisCardinality } from '../apps/server/dist/limiters/index.js'
import {
  createMetricsIngest,
  createMetricsInstruments,
  defaultSeriesLimits,
  Head,
  HistogramHead,
  MetadataStore,
  MetricsBatch,
  SeriesRegistry,
} from '../apps/server/dist/metrics/index.js'

const tenant = { organizationId: 1, projectId: 1 }
const most = 10_000_000
const limits = { global: most, organization: most, useCase: most, metric: most }
const quotas = { windowSec: 3600, granularitySec: 600, limits }

/** Metrics with what decides about their series: nothing, limits, limits and a rule. */
function open(rule) {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const head = new Head({ sizeBytesMax: 256 << 20, clock: systemClock, pendingAgeMs: () => 0 })
  const histograms = new HistogramHead()
  const instruments = createMetricsInstruments(createInstruments(), { series: registry, head, histograms })
  const parts = { registry, head, histograms, metadata: new MetadataStore(), conservation: createConservation(), instruments }
  const log = { append: async () => undefined }
  if (rule === null) return { registry, ingest: createMetricsIngest({ ...parts, log }) }
  const folding = new Folding({ series: registry, newest: () => null, describe: () => null, clock: systemClock })
  registry.useRules(folding)
  const gate = new CardinalityGate({
    series: registry,
    limiter: new InProcessCardinality(quotas, { clock: systemClock, seed: 1 }),
    account: new CardinalityAccount(systemClock, limits),
    scopeOf: (ref) => folding.scopeOf(ref),
    useCaseOf: () => 'custom',
    onExplosion: () => undefined,
  })
  if (rule !== '') {
    const action = { kind: 'drop_labels', labels: ['hostname'], gauges: 'sum' }
    folding.setRules(tenant, [{ id: '1', version: 1, match: { kind: 'prefix', value: rule }, action }])
  }
  return { registry, ingest: createMetricsIngest({ ...parts, log, decisions: { clock: systemClock, gates: [gate], folding } }) }
}

async function cpuSec(run) {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const seriesCount = 10_000
const variants = {
  'no decisions': null,
  'limits, no rules': '',
  'limits, a rule for other metrics': 'other_',
  'a rule that sums 10,000 to 10': 'cpu_',
}
const opened = Object.entries(variants).map(([name, rule]) => {
  const { registry, ingest } = open(rule)
  const refs = Array.from({ length: seriesCount }, (_, i) =>
    registry.resolve(tenant, [
      ['__name__', `cpu_${i % 10}_total`],
      ['hostname', `host_${Math.floor(i / 10)}`],
    ]),
  )
  return { name, ingest, refs, batch: new MetricsBatch(), best: Infinity, sum: 0, runs: 0 }
})

async function round({ ingest, refs, batch }, number) {
  for (let from = 0; from < seriesCount; from += 2500) {
    batch.reset(tenant)
    for (let i = from; i < from + 2500; i++) batch.addSample(refs[i], Date.now() - 3_600_000 + number * 1000, number * 3 + (i % 7))
    batch.pointsReceived = batch.sampleCount
    await ingest.accept(batch, 0)
  }
}

let number = 0
for (let turn = 0; turn < 30; turn++) {
  for (const one of opened) {
    const rounds = 20
    const sec = await cpuSec(async () => {
      for (let i = 0; i < rounds; i++) await round(one, number + i)
    })
    const perMillion = (sec * 1e6) / (rounds * seriesCount)
    if (turn < 3) continue
    one.best = Math.min(one.best, perMillion)
    one.sum += perMillion
    one.runs++
  }
  number += 20
}
console.log(
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}\n`,
)
console.log('batches of known series, CPU s for a million samples (best, mean)')
for (const { name, best, sum, runs } of opened) console.log(`  ${name.padEnd(36)} ${best.toFixed(3)}  ${(sum / runs).toFixed(3)}`)

function requests(from, count) {
  const hashes = new Uint32Array(count * 2)
  for (let i = 0; i < count; i++) {
    hashes[i * 2] = Math.imul(from + i, 0x9e3779b1)
    hashes[i * 2 + 1] = Math.imul(from + i, 0x85ebca6b) ^ 0x5bd1e995
  }
  return [{ organizationId: 1, projectId: 1, useCase: 'custom', metric: 'm', hashes }]
}

async function limiterCosts(name, limiter, million) {
  const batches = Array.from({ length: (1e6 * million) / 2500 }, (_, i) => requests(i * 2500, 2500))
  const startMs = performance.now()
  const fresh = await cpuSec(async () => {
    for (const batch of batches) await limiter.judge(batch)
  })
  const freshMs = performance.now() - startMs
  const known = await cpuSec(async () => {
    for (const batch of batches) await limiter.judge(batch)
  })
  const perMillion = (sec) => (sec / million).toFixed(3)
  console.log(
    `  ${name.padEnd(12)} new ${perMillion(fresh)} (${(freshMs / million / 1000).toFixed(2)} s by the clock), known ${perMillion(known)}`,
  )
}

console.log('\nthe limiter by itself, CPU s of this process for a million series in batches of 2,500')
const local = new InProcessCardinality(quotas, { clock: systemClock, seed: 1 })
await limiterCosts('in process', local, 1)
console.log(`  ${local.count} series take ${(local.sizeBytes / 2 ** 20).toFixed(0)} MiB`)
const [url] = process.argv.slice(2)
if (url !== undefined) {
  const redis = await openRedis({ url, logger: silentLogger, clock: systemClock })
  const shared = new RedisCardinality(quotas, { redis, clock: systemClock, seed: 1 })
  const before = await redisCpuSec(redis)
  await limiterCosts('on Redis', shared, 0.2)
  const memory = /used_memory:(\d+)/.exec(String(await redis.command(['INFO', 'memory'])))?.[1]
  console.log(
    `  Redis: ${(((await redisCpuSec(redis)) - before) / 0.2).toFixed(2)} CPU s a million, ${(Number(memory) / 2e5).toFixed(0)} bytes a series`,
  )
  shared[Symbol.dispose]()
  await redis[Symbol.asyncDispose]()
}

async function redisCpuSec(redis) {
  const info = String(await redis.command(['INFO', 'cpu']))
  const part = (what) => Number(new RegExp(`used_cpu_${what}:([\\d.]+)`).exec(info)?.[1] ?? 0)
  return part('user') + part('sys')
}
