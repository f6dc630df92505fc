import { describe, expect, test } from 'vitest'
import { createScope } from '../../../apps/server/src/kernel/scope.ts'
import { ExemplarReader, isThere, STALE, type NativeHistogram } from '../../../apps/server/src/metrics/index.ts'
import { fileEngine } from './file-engine.ts'
import {
  batchOf,
  budget,
  live,
  openStack,
  readAll,
  ref,
  scope,
  someSamples,
  startMs,
  tenant,
  toRecord,
  toText,
  up,
  type Stack,
  type TestSample,
} from './metrics-stack.ts'

const home = fileEngine()

describe('write, restart, read', () => {
  test('what was acknowledged reads the same before insertion, after it and after a restart, to the last bit', async () => {
    const logDir = home.freshLog()
    const all = someSamples(64)
    {
      await using stack = await openStack({ engine: home.engine, logDir })
      await stack.ingest.accept(batchOf(stack.ingest, all), 1_000)
      expect(await readAll(stack)).toEqual(toRecord(all))
      await stack.drain()
      expect(await readAll(stack)).toEqual(toRecord(all))
      expect(stack.conservation.rows()).toMatchObject([{ received: 64, stored: 64, queued: 0, refused: {}, dropped: {} }])
    }
    await using again = await openStack({ engine: home.engine, logDir })
    expect(again.head.sampleCount).toBe(0)
    expect(await readAll(again)).toEqual(toRecord(all))
    expect(await readAll(again, startMs + 600_000, startMs + 3 * 600_000)).toEqual(toRecord(all.slice(1, 4)))
  })

  test('what was only in the log is visible again after a restart, and inserted once', async () => {
    const logDir = home.freshLog()
    const all = someSamples(30)
    {
      await using stack = await openStack({ engine: home.engine, logDir, withoutWriter: true })
      await stack.ingest.accept(batchOf(stack.ingest, all.slice(0, 20)), 1_000)
      await stack.ingest.accept(batchOf(stack.ingest, all.slice(20)), 1_000)
    }
    await using again = await openStack({ engine: home.engine, logDir })
    expect(await readAll(again)).toEqual(toRecord(all))
    await again.drain()
    expect(await readAll(again)).toEqual(toRecord(all))
    expect(await countRows('samples')).toBe(30)
    expect(await countRows('series_seen')).toBe(2)
  })

  test('the same segment inserted twice under its token counts once', async () => {
    await using stack = await openStack({ engine: home.engine, logDir: home.freshLog(), withoutWriter: true })
    await stack.ingest.accept(batchOf(stack.ingest, someSamples(10)), 1_000)
    await stack.log.seal()
    const segment = await stack.log.take('ready', live)
    const records = (await segment?.read()) ?? []
    for (let round = 0; round < 3; round++) {
      for (const insert of stack.handler.buildInserts(records))
        await home.engine.insertNative({ ...insert, token: `${segment?.token}-${insert.table}` })
    }
    expect(await countRows('samples')).toBe(10)
    expect(await countRows('series_seen')).toBe(2)
  })
})

async function countRows(table: string): Promise<number> {
  for await (const block of home.engine.queryNative({ sql: `SELECT toUInt32(count()) FROM ${table}`, class: 'internal' })) {
    const column = block.columns[0]
    if (column?.kind === 'u32') return column.data[0]!
  }
  return -1
}

describe('scopes and budgets', () => {
  test('a scope of several projects gets the union, another gets nothing', async () => {
    await using stack = await openStack({ engine: home.engine, logDir: home.freshLog() })
    const other = { organizationId: 1, projectId: 2 }
    const foreign = { organizationId: 2, projectId: 1 }
    const one = (value: number): TestSample[] => [{ labels: { __name__: 'up', host: `p${value}` }, timeMs: startMs, value }]
    await stack.ingest.accept(batchOf(stack.ingest, one(1)), 10)
    await stack.ingest.accept(batchOf(stack.ingest, one(2), other), 10)
    await stack.ingest.accept(batchOf(stack.ingest, one(3), foreign), 10)
    await stack.drain()
    await using again = await openStack({ engine: home.engine, logDir: home.freshLog() })
    for (const run of [stack, again]) {
      const read = async (organization: number, projects: number[]): Promise<string[]> =>
        Object.keys(
          toText(
            await run.store.select(
              createScope(organization, projects),
              { matchers: [...up], fromMs: 0, toMs: startMs },
              { ...budget, signal: live },
            ),
          ),
        )
      expect(await read(1, [1, 2])).toEqual(['__name__=up,host=p1', '__name__=up,host=p2'])
      expect(await read(1, [2])).toEqual(['__name__=up,host=p2'])
      expect(await read(2, [1])).toEqual(['__name__=up,host=p3'])
      expect(await read(3, [1])).toEqual([])
    }
  })

  test('budgets of series and samples hold in memory and in the engine', async () => {
    const logDir = home.freshLog()
    const select = (stack: Stack, seriesMax: number, samplesMax: number): Promise<unknown> =>
      stack.store.select(scope, { matchers: [...up], fromMs: 0, toMs: Infinity }, { seriesMax, samplesMax, signal: live })
    {
      await using stack = await openStack({ engine: home.engine, logDir })
      await stack.ingest.accept(batchOf(stack.ingest, someSamples(40)), 10)
      await expect(select(stack, 1, 1_000)).rejects.toMatchObject({ code: 'query.too_many_series' })
      await expect(select(stack, 2, 39)).rejects.toMatchObject({ code: 'query.too_many_samples' })
      await select(stack, 2, 40)
    }
    await using again = await openStack({ engine: home.engine, logDir })
    await expect(select(again, 2, 39)).rejects.toMatchObject({ code: 'query.too_many_samples' })
    await select(again, 2, 40)
  })

  test('few series of a large metric are named, many are filtered, both right', async () => {
    const logDir = home.freshLog()
    {
      await using stack = await openStack({ engine: home.engine, logDir })
      const all = Array.from({ length: 10_000 }, (_, i): TestSample => ({
        labels: { __name__: 'up', host: `h${i}`, mod: `${i % 2}` },
        timeMs: startMs,
        value: i,
      }))
      await stack.ingest.accept(batchOf(stack.ingest, all), 10)
    }
    await using again = await openStack({ engine: home.engine, logDir })
    const count = async (name: string, value: string): Promise<number> => {
      const block = await again.store.select(
        scope,
        { matchers: [{ name, op: '=~', value }], fromMs: 0, toMs: startMs },
        { ...budget, signal: live },
      )
      block.labels.forEach((labels, i) => expect(`h${block.values[i]}`).toBe(new Map(labels).get('host')))
      return block.labels.length
    }
    expect(await count('host', 'h12.')).toBe(10)
    expect(await count('mod', '0')).toBe(5_000)
    expect(await count('host', 'h[1-2].*')).toBe(2_222)
  })
})

const histogram: NativeHistogram = {
  schema: 3,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 12,
  sum: 34.5,
  positiveSpans: [-2, 2, 3, 1],
  positiveCounts: [1, 2, 3],
  negativeSpans: [0, 1],
  negativeCounts: [4],
  customValues: [],
  resetHint: 'no',
}

test('native histograms, exemplars and metadata come back after a restart; floats and histograms of one series are interleaved', async () => {
  const logDir = home.freshLog()
  const custom: NativeHistogram = {
    ...histogram,
    schema: -53,
    customValues: [0.1, 1, 10],
    negativeSpans: [],
    negativeCounts: [],
    resetHint: 'gauge',
    sum: STALE,
  }
  const help = { name: 'up', type: 'gauge', unit: 'seconds', help: 'Is it up? «ja»' } as const
  const expectSame = async (stack: Stack): Promise<void> => {
    const block = await stack.store.select(scope, { matchers: [...up], fromMs: 0, toMs: startMs + 10_000 }, { ...budget, signal: live })
    expect(block.labels.length).toBe(1)
    expect([...block.timesMs]).toEqual([startMs, startMs + 1_000, startMs + 2_000])
    expect([...block.values]).toEqual([NaN, 7, NaN])
    expect(block.histograms).toEqual([histogram, null, custom])
    expect(stack.catalog.metadata(scope, null, 10)).toEqual([help])
    expect(stack.catalog.labelNames(scope, { matchers: [], fromMs: 0, toMs: startMs + 1, limit: 10 })).toEqual(['__name__', 'host'])
    expect(stack.catalog.labelValues(scope, 'host', { matchers: [], fromMs: 0, toMs: startMs + 1, limit: 10 })).toEqual(['a'])
    expect(stack.catalog.series(scope, { matchers: [[...up]], fromMs: 0, toMs: startMs + 1, limit: 10 })).toEqual([
      [
        ['__name__', 'up'],
        ['host', 'a'],
      ],
    ])
    expect(stack.catalog.metrics(scope)).toMatchObject([{ name: 'up', seriesCount: 1, metadata: help }])
  }
  {
    await using stack = await openStack({ engine: home.engine, logDir })
    const batch = batchOf(stack.ingest, [{ labels: { __name__: 'up', host: 'a' }, timeMs: startMs + 1_000, value: 7 }])
    const series = ref(stack.ingest, tenant, { __name__: 'up', host: 'a' })
    batch.addHistogram(series, startMs, histogram)
    batch.addHistogram(series, startMs + 2_000, custom)
    batch.pointsReceived += 2
    batch.exemplars.push({
      seriesRef: series,
      timeMs: startMs,
      value: 0.25,
      labels: [['user', 'x']],
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
    })
    batch.metadata.push(help)
    await stack.ingest.accept(batch, 10)
    await expectSame(stack)
    await stack.drain()
    await expectSame(stack)
  }
  await using again = await openStack({ engine: home.engine, logDir })
  await expectSame(again)
  const exemplars = new ExemplarReader({ engine: home.engine, catalog: again.catalog, hidden: again.keeping.hidden })
  const asked = { matchers: [{ name: 'host', op: '=~', value: 'a|b' }], fromMs: startMs, toMs: startMs + 5_000 } as const
  const own = { timeMs: startMs, value: 0.25, labels: [['user', 'x']], traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
  expect(await exemplars.read(scope, asked, live)).toEqual([
    {
      labels: [
        ['__name__', 'up'],
        ['host', 'a'],
      ],
      exemplars: [own],
    },
  ])
  expect(await exemplars.read(scope, { ...asked, fromMs: startMs + 1 }, live)).toEqual([])
  expect(await exemplars.read(createScope(tenant.organizationId, [tenant.projectId + 1]), asked, live)).toEqual([])
})

test('data spread over more weeks than an insert may touch goes in, once', async () => {
  const logDir = home.freshLog()
  const week = 7 * 86_400_000
  const all = Array.from({ length: 250 }, (_, i): TestSample => ({
    labels: { __name__: 'up', host: 'a' },
    timeMs: startMs - i * week,
    value: i,
  }))
  {
    await using stack = await openStack({ engine: home.engine, logDir })
    await stack.ingest.accept(batchOf(stack.ingest, all), 10)
    await stack.drain()
    expect(await countRows('samples')).toBe(250)
  }
  await using again = await openStack({ engine: home.engine, logDir })
  expect(await readAll(again)).toEqual(toRecord(all))
})

test('duplicates: an equal sample is dropped, another value for a time is refused, and both are counted', async () => {
  await using stack = await openStack({ engine: home.engine, logDir: home.freshLog() })
  const one = (value: number, timeMs = startMs): TestSample => ({ labels: { __name__: 'up', host: 'a' }, timeMs, value })
  await stack.ingest.accept(batchOf(stack.ingest, [one(1), one(2, startMs + 1)]), 10)
  await stack.ingest.accept(batchOf(stack.ingest, [one(1), one(3), one(5, startMs + 2), one(5, startMs + 2), one(6, startMs + 2)]), 10)
  await stack.ingest.accept(batchOf(stack.ingest, [one(1)]), 10)
  await stack.drain()
  expect(stack.conservation.rows()).toMatchObject([
    { received: 8, stored: 3, queued: 0, refused: { duplicate_timestamp: 2 }, dropped: { duplicate_sample: 3 } },
  ])
  expect(stack.conservation.balance()).toEqual([])
  expect(await readAll(stack)).toEqual({
    '__name__=up,host=a': [
      [startMs, 1],
      [startMs + 1, 2],
      [startMs + 2, 5],
    ],
  })
})

test('a dead letter that is replayed after a restart is visible at once, though its times are after what the engine has', async () => {
  const logDir = home.freshLog()
  const [first, ...rest] = someSamples(8)
  {
    await using stack = await openStack({ engine: home.engine, logDir, withoutWriter: true })
    await stack.ingest.accept(batchOf(stack.ingest, rest), 100)
    await stack.log.seal()
    const segment = await stack.log.take('ready', live)
    if (segment !== null) await stack.log.bury(segment, 'refused')
  }
  await using again = await openStack({ engine: home.engine, logDir })
  await again.ingest.accept(batchOf(again.ingest, first === undefined ? [] : [first]), 100)
  await again.drain()
  await using last = await openStack({ engine: home.engine, logDir: home.freshLog(), withoutWriter: true })
  expect(await readAll(last)).toEqual(toRecord([first].filter((one) => one !== undefined)))
  const [letter] = await again.log.listDeadLetters()
  await again.log.replayDeadLetter(letter?.id ?? '')
  await again.drain()
  expect(await readAll(again)).toEqual(toRecord(someSamples(8)))
})

test('the probe of every insert tells whether the engine has it, in whichever partition', async () => {
  await using stack = await openStack({ engine: home.engine, logDir: home.freshLog(), withoutWriter: true })
  const weekMs = 7 * 86_400_000
  const samples = [0, 1, 0, 2].map((weeks, i) => ({
    labels: { __name__: 'up', job: `j${i}` },
    timeMs: startMs - weeks * weekMs + i,
    value: i,
  }))
  const batch = batchOf(stack.ingest, samples)
  batch.metadata.push({ name: "it's_up", type: 'gauge', unit: '', help: 'h' })
  await stack.ingest.accept(batch, 100)
  await stack.log.seal()
  const segment = await stack.log.take('ready', live)
  const inserts = stack.handler.buildInserts((await segment?.read()) ?? [])
  expect(inserts.map(({ table, probe }) => [table, probe.rows])).toEqual([
    ['series_seen', 2],
    ['metric_metadata', 1],
    ['samples', 4],
  ])
  for (const { table, columns, body, probe } of inserts) {
    expect(await isThere(home.engine, probe, live)).toBe(false)
    await home.engine.insertNative({ table, columns, body, token: `probe-${table}` })
    expect(await isThere(home.engine, probe, live)).toBe(true)
  }
  await home.engine.command(`ALTER TABLE samples DROP PARTITION ${Math.floor((startMs - weekMs) / weekMs)}`)
  expect(await isThere(home.engine, inserts[2]?.probe ?? { sql: '', rows: 0 }, live)).toBe(false)
})

test('every table the writer fills has an insert on the disk before it answers', async () => {
  const sql = `SELECT toUInt32(countIf(engine_full LIKE '%fsync_after_insert = 1, fsync_part_directory = 1%')) FROM system.tables
    WHERE database = currentDatabase() AND name IN ('samples', 'histograms', 'exemplars', 'series_seen', 'metric_metadata')`
  let durable = 0
  for await (const { columns, rows } of home.engine.queryNative({ sql, class: 'internal', signal: live }))
    if (rows > 0 && columns[0]?.kind === 'u32') durable = columns[0].data[0] ?? 0
  expect(durable).toBe(5)
})
