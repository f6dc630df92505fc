/** One embedded PostgreSQL for a test file, and as many migrated databases in it as tests want. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { accountsMigrations } from '../../../apps/server/src/accounts/index.ts'
import { openPostgres, runPostgresMigrations } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'

export interface TestPostgres extends AsyncDisposable {
  /** An empty, migrated database of its own. */
  database(): Promise<pg.Pool>
}

export async function openTestPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-accounts-'))
  const engine = await openPostgres({ url: null, dataDir: folder, logger: silentLogger, clock: systemClock })
  // These databases need not outlive the machine; making one is ten times quicker so.
  await engine.pool.query('alter system set fsync = off')
  await engine.pool.query('select pg_reload_conf()')
  const pools: pg.Pool[] = []
  return {
    async database() {
      const name = `test_${pools.length + 1}`
      await engine.pool.query(`create database ${name}`)
      const connectionString = engine.connectionString.replace('/bellwether?', `/${name}?`)
      const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 5000, idleTimeoutMillis: 500 })
      pool.on('error', () => undefined)
      pools.push(pool)
      await runPostgresMigrations(pool, accountsMigrations)
      return pool
    },
    async [Symbol.asyncDispose]() {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await engine[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
