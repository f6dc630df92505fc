/** Rows of series that hold ids in place of their labels, over the real engine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { MemoryStrings } from '../../../apps/server/src/indexer/testing/memory-strings.ts'
import { labelNamesSql, labelValuesSql } from '../../../apps/server/src/metrics/strings/label-sql.ts'
import {
  batchOf,
  type EngineHome,
  live,
  openEngine,
  openStack,
  readAll,
  scope,
  type Stack,
  startMs,
  type TestSample,
  wipe,
} from './metrics-stack.ts'

let home: EngineHome
let logs = 0

beforeAll(async () => {
  home = await openEngine()
})

afterAll(() => home[Symbol.asyncDispose]())
afterEach(() => wipe(home.engine))

const open = (storage: MemoryStrings, more: { loadRowsMax?: number } = {}): Promise<Stack> =>
  openStack({ engine: home.engine, logDir: join(home.dataDir, `strings-${logs++}`), storage, ...more })

async function texts(sql: string, params: Record<string, unknown> = {}): Promise<string[]> {
  const found: string[] = []
  for await (const { columns } of home.engine.queryNative({ sql, params, class: 'internal' })) {
    for (const column of columns) if (column.kind === 'string') found.push(...column.data)
  }
  return found
}

const rowsSql = "SELECT concat(toString(length(labels)), ' text, ', toString(length(tag_keys)), ' ids') FROM series_seen ORDER BY ALL"
const sample = (host: string, minute = 0): TestSample => ({
  labels: { __name__: 'up', environment: 'production', host },
  timeMs: startMs + minute * 60_000,
  value: 1,
})

async function write(stack: Stack, samples: readonly TestSample[]): Promise<void> {
  await stack.ingest.accept(batchOf(stack.ingest, samples), 100)
  await stack.drain()
}

test('rows hold ids, the mirror says what they mean, and a restart reads them', async () => {
  const storage = new MemoryStrings()
  const all = [sample('h1'), sample('näme ☃'), { ...sample('h3'), labels: { __name__: 'transaction.duration', host: 'h1' } }]
  {
    await using stack = await open(storage)
    await write(stack, all)
  }
  expect(await texts(rowsSql)).toEqual(['0 text, 2 ids', '0 text, 3 ids', '0 text, 3 ids'])
  const strings = await texts('SELECT DISTINCT string FROM strings WHERE org = 1 ORDER BY string')
  expect(strings).toEqual(['__name__', 'environment', 'h1', 'host', 'näme ☃', 'production', 'transaction.duration', 'up'])
  expect(await texts("SELECT DISTINCT toString(use_case) FROM strings WHERE string = 'h1' ORDER BY 1")).toEqual(['custom', 'transactions'])
  // The statement of docs/formats/strings.md.
  const documented =
    /```sql\n([^`]+)```/.exec(readFileSync(new URL('../../../docs/formats/strings.md', import.meta.url), 'utf8'))?.[1] ?? ''
  expect(
    (await texts(`SELECT arrayStringConcat(arraySort(arrayMap(pair -> pair.2, labels)), ' ') FROM (${documented}) ORDER BY 1`)).sort(),
  ).toEqual(['h1 production up', 'h1 transaction.duration', 'näme ☃ production up'])
  await using again = await open(storage)
  expect(again.registry.seriesCount).toBe(3)
  expect(Object.keys(await readAll(again)).sort()).toEqual(
    ['h1', 'näme ☃'].map((host) => `__name__=up,environment=production,host=${host}`),
  )
})

test('names, values and series of the past are found by ids and by text alike', async () => {
  const storage = new MemoryStrings()
  {
    await using stack = await open(storage)
    await write(stack, [sample('h1'), sample('h2')])
    storage.isAway = true
    await write(stack, [sample('h3')])
  }
  expect(await texts(rowsSql)).toEqual(['0 text, 3 ids', '0 text, 3 ids', '3 text, 0 ids'])
  storage.isAway = false
  expect(await texts(`${labelNamesSql(1, 'org = 1')} ORDER BY found`)).toEqual(['__name__', 'environment', 'host'])
  const valuesSql = `${labelValuesSql(1, '{label:String}', 'org = 1')} ORDER BY found`
  expect(await texts(valuesSql, { label: 'host' })).toEqual(['h1', 'h2', 'h3'])
  expect(await texts(valuesSql, { label: 'environment' })).toEqual(['production'])
  expect(await texts(valuesSql, { label: 'nothing' })).toEqual([])
  for (const host of ['h2', 'h3']) {
    await using stack = await open(storage)
    const matchers = [{ name: 'host', op: '=' as const, value: host }]
    await stack.past.bring(scope, { matchers, fromMs: startMs - 60_000, toMs: startMs + 60_000 }, { seriesMax: 10, signal: live })
    expect(stack.registry.tenantsOf(scope).flatMap((tenant) => [...stack.registry.select(tenant, matchers)])).toHaveLength(1)
  }
})

test('rows of one series with ids and with text become one that has both, whichever comes first', async () => {
  for (const isAwayFirst of [true, false]) {
    const storage = new MemoryStrings()
    storage.isAway = isAwayFirst
    {
      await using stack = await open(storage)
      await write(stack, [sample('h1')])
    }
    storage.isAway = !isAwayFirst
    {
      // Much later, so that the series has a row again.
      await using stack = await open(storage)
      await write(stack, [sample('h1', 3000)])
    }
    expect(await texts(rowsSql)).toHaveLength(2)
    await home.engine.command('OPTIMIZE TABLE series_seen FINAL')
    expect(await texts(rowsSql)).toHaveLength(1)
    storage.isAway = true
    await using stack = await open(storage)
    expect(stack.registry.seriesCount).toBe(1)
    await wipe(home.engine)
  }
})

test('a label too long for an id leaves its series the text; the others have ids', async () => {
  const storage = new MemoryStrings()
  {
    await using stack = await open(storage)
    await write(stack, [sample('h1'), sample('x'.repeat(1500))])
  }
  expect(await texts(rowsSql)).toEqual(['0 text, 3 ids', '3 text, 0 ids'])
  await using again = await open(storage)
  expect(again.registry.seriesCount).toBe(2)
})

test('an id that nobody knows leaves its series out and no other', async () => {
  const storage = new MemoryStrings()
  {
    await using stack = await open(storage)
    await write(stack, [sample('h1'), sample('h2')])
  }
  await home.engine.command("ALTER TABLE strings DELETE WHERE string = 'h2' SETTINGS mutations_sync = 1")
  await using again = await open(storage)
  expect(again.registry.seriesCount).toBe(1)
})
