import { describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../../apps/server/src/kernel/clock.ts'
import type { Matcher, NativeHistogram, PendingDeletion, RetentionPolicy } from '../../../apps/server/src/metrics/index.ts'
import { fileEngine } from './file-engine.ts'
import { batchOf, budget, live, openStack, ref, scope, tenant, toText, type Stack, type StackOptions } from './metrics-stack.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** An hour of the clock. */
const nowMs = Math.floor(Date.now() / hourMs) * hourMs

const home = fileEngine()

const clock: Clock = { ...systemClock, nowMs: () => nowMs }
const stackOf = (options: Partial<StackOptions> = {}): Promise<Stack> =>
  openStack({ engine: home.engine, logDir: home.freshLog(), clock, ...options })
const byName = (name: string): Matcher[] => [{ name: '__name__', op: '=', value: name }]
const read = async (stack: Stack, matchers: readonly Matcher[], fromMs = 0, of = scope) =>
  toText(await stack.store.select(of, { matchers, fromMs, toMs: Number.MAX_SAFE_INTEGER }, { ...budget, signal: live }))

async function rowsOf(table: string, where = '1'): Promise<number> {
  for await (const { columns } of home.engine.queryNative({
    sql: `SELECT toUInt32(count()) FROM ${table} WHERE ${where}`,
    class: 'internal',
  })) {
    if (columns[0]?.kind === 'u32') return columns[0].data[0] ?? -1
  }
  return -1
}

async function put(stack: Stack, name: string, daysAgo: readonly number[], of = tenant, host = 'a'): Promise<void> {
  const samples = daysAgo.map((days) => ({ labels: { __name__: name, host }, timeMs: nowMs - days * dayMs + 1, value: days }))
  await stack.ingest.accept(batchOf(stack.ingest, samples, of), 10)
}

const days = (answer: Record<string, [number, number][]>): number[] =>
  Object.values(answer).flatMap((rows) => rows.map(([, value]) => value))

const histogram: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [0, 1],
  positiveCounts: [1],
  negativeSpans: [],
  negativeCounts: [],
  customValues: [],
  resetHint: 'no',
}

describe('retention', () => {
  const policy: RetentionPolicy = { days: 30, rollupDays: null, rules: [{ pattern: 'short*', days: 7 }] }

  test('hides at once by project and pattern, from memory, engine and grids', async () => {
    await using stack = await stackOf()
    const other = { organizationId: 1, projectId: 2 }
    for (const name of ['short_one', 'long_one']) await put(stack, name, [40, 20, 8, 5, 1])
    await put(stack, 'short_one', [40, 20, 1], other)
    const ask = async () => [days(await read(stack, byName('short_one'))), days(await read(stack, byName('long_one')))]
    expect(await ask()).toEqual([
      [40, 20, 8, 5, 1],
      [40, 20, 8, 5, 1],
    ])
    stack.keeping.hidden.setPolicy(tenant, policy)
    expect(await ask()).toEqual([
      [5, 1],
      [20, 8, 5, 1],
    ])
    const both = await read(stack, [{ name: '__name__', op: '=~', value: '.*_one' }])
    expect(Object.fromEntries(Object.entries(both).map(([labels, rows]) => [labels, rows.length]))).toEqual({
      '__name__=long_one,host=a': 4,
      '__name__=short_one,host=a': 2,
    })
    await stack.drain()
    stack.head.coverFrom(nowMs)
    expect(await ask()).toEqual([
      [5, 1],
      [20, 8, 5, 1],
    ])
    // Nothing in memory: the engine computes.
    await using cold = await stackOf()
    cold.keeping.hidden.setPolicy(tenant, policy)
    const hint = { func: 'last', startMs: nowMs - 40 * dayMs + hourMs, endMs: nowMs - dayMs + hourMs, stepMs: dayMs, windowMs: dayMs }
    const grid = await cold.store.grid?.(
      scope,
      { matchers: byName('short_one'), fromMs: 0, toMs: nowMs, hint },
      { ...budget, signal: live },
    )
    // The step of the newest sample is left to memory.
    expect(Array.from(grid?.values ?? []).filter((value) => value > 0)).toEqual([5])
    const scoped = { ...scope, projectIds: [2] } as typeof scope
    expect(days(await read(stack, byName('short_one'), 0, scoped))).toEqual([40, 20, 1])
    stack.keeping.hidden.setPolicy(tenant, { days: null, rollupDays: null, rules: [] })
    expect(await ask()).toEqual([
      [40, 20, 8, 5, 1],
      [40, 20, 8, 5, 1],
    ])
  })

  test('drops whole parts where everything is past it, and rows only beside what is kept longer', async () => {
    await using stack = await stackOf()
    const other = { organizationId: 1, projectId: 2 }
    for (const name of ['short_one', 'long_one']) await put(stack, name, [100, 60, 20, 12, 1])
    await put(stack, 'theirs', [60, 20])
    await put(stack, 'theirs', [60], other)
    await stack.drain()
    const { hidden, keeper } = stack.keeping
    expect(await keeper.preview(tenant, policy, live)).toEqual({ samples: 9 - 2, rollups: 0 })
    hidden.setPolicy(tenant, policy)
    const run = await keeper.run(live)
    // The week of 100 days ago was of this project alone, that of 60 days ago was not.
    expect(run.droppedPartitions).toBe(1)
    expect(await rowsOf('samples', `ts < ${nowMs - 90 * dayMs}`)).toBe(0)
    expect(await rowsOf('samples', 'project = 2')).toBe(1)
    expect(run.deletedRows.get('1/1')).toBe(5)
    expect(await rowsOf('samples', 'project = 1')).toBe(5)
    expect(days(await read(stack, byName('long_one')))).toEqual([20, 12, 1])
    expect(await keeper.run(live)).toMatchObject({ droppedPartitions: 0 })
    expect(await rowsOf('samples', 'project = 1')).toBe(5)
  })

  test('a part that gets data of others meanwhile is not dropped', async () => {
    await using stack = await stackOf()
    await put(stack, 'mine', [100])
    await stack.drain()
    stack.keeping.hidden.setPolicy(tenant, policy)
    await put(stack, 'theirs', [100], { organizationId: 1, projectId: 2 })
    await stack.drain()
    expect((await stack.keeping.keeper.run(live)).droppedPartitions).toBe(0)
    expect(await rowsOf('samples', 'project = 2')).toBe(1)
  })
})

describe('a deletion', () => {
  const deletionOf = (match: readonly (readonly Matcher[])[], id = 1): PendingDeletion => ({ id, tenant, match, beforeMs: Date.now() })

  async function fill(stack: Stack): Promise<void> {
    const other = { organizationId: 1, projectId: 2 }
    for (const host of ['a', 'b']) {
      await put(stack, 'gone', [3, 2, 1], tenant, host)
      await put(stack, 'stays', [3, 2, 1], tenant, host)
      await put(stack, 'gone', [3, 1], other, host)
    }
    const batch = batchOf(stack.ingest, [])
    batch.addHistogram(ref(stack.ingest, tenant, { __name__: 'gone', host: 'h' }), nowMs - dayMs, histogram)
    batch.metadata.push({ name: 'gone', type: 'gauge', unit: '', help: 'to be gone' })
    batch.pointsReceived = 1
    await stack.ingest.accept(batch, 1)
  }

  test('of a metric hides it at once, survives a restart, and takes everything of it; later data is new and stays', async () => {
    const logDir = home.freshLog()
    const deletion = deletionOf([byName('gone')])
    const later = { labels: { __name__: 'gone', host: 'a' }, timeMs: deletion.beforeMs + 60_000, value: 77 }
    {
      await using stack = await stackOf({ logDir, clock: systemClock })
      await fill(stack)
      await stack.drain()
      expect(await stack.keeping.eraser.count(tenant, deletion.match, live)).toEqual({ series: 3, samples: 6 })
      await stack.keeping.eraser.hide(deletion, live)
      expect(await read(stack, byName('gone'))).toEqual({})
      expect(stack.catalog.metrics(scope).map(({ name }) => name)).toEqual(['stays'])
      expect(
        await stack.catalog.allLabelValues(scope, { label: '__name__', matchers: [], fromMs: 0, toMs: Date.now() * 2, limit: 9 }, live),
      ).toEqual(['stays'])
      expect(days(await read(stack, byName('stays')))).toHaveLength(6)
      const scoped = { ...scope, projectIds: [2] } as typeof scope
      expect(days(await read(stack, byName('gone'), 0, scoped))).toHaveLength(4)
      await stack.ingest.accept(batchOf(stack.ingest, [later]), 1)
      expect(days(await read(stack, byName('gone')))).toEqual([77])
    }
    await using again = await stackOf({ logDir, clock: systemClock })
    await again.keeping.eraser.hide(deletion, live)
    expect(days(await read(again, byName('gone')))).toEqual([77])
    await again.keeping.eraser.erase(deletion, live)
    expect(days(await read(again, byName('gone')))).toEqual([77])
    expect(await rowsOf('samples', `project = 1 AND ts <= ${deletion.beforeMs}`)).toBe(6)
    expect(await rowsOf('samples', 'project = 2')).toBe(4)
    expect(await rowsOf('histograms')).toBe(0)
    expect(again.metadata.find(scope, 'gone')).toBeNull()
    const old = { labels: { __name__: 'gone', host: 'b' }, timeMs: nowMs - 2 * dayMs, value: 88 }
    await again.ingest.accept(batchOf(again.ingest, [old]), 1)
    await again.drain()
    expect(days(await read(again, byName('gone'))).sort()).toEqual([77, 88])
    await using third = await stackOf({ logDir, clock: systemClock })
    expect(days(await read(third, byName('gone'))).sort()).toEqual([77, 88])
  })

  test('of series takes those alone, those that left memory too, and what was not inserted yet', async () => {
    await using stack = await stackOf({ clock: systemClock })
    await fill(stack)
    const deletion = deletionOf([[{ name: 'host', op: '=', value: 'a' }]])
    await stack.keeping.eraser.hide(deletion, live)
    await stack.keeping.eraser.erase(deletion, live)
    expect(Object.keys(await read(stack, [{ name: 'host', op: '=~', value: '.+' }])).filter((labels) => labels.includes('host=a'))).toEqual(
      [],
    )
    expect(await rowsOf('samples', 'project = 1')).toBe(6)
    expect(await rowsOf('series_seen', 'project = 1')).toBe(3)
    expect(days(await read(stack, byName('gone')))).toHaveLength(4)
  })

  test('takes rollups with it, and no round brings them back', async () => {
    const logDir = home.freshLog()
    await using stack = await stackOf({ logDir, clock: systemClock, rollups: { timing: { quietMs: 0, graceMs: 0 } } })
    await fill(stack)
    await stack.drain()
    while (await stack.rollups.roller.round());
    expect(await rowsOf('samples_5m', 'project = 1')).toBe(12)
    const deletion = deletionOf([byName('gone')])
    await stack.keeping.eraser.hide(deletion, live)
    const late = { labels: { __name__: 'stays', host: 'a' }, timeMs: nowMs - 2 * dayMs + 2, value: 5 }
    await stack.ingest.accept(batchOf(stack.ingest, [late]), 1)
    await stack.drain()
    await stack.keeping.eraser.erase(deletion, live)
    while (await stack.rollups.roller.round());
    expect(await rowsOf('samples_5m FINAL', 'project = 1')).toBe(6)
    expect(await rowsOf('samples_1h FINAL', 'project = 1')).toBe(6)
    expect(await rowsOf('samples_5m FINAL', 'project = 2')).toBe(4)
  })
})
