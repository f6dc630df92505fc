/** What becomes of observations when refs are to be found anew (a project's rules changed) or series leave the index. */
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { MemoryMetrics } from '../../protocols/testing/memory-metrics.ts'
import type { MetricsBatch } from '../batch/metrics-batch.ts'
import type { Labels } from '../model.ts'
import { createAggregates } from './aggregates.ts'
import { Places } from './places.ts'
import type { AggregateType } from './ports.ts'

const tenant = { organizationId: 1, projectId: 1 }
const second = 1000
const all = (): boolean => true

/** Stores when it is told to, and drops by a rule all labels but the name while that is in force. */
class Gated extends MemoryMetrics {
  gate: Promise<void> | null = null
  isOneOfMany = false

  override resolve(of: typeof tenant, labels: Labels): number {
    return super.resolve(of, this.isOneOfMany ? labels.filter(([name]) => name === '__name__') : labels)
  }

  override async accept(batch: MetricsBatch, wireBytes: number): Promise<void> {
    if (this.gate !== null) await this.gate
    await super.accept(batch, wireBytes)
  }

  /** Batches wait until the answer is called. */
  close(): () => void {
    let open = (): void => {}
    this.gate = new Promise((resolve) => (open = resolve))
    return () => {
      this.gate = null
      open()
    }
  }
}

function open() {
  const clock = new ManualClock()
  const metrics = new Gated()
  const labelCountOf = (ref: number): number => metrics.labels[ref]?.length ?? 0
  const aggregates = createAggregates({ ingest: metrics, clock, logger: silentLogger, flushIntervalMs: 10 * second, labelCountOf })
  const project = aggregates.of(tenant)
  const startMs = clock.nowMs()
  return {
    clock,
    metrics,
    aggregates,
    project,
    handle(type: AggregateType, name: string, path = '/'): number {
      const found = project.find(type, [
        ['__name__', name],
        ['path', path],
      ])
      if (found.type === 'reject') throw new Error(`${found.reason}: ${found.detail}`)
      return found.handle
    },
    unlearn: (isGone: (ref: number) => boolean): void => aggregates.unlearn?.(isGone),
    clear: (...refs: number[]): void => aggregates.clear?.(Uint32Array.from(refs)),
    /** Samples since the last call, times as seconds since the start. */
    taken: (): string[] => metrics.take().map((row) => row.replace(/@(\d+)$/, (_, at) => `@${(Number(at) - startMs) / second}`)),
  }
}

describe('series that are found anew', () => {
  test('what was observed before is stored by the commit that acknowledges it, and the total goes on', async () => {
    const it = open()
    const before = it.handle('counter', 'hits')
    it.project.increment(before, 5)
    it.unlearn(all)
    await it.project.commit()
    expect(it.taken()).toEqual(['hits{path="/"} 0 @0.001', 'hits{path="/"} 5 @0.002'])
    expect(it.project.increment(before, 1)).toBe(false)
    it.project.increment(it.handle('counter', 'hits'), 1)
    await it.clock.advance(10 * second)
    expect(it.taken()).toEqual(['hits{path="/"} 6 @10'])
    expect(it.aggregates.size).toBe(1)
  })

  test('while a commit is written, that of it and that behind it', async () => {
    const it = open()
    it.project.increment(it.handle('counter', 'hits'), 1)
    const release = it.metrics.close()
    const first = it.project.commit()
    await new Promise((resolve) => setImmediate(resolve))
    it.project.increment(it.handle('counter', 'hits'), 1)
    it.project.setGauge(it.handle('gauge', 'depth'), 3)
    it.project.observe(it.handle('distribution', 'took'), 2, 1)
    it.project.addMember(it.handle('set', 'users'), 7, 0)
    const behind = it.project.commit()
    it.unlearn(all)
    release()
    await Promise.all([first, behind])
    const rows = it.taken().map((row) => row.replace(/ @.*/, ''))
    expect(rows).toEqual(['depth{path="/"} 3', 'hits{path="/"} 0', 'hits{path="/"} 1', 'hits{path="/"} 2', 'users{path="/"} 1'])
    expect(it.metrics.histograms.at(-1)?.histogram).toMatchObject({ count: 1, sum: 2 })
  })

  test('a gauge keeps its value for those who move it', async () => {
    const it = open()
    it.project.setGauge(it.handle('gauge', 'depth'), 5)
    await it.clock.advance(10 * second)
    it.unlearn(all)
    it.project.moveGauge(it.handle('gauge', 'depth'), -1)
    await it.clock.advance(10 * second)
    expect(it.taken()).toEqual(['depth{path="/"} 4 @20', 'depth{path="/"} 5 @10'])
  })

  test.each([null, new Error('full')])(
    'values with times of their own are each stored once, also when the write under way ends with %s',
    async (failure) => {
      const it = open()
      const put = (...values: number[]): void => {
        const depth = it.handle('gauge', 'depth')
        for (const value of values) expect(it.project.putGauge(depth, value, it.clock.nowMs() + value)).toBe(true)
      }
      put(0, 1, 2)
      const release = it.metrics.close()
      const written = it.project.commit().catch(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      put(3)
      it.unlearn(all)
      it.metrics.failure = failure
      release()
      await written
      it.metrics.failure = null
      put(4, 5)
      await it.project.commit()
      expect(it.metrics.rows.map((row) => row.split(' ')[1])).toEqual(['0', '1', '2', '3', '4', '5'])
    },
  )

  test('what a rule made of many is gone with the rule, and each of the many begins', async () => {
    const it = open()
    it.metrics.isOneOfMany = true
    it.project.increment(it.handle('counter', 'hits', '/a'), 1)
    it.project.increment(it.handle('counter', 'hits', '/b'), 1)
    await it.project.commit()
    expect(it.taken()).toEqual(['hits 0 @0.001', 'hits 2 @0.002'])
    it.project.increment(it.handle('counter', 'hits', '/a'), 1)
    it.metrics.isOneOfMany = false
    it.unlearn(all)
    it.project.increment(it.handle('counter', 'hits', '/a'), 1)
    await it.clock.advance(10 * second)
    expect(it.taken()).toEqual(['hits{path="/a"} 0 @0.003', 'hits{path="/a"} 1 @10'])
    expect(it.aggregates.size).toBe(1)
  })

  test('are counted once when they end while they are written', async () => {
    const it = open()
    it.project.increment(it.handle('counter', 'hits'), 1)
    await it.clock.advance(300 * second)
    const release = it.metrics.close()
    await it.clock.advance(10 * second)
    it.unlearn(all)
    it.clear(0)
    const again = it.handle('counter', 'hits')
    release()
    await it.aggregates.flush()
    expect(it.aggregates.size).toBe(1)
    expect(it.handle('counter', 'hits')).toBe(again)
    expect(it.project.increment(again, 1)).toBe(true)
  })
})

test('refs that mean other series now take what is under them away', async () => {
  const it = open()
  it.project.increment(it.handle('counter', 'hits'), 1)
  it.project.putGauge(it.handle('gauge', 'depth'), 1, 1)
  it.project.increment(it.handle('counter', 'others'), 1)
  it.unlearn((ref) => ref < 2)
  it.clear(0, 1)
  await it.project.commit()
  expect(it.taken()).toEqual(['others{path="/"} 0 @0.001', 'others{path="/"} 1 @0.002'])
  expect(it.aggregates.size).toBe(1)
})

describe('places', () => {
  test('are used again once no member names them', async () => {
    const it = open()
    const placesUsed = new Set<number>()
    for (let round = 0; round < 20; round++) {
      const users = it.handle('set', 'users')
      placesUsed.add(users % 2 ** 22)
      it.project.addMember(users, round, 0)
      it.unlearn(all)
      it.clear(0)
      expect(it.project.addMember(users, round, 1)).toBe(false)
      await it.clock.advance(10 * second)
    }
    expect(placesUsed.size).toBeLessThanOrEqual(2)
    expect(it.taken()).toEqual([])
  })

  test('are never more than a handle can name', () => {
    const places = new Places(2)
    for (const ref of [5, 6]) places.add(ref, 0, 'hits', 0)
    expect(places.isFull).toBe(true)
    places.remove(places.find(5))
    expect(places.isFull).toBe(true)
    places.reuse(1)
    expect(places.isFull).toBe(false)
  })
})
