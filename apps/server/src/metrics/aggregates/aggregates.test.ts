import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { MemoryMetrics } from '../../protocols/testing/memory-metrics.ts'
import type { MetricsBatch } from '../batch/metrics-batch.ts'
import { normalizeLabels } from '../series/labels.ts'
import { createAggregates, type AggregatesDeps } from './aggregates.ts'
import type { AggregateType, ProjectAggregates } from './ports.ts'

const tenant = { organizationId: 1, projectId: 1 }
const second = 1000

/** Keeps what conservation and the table of sets would get as well. */
class Recorder extends MemoryMetrics {
  received = 0
  readonly refused: Record<string, number> = {}
  readonly sets: string[] = []

  override async accept(batch: MetricsBatch, wireBytes: number): Promise<void> {
    this.received += batch.pointsReceived
    for (const [reason, points] of batch.refused) this.refused[reason] = (this.refused[reason] ?? 0) + points
    await super.accept(batch, wireBytes)
    const { sets } = batch
    for (let row = 0; row < sets.count; row++) {
      const members = sets.members.subarray(row === 0 ? 0 : sets.ends[row - 1]! * 2, sets.ends[row]! * 2)
      this.sets.push(`${this.name(sets.refs[row]!)} @${sets.timesMs[row]} ${members.filter((_, i) => i % 2 === 0).join(' ')}`)
    }
  }
}

function open(limits?: AggregatesDeps['limits']) {
  const clock = new ManualClock()
  const metrics = new Recorder()
  const deps = { ingest: metrics, clock, logger: silentLogger, flushIntervalMs: 10 * second }
  const aggregates = createAggregates(limits === undefined ? deps : { ...deps, limits })
  const startMs = clock.nowMs()
  const taken = (): string[] => metrics.take().map((row) => row.replace(/@(\d+)$/, (_, at) => `@${(Number(at) - startMs) / second}`))
  return {
    clock,
    metrics,
    aggregates,
    project: aggregates.of(tenant),
    /** To the next flush, and the samples it wrote, times as seconds since the start. */
    async flushed(): Promise<string[]> {
      await clock.advance(10 * second)
      return taken()
    },
    taken,
  }
}

function handle(project: ProjectAggregates, type: AggregateType, labels: Record<string, string>): number {
  const normalized = normalizeLabels(Object.entries(labels))
  if (normalized.type === 'reject') throw new Error(normalized.reason)
  const found = project.find(type, normalized.labels)
  if (found.type === 'reject') throw new Error(`${found.reason}: ${found.detail}`)
  return found.handle
}

const everything = { perProjectMax: 10, totalMax: 15, bucketsMax: 1e6, membersMax: 5 }

describe('counters', () => {
  test('sum up, begin with a zero, and go on when nothing comes', async () => {
    const { project, flushed, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits', path: '/' })
    project.increment(hits, 1)
    project.increment(hits, 2.5)
    expect(await flushed()).toEqual(['hits{path="/"} 0 @0.001', 'hits{path="/"} 3.5 @10'])
    project.increment(hits, 1)
    expect(await flushed()).toEqual(['hits{path="/"} 4.5 @20'])
    expect(await flushed()).toEqual(['hits{path="/"} 4.5 @30'])
    expect(metrics.received).toBe(3)
    expect(metrics.metadata).toEqual([{ name: 'hits', type: 'counter', unit: '', help: '' }])
  })

  test('a flush that is not stored loses nothing, the zero included', async () => {
    const { project, flushed, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    project.increment(hits, 1)
    metrics.failure = new Error('full')
    expect(await flushed()).toEqual([])
    project.increment(hits, 1)
    metrics.failure = null
    expect(await flushed()).toEqual(['hits 0 @10.001', 'hits 2 @20'])
    expect(metrics.metadata).toHaveLength(1)
  })

  test('idle ones end, and begin anew when they come back', async () => {
    const { project, flushed, clock, aggregates, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    project.increment(hits, 7)
    await clock.advance(300 * second)
    metrics.take()
    expect(await flushed()).toEqual(['hits STALE @310'])
    expect(aggregates.size).toBe(0)
    expect(project.increment(hits, 1)).toBe(false)
    const again = handle(project, 'counter', { __name__: 'hits' })
    expect(again).not.toBe(hits)
    expect(project.increment(again, 1)).toBe(true)
    expect(await flushed()).toEqual(['hits 0 @310.001', 'hits 1 @320'])
  })
})

test('gauges are set and moved, start at 0, and are kept for an hour', async () => {
  const { project, flushed, clock, metrics } = open()
  const depth = handle(project, 'gauge', { __name__: 'depth' })
  project.setGauge(depth, 5)
  project.moveGauge(depth, -7)
  expect(await flushed()).toEqual(['depth -2 @10'])
  project.moveGauge(handle(project, 'gauge', { __name__: 'other' }), 3)
  expect(await flushed()).toEqual(['depth -2 @20', 'other 3 @20'])
  await clock.advance(3580 * second)
  metrics.take()
  expect(await flushed()).toEqual(['depth STALE @3610', 'other 3 @3610'])
})

test('gauge values with a time of their own are stored at it', async () => {
  const { project, flushed, clock } = open()
  const depth = handle(project, 'gauge', { __name__: 'depth' })
  project.putGauge(depth, 4, clock.nowMs() - 60 * second)
  project.setGauge(depth, 5)
  expect(await flushed()).toEqual(['depth 4 @-60', 'depth 5 @10'])
})

test('distributions are cumulative histograms with an empty one before, written only when they change', async () => {
  const { project, metrics, clock } = open()
  const startMs = clock.nowMs()
  const took = handle(project, 'distribution', { __name__: 'took' })
  project.observe(took, 3, 10)
  project.observe(took, -1, 1)
  await clock.advance(20 * second)
  expect(metrics.histograms.map(({ timeMs, histogram }) => [(timeMs - startMs) / second, histogram.count, histogram.sum])).toEqual([
    [0.001, 0, 0],
    [10, 11, 29],
  ])
  project.observe(took, 0, 1)
  await clock.advance(10 * second)
  expect(metrics.histograms.at(-1)?.histogram).toMatchObject({ schema: 7, zeroCount: 1, count: 12 })
})

test('a distribution over its bound of buckets gets wider ones; the count stays', async () => {
  const { project, metrics, clock } = open({ ...everything, bucketsMax: 70 })
  const took = handle(project, 'distribution', { __name__: 'took' })
  for (let i = 0; i < 1000; i++) project.observe(took, 1.01 ** i, 1)
  await clock.advance(10 * second)
  const last = metrics.histograms.at(-1)?.histogram
  expect(last?.count).toBe(1000)
  expect(last?.positiveCounts.length).toBeLessThanOrEqual(70)
  expect(last?.schema).toBeLessThan(4)
})

describe('sets', () => {
  test('members go to the minute of their interval, each once; the float has the distinct ones', async () => {
    const { project, flushed, metrics, clock } = open()
    const users = handle(project, 'set', { __name__: 'users' })
    const others = handle(project, 'set', { __name__: 'users', a: 'b' })
    for (const low of [1, 2, 1, 3]) project.addMember(users, low, 0)
    project.addMember(others, 1, 0)
    const minuteMs = Math.floor(clock.nowMs() / 60_000) * 60_000
    expect(await flushed()).toEqual(['users 3 @10', 'users{a="b"} 1 @10'])
    expect(metrics.sets).toEqual([`users @${minuteMs} 1 2 3`, `users{a="b"} @${minuteMs} 1`])
    expect(metrics.received).toBe(5)
    project.addMember(users, 3, 0)
    expect(await flushed()).toEqual(['users 1 @20', 'users{a="b"} 0 @20'])
    expect(metrics.sets).toHaveLength(3)
  })

  test('members that come after a silence go to the minute they came in', async () => {
    const { project, clock, flushed, metrics } = open()
    await clock.advance(600 * second)
    const users = handle(project, 'set', { __name__: 'users' })
    project.addMember(users, 1, 0)
    const minuteMs = Math.floor(clock.nowMs() / 60_000) * 60_000
    await flushed()
    expect(metrics.sets).toEqual([`users @${minuteMs} 1`])
  })

  test('members of a flush that failed come with the next, and a commit writes each once', async () => {
    const { project, flushed, metrics } = open()
    const users = handle(project, 'set', { __name__: 'users' })
    project.addMember(users, 1, 0)
    metrics.failure = new Error('full')
    await flushed()
    metrics.failure = null
    project.addMember(users, 2, 0)
    await project.commit()
    project.addMember(users, 3, 0)
    expect(await flushed()).toEqual(['users 2 @10.002', 'users 3 @20'])
    expect(metrics.sets.map((row) => row.replace(/@\d+/, '@'))).toEqual(['users @ 1 2', 'users @ 3'])
  })

  test('more than the bound are dropped and counted', async () => {
    const { project, flushed, metrics } = open(everything)
    const users = handle(project, 'set', { __name__: 'users' })
    for (let low = 0; low < 8; low++) project.addMember(users, low, 0)
    expect(await flushed()).toEqual(['users 5 @10'])
    expect([metrics.received, metrics.refused]).toEqual([8, { set_members_limit: 3 }])
  })
})

describe('commit', () => {
  test('resolves when what was observed is stored; calls that meet share a write', async () => {
    const { project, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    project.increment(hits, 1)
    const both = [project.commit(), project.commit()]
    project.increment(hits, 1)
    both.push(project.commit())
    await Promise.all(both)
    expect(metrics.rows.filter((row) => row.startsWith('hits 2'))).toHaveLength(1)
    expect(metrics.batches).toBeLessThanOrEqual(2)
  })

  test('its error reaches the caller, and the next write has it all', async () => {
    const { project, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    project.increment(hits, 1)
    metrics.failure = new Error('full')
    await expect(project.commit()).rejects.toThrow('full')
    metrics.failure = null
    await project.commit()
    expect(metrics.rows.at(-1)).toMatch(/^hits 1 /)
  })
})

describe('refusals', () => {
  test('a metric has one type at a time', async () => {
    const { project, clock } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    project.increment(hits, 1)
    expect(() => handle(project, 'gauge', { __name__: 'hits', a: 'b' })).toThrow('type_changed: hits is a counter, and came as a gauge')
    await clock.advance(320 * second)
    expect(handle(project, 'gauge', { __name__: 'hits' })).toBeGreaterThanOrEqual(0)
  })

  test('aggregates are bounded by project and in total, series by the index', () => {
    const { project, aggregates, metrics } = open(everything)
    for (let i = 0; i < 10; i++) handle(project, 'gauge', { __name__: 'g', i: String(i) })
    expect(() => handle(project, 'gauge', { __name__: 'g', i: '10' })).toThrow('aggregate_limit')
    expect(handle(project, 'gauge', { __name__: 'g', i: '9' })).toBeGreaterThanOrEqual(0)
    const other = aggregates.of({ organizationId: 1, projectId: 2 })
    for (let i = 0; i < 5; i++) handle(other, 'gauge', { __name__: 'g', i: String(i) })
    expect(() => handle(other, 'gauge', { __name__: 'g', i: '10' })).toThrow('aggregate_limit')
    expect(aggregates.size).toBe(15)
    metrics.seriesMax = 0
    expect(() => handle(aggregates.of({ organizationId: 2, projectId: 3 }), 'gauge', { __name__: 'g' })).toThrow('series_limit')
  })

  test('what would make a total infinite is left out and counted', async () => {
    const { project, flushed, metrics } = open()
    const hits = handle(project, 'counter', { __name__: 'hits' })
    const depth = handle(project, 'gauge', { __name__: 'depth' })
    const took = handle(project, 'distribution', { __name__: 'took' })
    for (let i = 0; i < 2; i++) {
      project.increment(hits, 1e308)
      project.moveGauge(depth, -1e308)
      project.observe(took, 1e308, 1)
    }
    expect(await flushed()).toEqual(['depth -1e+308 @10', 'hits 0 @0.001', 'hits 1e+308 @10'])
    expect(metrics.histograms.at(-1)?.histogram).toMatchObject({ count: 1, sum: 1e308 })
    expect([metrics.received, metrics.refused]).toEqual([6, { value_not_finite: 3 }])
  })

  test('what had no aggregate is counted with what had', async () => {
    const { project, flushed, metrics } = open()
    project.refuse('type_changed', 4)
    project.increment(handle(project, 'counter', { __name__: 'hits' }), 1)
    await flushed()
    expect([metrics.received, metrics.refused]).toEqual([5, { type_changed: 4 }])
  })
})

test('a large flush is several batches; one that fails keeps what it had and what was to come', async () => {
  const it = open()
  const { project, metrics } = it
  const handles = Array.from({ length: 12_000 }, (_, i) => handle(project, 'counter', { __name__: 'hits', i: String(i) }))
  for (const one of handles) project.increment(one, 1)
  const accept = metrics.accept.bind(metrics)
  const sizes: number[] = []
  metrics.accept = (batch, wireBytes) => {
    sizes.push(batch.sampleCount)
    return sizes.length === 2 ? Promise.reject(new Error('full')) : accept(batch, wireBytes)
  }
  await it.flushed()
  expect(sizes).toEqual([10_000, 10_000])
  project.increment(handles[0]!, 1)
  const rows = await it.flushed()
  while (rows.length < 19_000) {
    await new Promise((resolve) => setImmediate(resolve))
    rows.push(...it.taken())
  }
  expect(rows.filter((row) => row.includes(' 1 @20'))).toHaveLength(11_999)
  expect(rows.filter((row) => row.includes(' 0 @10.001'))).toHaveLength(7_000)
  expect(rows.filter((row) => row.includes(' 2 @20'))).toEqual(['hits{i="0"} 2 @20'])
  expect(metrics.received).toBe(12_001)
})

test('disposing flushes', async () => {
  const { project, aggregates, metrics } = open()
  project.increment(handle(project, 'counter', { __name__: 'hits' }), 1)
  await aggregates[Symbol.asyncDispose]()
  expect(metrics.rows).toHaveLength(2)
})
