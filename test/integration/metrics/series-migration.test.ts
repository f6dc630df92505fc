/** Series of an older version move to the table of today on the smallest machine. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ClickHouseEngine,
  openClickHouse,
  openPostgres,
  type PostgresEngine,
  planMemory,
  runClickHouseMigrations,
} from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { metricsMigrations } from '../../../apps/server/src/metrics/index.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from '../engines/engine-folder.ts'

const seriesCount = 150_000
const folder = engineFolder()
const base = { url: null, dataDir: folder.path, logger: silentLogger, clock: systemClock }
let postgres: PostgresEngine
let clickhouse: ClickHouseEngine

beforeAll(async () => {
  postgres = await openPostgres(base)
  clickhouse = await openClickHouse({ ...base, cluster: null, database: 'bellwether', memoryMaxBytes: planMemory(0).engineBytes })
})

afterAll(async () => {
  await clickhouse[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function numbers(sql: string): Promise<number[]> {
  const found: number[] = []
  for await (const { columns } of clickhouse.queryNative({ sql, class: 'internal' })) {
    for (const column of columns) if (column.kind === 'u32') found.push(...column.data)
  }
  return found
}

/** Each series twice, in rows of about a kilobyte: seen at 1,000 s and at 2,000 s. */
async function fillOldTable(): Promise<void> {
  const labels = Array.from({ length: 12 }, (_, index) => `'label_${index}', concat(repeat('v', 48), '_', toString(number * ${index + 1}))`)
  for (const seenS of [1_000, 2_000]) {
    await clickhouse.command(`INSERT INTO series
      SELECT 1, 1, 'requests', number, map(${labels.join(', ')}), toDateTime(${seenS}, 'UTC'), toDateTime(${seenS}, 'UTC') FROM numbers(${seriesCount})
      SETTINGS max_threads = 1, max_block_size = 8192, min_insert_block_size_rows = 8192, min_insert_block_size_bytes = 8388608`)
  }
}

test('all series arrive in little memory, also when the step was cut off and runs again', async () => {
  const at = metricsMigrations.findIndex(({ id }) => id === 'metrics-0007-series-seen')
  await runClickHouseMigrations(clickhouse, postgres.pool, metricsMigrations.slice(0, at))
  await clickhouse.command('SYSTEM STOP MERGES series')
  await fillOldTable()
  const { up = [] } = metricsMigrations[at] ?? {}
  const copied = up.findIndex((statement) => statement.startsWith('INSERT'))
  for (const statement of up.slice(0, copied + 1)) await clickhouse.command(statement)
  const ran = await runClickHouseMigrations(clickhouse, postgres.pool, metricsMigrations.slice(0, at + 1))
  expect(ran).toEqual(['metrics-0007-series-seen'])
  const sql = 'SELECT toUInt32(uniqExact(series)), toUInt32(min(first_seen)), toUInt32(max(last_seen)) FROM series_seen'
  expect(await until('merges to leave room for a question', () => numbers(sql))).toEqual([seriesCount, 1_000, 2_000])
  // Parts become fewer: merges go on.
  const parts = "SELECT toUInt32(count()) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'series_seen'"
  const before = (await numbers(parts))[0] ?? 0
  await until('a merge', async () => before < 10 || ((await numbers(parts))[0] ?? before) < before, 60_000)
})
