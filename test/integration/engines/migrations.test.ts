import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ClickHouseEngine,
  type Migration,
  openClickHouse,
  openPostgres,
  type PostgresEngine,
  runClickHouseMigrations,
  runPostgresMigrations,
} from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { engineFolder } from './engine-folder.ts'

const folder = engineFolder()
const base = { url: null, dataDir: folder.path, logger: silentLogger, clock: systemClock }
let postgres: PostgresEngine
let clickhouse: ClickHouseEngine

beforeAll(async () => {
  postgres = await openPostgres(base)
  clickhouse = await openClickHouse({ ...base, cluster: null, database: 'bellwether', memoryMaxBytes: 1024 ** 3 })
})

afterAll(async () => {
  await clickhouse[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const first: Migration = { id: 'one-001-a', up: ['CREATE TABLE IF NOT EXISTS a (n int)'] }
const second: Migration = { id: 'one-002-b', up: ['CREATE TABLE IF NOT EXISTS b (n int)', 'CREATE INDEX IF NOT EXISTS b_n ON b (n)'] }

test('PostgreSQL: each step runs once, also when several start together', async () => {
  const runs = await Promise.all([1, 2, 3].map(() => runPostgresMigrations(postgres.pool, [first])))
  expect(runs.flat()).toEqual(['one-001-a'])
  expect(await runPostgresMigrations(postgres.pool, [first, second])).toEqual(['one-002-b'])
  expect(await runPostgresMigrations(postgres.pool, [first, second])).toEqual([])
})

test('PostgreSQL: a step that fails leaves nothing, names itself, and can be tried again', async () => {
  const broken: Migration = { id: 'one-003-c', up: ['CREATE TABLE c (n int)', 'CREATE NONSENSE'] }
  await expect(runPostgresMigrations(postgres.pool, [first, second, broken])).rejects.toMatchObject({
    code: 'engine.migration_failed',
    publicText: expect.stringMatching(/one-003-c.*NONSENSE/),
  })
  expect((await postgres.pool.query("SELECT to_regclass('c') AS c")).rows).toEqual([{ c: null }])
  const mended: Migration = { id: 'one-003-c', up: ['CREATE TABLE c (n int)'] }
  expect(await runPostgresMigrations(postgres.pool, [first, second, mended])).toEqual(['one-003-c'])
})

test('PostgreSQL: what a newer version has run is refused; another domain is not our business', async () => {
  await expect(runPostgresMigrations(postgres.pool, [first])).rejects.toMatchObject({
    code: 'engine.schema_newer',
    message: expect.stringContaining('one-002-b'),
  })
  expect(await runPostgresMigrations(postgres.pool, [{ id: 'two-001-x', up: ['SELECT 1'] }])).toEqual(['two-001-x'])
})

test('ClickHouse: the same rules', async () => {
  const table = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name} (n UInt32) ENGINE = MergeTree ORDER BY n`
  const list: Migration[] = [{ id: 'm-001-t', up: [table('t1'), table('t2')] }]
  const runs = await Promise.all([1, 2].map(() => runClickHouseMigrations(clickhouse, postgres.pool, list)))
  expect(runs.flat()).toEqual(['m-001-t'])
  const more: Migration[] = [...list, { id: "m-002-it's", up: [table('t3')] }]
  expect(await runClickHouseMigrations(clickhouse, postgres.pool, more)).toEqual(["m-002-it's"])
  expect(await runClickHouseMigrations(clickhouse, postgres.pool, more)).toEqual([])
  await expect(runClickHouseMigrations(clickhouse, postgres.pool, list)).rejects.toMatchObject({ code: 'engine.schema_newer' })
  const broken: Migration[] = [...more, { id: 'm-003-x', up: ['CREATE NONSENSE'] }]
  await expect(runClickHouseMigrations(clickhouse, postgres.pool, broken)).rejects.toMatchObject({ code: 'engine.migration_failed' })
})
