/** The string indexer on a real PostgreSQL and Redis: races between programs, deadlocks, and either engine killed in the middle. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  openPostgres,
  openRedis,
  type PostgresEngine,
  type RedisEngine,
  runPostgresMigrations,
} from '../../../apps/server/src/engines/index.ts'
import {
  createIndexerInstruments,
  createStringIndexer,
  firstStoredId,
  indexerMigrations,
  PostgresStrings,
  type StringIndexer,
  StringIndexerCache,
  unlimitedWrites,
  UseCaseKeyCollection,
  WritesLimiter,
} from '../../../apps/server/src/indexer/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createInstruments } from '../../../apps/server/src/kernel/instruments.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { LocalSlidingWindows } from '../../../apps/server/src/limiters/index.ts'
import { setup } from '../../support/global-setup.ts'
import { redisIsMissing, startRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from '../engines/engine-folder.ts'

const folder = engineFolder()
let made = 0
/** One that nothing has recorded before. */
const another = (): string => `another-${made++}`
const keys = (...strings: string[]): UseCaseKeyCollection =>
  new UseCaseKeyCollection(new Map([['custom', new Map([[1, new Set(strings)]])]]))
let postgres: PostgresEngine

beforeAll(async () => {
  setup()
  postgres = await openPostgres({ url: null, dataDir: folder.path, logger: silentLogger, clock: systemClock })
  await runPostgresMigrations(postgres.pool, indexerMigrations)
})

afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

beforeEach(() => postgres.pool.query('truncate strings'))

function open({ redis = null, nowMs = Date.now }: { redis?: RedisEngine | null; nowMs?: () => number } = {}): StringIndexer {
  const clock = { ...systemClock, nowMs }
  return createStringIndexer({
    cache: new StringIndexerCache({ redis, clock, logger: silentLogger, sizeMax: 10_000 }),
    storage: new PostgresStrings({ pool: postgres.pool, clock }),
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), unlimitedWrites),
    instruments: createIndexerInstruments(createInstruments()),
    clock,
    logger: silentLogger,
  })
}

async function wayOf(indexer: StringIndexer, string: string): Promise<string | undefined> {
  return (await indexer.bulkRecord(keys(string))).metadataOf('custom', 1, string)?.fetchType
}

/** Starts programs that record the same strings at the same moment; gives what ids each of them got. */
async function race(programs: number, redisUrl: string): Promise<Map<string, number | null>[]> {
  const script = fileURLToPath(new URL('./record-strings.mjs', import.meta.url))
  const dist = new URL('../../../apps/server/dist', import.meta.url).href
  const children = Array.from({ length: programs }, (_, i) => {
    const words = [script, dist, postgres.connectionString, redisUrl, String(i * 7919 + 1)]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
  })
  await Promise.all(children.map(({ lines }) => lines.next()))
  for (const { child } of children) child.stdin.write('go\n')
  return Promise.all(
    children.map(async ({ child, lines }) => {
      const ended = once(child, 'exit')
      const { value } = await lines.next()
      await ended
      return new Map<string, number | null>(JSON.parse(String(value)))
    }),
  )
}

function expectSameIds(answers: readonly Map<string, number | null>[]): void {
  const [first = new Map<string, number | null>()] = answers
  expect(first.size).toBe(6000)
  expect(new Set(first.values()).size).toBe(6000)
  for (const id of first.values()) expect(id).toBeGreaterThanOrEqual(firstStoredId)
  for (const other of answers)
    for (const [string, id] of other) if (first.get(string) !== id) expect([string, id]).toEqual([string, first.get(string)])
}

test('three programs that race for the same strings get the same ids', async () => {
  expectSameIds(await race(3, '-'))
  const { rows } = await postgres.pool.query('select count(*)::int as n from strings')
  expect(rows).toEqual([{ n: 6000 }])
})

test('strings come back byte by byte, each with its tenant', async () => {
  const odd = ["o'brien", '{"a":[1,2]}', '\\', 'naïve ☃ 😀', 'NULL', '', ' ', '{}', 'a,b', 'x'.repeat(1000), 'line\nbreak']
  const indexer = open()
  const results = await indexer.bulkRecord(
    new Map([
      ['custom', new Map([1, 2].map((org) => [org, new Set(odd)] as const))],
      ['spans', new Map([[1, new Set(odd)]])],
    ] as const),
  )
  const fresh = open()
  for (const [useCaseId, org] of [
    ['custom', 1],
    ['custom', 2],
    ['spans', 1],
  ] as const) {
    const ids = odd.map((string) => results.idOf(useCaseId, org, string) ?? 0)
    const strings = await fresh.bulkReverseResolve(useCaseId, org, ids)
    expect(ids.map((id) => strings.get(id))).toEqual(odd)
    for (const [i, string] of odd.entries()) expect(await fresh.resolve(useCaseId, org, string)).toBe(ids[i])
  }
  const foreign = results.idOf('custom', 2, 'NULL') ?? 0
  expect(await fresh.reverseResolve('custom', 1, foreign)).toBeNull()
  expect(await fresh.resolve('custom', 1, 'nobody recorded this')).toBeNull()
})

test('a deadlock with someone else is tried again', async () => {
  const client = await postgres.pool.connect()
  try {
    const insert = (string: string): Promise<unknown> =>
      client.query("insert into strings (organization_id, use_case, string) values (1, 'custom', $1)", [string])
    await client.query('begin')
    // The other side notices the deadlock first and is the one that is stopped.
    await client.query("set local deadlock_timeout = '60s'")
    await insert('b')
    const recorded = open().bulkRecord(keys('a', 'b'))
    const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into strings%'"
    await until('the indexer to wait for us', async () => ((await postgres.pool.query(waits)).rowCount ?? 0) > 0)
    await insert('a')
    await client.query('commit')
    const results = await recorded
    expect(['a', 'b'].map((string) => results.metadataOf('custom', 1, string)?.fetchType)).toEqual(['d', 'd'])
  } finally {
    client.release()
  }
})

test('ids that a mirror knows are not given out again, and the sequence never goes back', async () => {
  const storage = new PostgresStrings({ pool: postgres.pool, clock: systemClock })
  const highest = ((await open().record('custom', 1, 'before')) ?? 0) + 100_000
  await storage.reserveThrough(highest)
  await storage.reserveThrough(firstStoredId)
  await until('a connection without ids in reserve', async () => ((await open().record('custom', 1, another())) ?? 0) > highest)
})

test('PostgreSQL killed in the middle: what is cached goes on, the rest is an error until it is back, and ids stay', async () => {
  const indexer = open()
  const id = await indexer.record('custom', 1, 'known')
  process.kill(postgres.pid ?? 0, 'SIGKILL')
  await until('the database to be away', async () => {
    try {
      await indexer.record('custom', 1, another())
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'indexer.unavailable' })
      return true
    }
  })
  expect(await indexer.record('custom', 1, 'known')).toBe(id)
  expect(await indexer.admitNew('custom', 1, new Set(['known', 'other']))).toEqual(new Set())
  await until(
    'the database to be back',
    () =>
      open()
        .record('custom', 1, 'after')
        .catch(() => null),
    60_000,
  )
  expect(await open().record('custom', 1, 'known')).toBe(id)
})

describe.skipIf(redisIsMissing())('with Redis as the cache of several programs', () => {
  let server: TestRedis
  let redis: RedisEngine

  beforeAll(async () => {
    server = await startRedis()
    redis = await openRedis({ url: server.url, logger: silentLogger, clock: systemClock })
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  beforeEach(() => redis.command(['FLUSHALL']))

  test('what one recorded the other finds in the cache; keys, values and times are as documented', async () => {
    const id = await open({ redis, nowMs: () => 1_800_000_000_500 }).record('custom', 1, 'a:b')
    const found = await redis.command(['KEYS', '*'])
    expect(found).toEqual([expect.stringMatching(/^indexer:pg:br:org:str:custom:[0-9a-f]{32}:1$/)])
    const cache = new StringIndexerCache({ redis, clock: systemClock, logger: silentLogger, sizeMax: 10 })
    expect(found).toEqual([cache.makeCacheKey('br', 'custom:1:a:b')])
    expect(await redis.command(['GET', cache.makeCacheKey('br', 'custom:1:a:b')])).toBe(`${id}:1800000000`)
    const ttl = Number(await redis.command(['TTL', cache.makeCacheKey('br', 'custom:1:a:b')]))
    expect(ttl).toBeGreaterThan(7190)
    expect(ttl).toBeLessThanOrEqual(9000)
    const later = (minutes: number): StringIndexer => open({ redis, nowMs: () => 1_800_000_000_500 + minutes * 60_000 })
    expect(await wayOf(later(179), 'a:b')).toBe('c')
    expect(await wayOf(later(180), 'a:b')).toBe('d')
  })

  test('the namespaces are apart, and deleting removes from both places', async () => {
    const clock = systemClock
    const make = (): StringIndexerCache => new StringIndexerCache({ redis, clock, logger: silentLogger, sizeMax: 10 })
    const cache = make()
    await cache.setMany(
      'br',
      new Map([
        ['custom:1:a', 70_001],
        ['custom:1:b', 70_002],
      ]),
    )
    await cache.set('res', 'custom:1:a', 70_009)
    expect(await make().getMany('br', ['custom:1:b', 'custom:1:c', 'custom:1:a'])).toEqual(
      new Map([
        ['custom:1:b', 70_002],
        ['custom:1:c', null],
        ['custom:1:a', 70_001],
      ]),
    )
    expect(await make().get('res', 'custom:1:a')).toBe(70_009)
    expect(await make().get('res', 'custom:1:b')).toBeNull()
    await cache.delete('br', 'custom:1:a')
    await cache.deleteMany('br', ['custom:1:b'])
    for (const one of [cache, make()]) expect([...(await one.getMany('br', ['custom:1:a', 'custom:1:b'])).values()]).toEqual([null, null])
    await redis.command(['SET', cache.makeCacheKey('br', 'custom:1:d'), 'not an entry'])
    expect(await make().get('br', 'custom:1:d')).toBeNull()
  })

  test('programs that race get the same ids', async () => expectSameIds(await race(2, server.url)))

  test('Redis killed in the middle slows and breaks nothing', async () => {
    const indexer = open({ redis })
    const id = await indexer.record('custom', 1, 'a')
    await server.kill()
    expect(await open({ redis }).record('custom', 1, 'a')).toBe(id)
    expect(await wayOf(indexer, 'b')).toBe('f')
    expect(await wayOf(indexer, 'b')).toBe('c')
    await server.restart()
    await until('the connection to be back', () => redis.state() === 'ready')
    await open({ redis }).record('custom', 1, 'c')
    expect(await wayOf(open({ redis }), 'c')).toBe('c')
  })
})
