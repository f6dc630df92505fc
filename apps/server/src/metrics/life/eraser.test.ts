import { expect, test } from 'vitest'
import { systemClock, type Clock } from '../../kernel/clock.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { defaultSeriesLimits } from '../limits.ts'
import { MetadataStore } from '../metadata-store.ts'
import { RollupMarks } from '../rollup/marks.ts'
import { Head } from '../samples/head.ts'
import { HistogramHead } from '../samples/histogram-head.ts'
import { PastNames } from '../series/past-names.ts'
import { PastSeries } from '../series/past-series.ts'
import { SeriesRegistry } from '../series/registry.ts'
import { Eraser } from './eraser.ts'
import { Hidden } from './hidden.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const other: Tenant = { organizationId: 2, projectId: 1 }
const signal = new AbortController().signal
const startMs = 1_790_000_000_000

test('a deletion that waits keeps no refs, and deletes what it found when they mean other series', async () => {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const head = new Head({ sizeBytesMax: 1 << 20, clock: { monotonicMs: () => 0 }, pendingAgeMs: () => 0 })
  const commands: string[] = []
  const engine = {
    async *queryNative() {},
    command: (sql: string) => Promise.resolve(void commands.push(sql)),
  }
  const ref = registry.resolve(tenant, [
    ['__name__', 'm'],
    ['host', 'a'],
  ])
  registry.touch(ref, startMs)
  registry.markDurable(ref, startMs / 60_000, startMs / 60_000)
  const id = `0x${registry.idHigh(ref).toString(16)}${registry.idLow(ref).toString(16).padStart(8, '0')}`
  const backlog = { segments: 1, records: 1, sizeBytes: 1, sizeBytesMax: 1, rows: 1, oldestMs: 1e9 }
  const clock: Clock = {
    ...systemClock,
    nowMs: () => startMs,
    monotonicMs: () => 0,
    // While the deletion waits for the log, its series leaves and another project's gets the ref.
    sleep: () => {
      for (const _ of registry.life.expire(Uint32Array.of(ref), () => true));
      registry.life.nowMs += 1_000
      for (const _ of registry.life.release(500));
      expect(registry.resolve(other, [['__name__', 'other']])).toBe(ref)
      registry.touch(ref, startMs)
      head.append(Uint32Array.of(ref), Float64Array.of(startMs), Float64Array.of(1), 1)
      Object.assign(backlog, { segments: 0 })
      return Promise.resolve()
    },
  }
  const hidden = new Hidden(clock)
  const eraser = new Eraser({
    engine,
    registry,
    head,
    histograms: new HistogramHead(),
    metadata: new MetadataStore(),
    past: new PastSeries({ engine, registry, clock }),
    pastNames: new PastNames({ engine, clock }),
    hidden,
    marks: new RollupMarks({ registry, clock }),
    writeMarks: () => Promise.resolve(),
    exclusive: (run) => run(),
    log: { backlog: () => backlog },
    clock,
  })
  const deletion = { id: 1, tenant, match: [[{ name: 'host', op: '=' as const, value: 'a' }]], beforeMs: startMs + 1_000 }
  await eraser.erase(deletion, signal)
  expect(commands.length).toBeGreaterThan(0)
  expect(commands.filter((sql) => !sql.includes(id))).toEqual([])
  expect(head.holds(ref)).toBe(true)
})
