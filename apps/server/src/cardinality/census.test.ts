import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { InProcessCardinality } from '../limiters/index.ts'
import { defaultSeriesLimits, SeriesRegistry, type Labels } from '../metrics/index.ts'
import { CardinalityAccount } from './account.ts'
import { Census } from './census.ts'
import { CardinalityGate } from './gate.ts'

const tenant = { organizationId: 1, projectId: 1 }
const limits = { global: 1e6, organization: 1e6, useCase: 1e6, metric: 100 }
const quotas = { windowSec: 3600, granularitySec: 600, limits }

function labelsOf(pod: string): Labels {
  return [
    ['__name__', 'm'],
    ['pod', pod],
  ]
}

let clock: ManualClock
let registry: SeriesRegistry
let gate: CardinalityGate
let limiter: InProcessCardinality
let census: Census
let sampled: Set<number>

const minute = (): number => Math.floor(clock.nowMs() / 60_000)
const count = (): number => limiter.metricCount({ ...tenant, useCase: 'custom', metric: 'm' })
const refused = (pod: string): number => gate.judgeNow(tenant, [registry.resolve(tenant, labelsOf(pod))]).refs.length

/** As at a start: rows of series that were seen so long ago. */
function load(name: string, series: number, minutesAgo: number): void {
  const before = new SeriesRegistry(defaultSeriesLimits, 1)
  for (let i = 0; i < series; i++) {
    const labels = labelsOf(`${name}${i}`)
    const ref = before.resolve(tenant, labels)
    const lastMinute = minute() - minutesAgo
    const seen = { firstMinute: lastMinute - 10, lastMinute }
    registry.restore(tenant, { low: before.idLow(ref), high: before.idHigh(ref) }, labels, seen, Math.min(minute(), lastMinute + 360))
  }
}

beforeEach(() => {
  clock = new ManualClock()
  registry = new SeriesRegistry(defaultSeriesLimits, 1)
  registry.setNow(minute())
  limiter = new InProcessCardinality(quotas, { clock, seed: 1 })
  const account = new CardinalityAccount(clock)
  gate = new CardinalityGate({ series: registry, limiter, account, scopeOf: () => '', useCaseOf: () => 'custom', onExplosion: () => {} })
  sampled = new Set()
  census = new Census({ registry, gate, quotas, newest: (ref) => (sampled.has(ref) ? { timeMs: clock.nowMs() } : null), clock })
})

async function open(): Promise<void> {
  const opening = census.open()
  for (let i = 0; i < 20; i++) await clock.advance(0)
  await opening
}

test('after a start what is in use counts from the first new series on', async () => {
  load('used', 100, 5)
  await open()
  expect(count()).toBe(100)
  expect(refused('new')).toBe(1)
})

test('what ended before the window does not count, at the start or later', async () => {
  load('used', 50, 0)
  load('ended', 50, 300)
  await open()
  expect(count()).toBe(50)
  await clock.advance(600_000)
  registry.setNow(minute())
  const taking = census.take()
  for (let i = 0; i < 20; i++) await clock.advance(0)
  await taking
  expect(count()).toBe(50)
  expect(refused('new')).toBe(0)
})

test('a series whose row is old and whose samples are not is in use', async () => {
  load('long', 10, 300)
  for (let ref = 0; ref < 4; ref++) sampled.add(ref)
  await open()
  expect(count()).toBe(4)
})
