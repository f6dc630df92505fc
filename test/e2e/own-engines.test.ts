/** The same program on engines of yours: a ClickHouse and a PostgreSQL that others started, named by their addresses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPostgres } from '../../apps/server/src/engines/index.ts'
import { systemClock } from '../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../apps/server/src/kernel/log.ts'
import { startClickHouseServer } from '../integration/engines/clickhouse-server.ts'
import { runBellwether, startBellwether, testSettings } from '../support/bellwether.ts'
import { sendGauges } from '../support/otlp-json.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { until } from '../support/wait.ts'

const keys = { adminToken: 'test-token-of-own-engines', ingestKey: 'fedcba9876543210fedcba9876543210' }

test('takes, stores and answers on engines at addresses, and waits for them while they are away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-own-engines-'))
  await using clickhouse = await startClickHouseServer()
  await using postgres = await openPostgres({ url: null, dataDir: folder, logger: silentLogger, clock: systemClock })
  const environment = {
    BELLWETHER_CLICKHOUSE_URL: clickhouse.url,
    BELLWETHER_POSTGRES_URL: postgres.connectionString,
    BELLWETHER_SELF_WATCH: 'off',
  }
  const nowMs = Date.now()
  const dataDir = join(folder, 'program')
  async function count(url: string): Promise<string | undefined> {
    const query = 'sum(count_over_time(own_engine_probe[10m]))'
    const answer = await asker(url, keys.adminToken)('/api/v1/query', { query })
    if (answer.status !== 'success') throw new Error(`${answer.errorType}: ${answer.error}`)
    return [...comparable(answer).values()].flat()[0]?.[1]
  }
  {
    await using running = await startBellwether({ dataDir, environment, ...keys })
    expect(running.processes().map(({ pid }) => pid)).toEqual([running.pid])
    expect(await (await running.fetch('/api/0/system/status')).text()).not.toContain('secret')
    expect(await sendGauges(running, 'own_engine_probe', [{ attributes: { n: '1' }, timeMs: nowMs, value: 1 }])).toBe(200)
    clickhouse.kill()
    await until('readiness to follow', async () => (await fetch(new URL('/health/ready', running.url))).status === 503)
    // Without the engine data are taken and seen all the same.
    expect(await sendGauges(running, 'own_engine_probe', [{ attributes: { n: '2' }, timeMs: nowMs, value: 2 }])).toBe(200)
    expect(await count(running.url)).toBe('2')
    await clickhouse.start()
    await until('readiness to come back', async () => (await fetch(new URL('/health/ready', running.url))).status === 200)
  }
  await using again = await startBellwether({ dataDir, environment, ...keys })
  expect(await count(again.url)).toBe('2')
  await again.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an address that does not answer is one clear line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-own-engines-'))
  const run = runBellwether(['serve'], { ...testSettings(folder, keys), BELLWETHER_CLICKHOUSE_URL: 'http://u:hidden@127.0.0.1:9' })
  expect(await run.exited).toBe(1)
  expect(run.stderr()).toMatch(/ClickHouse at 127\.0\.0\.1:9 cannot be used/)
  expect(run.stderr()).not.toMatch(/hidden|\n\s+at /)
  rmSync(folder, { recursive: true, force: true })
})
