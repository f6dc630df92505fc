/**
 * Forward-only migrations of both engines. What has run is recorded in a table `schema_migrations` of the engine it ran in, so
 * that an engine restored or replaced alone is brought up to date. Both run under one lock in PostgreSQL: of several programs
 * started together one migrates and the others wait. A step that was cut off is run again: each must be repeatable.
 */
import type { Pool, PoolClient } from 'pg'
import { AppError } from '../../kernel/errors.ts'
import type { ClickHouse } from '../clickhouse/ports.ts'
import { engineMigrationFailed, engineSchemaNewer } from '../errors.ts'

export interface Migration {
  /** `<domain>-<number>-<words>`; never changed once released. */
  readonly id: string
  /** Statements, run in order; each can be run again. */
  readonly up: readonly string[]
}

const recordTable =
  'CREATE TABLE IF NOT EXISTS schema_migrations (id String, applied_at DateTime DEFAULT now()) ENGINE = ReplacingMergeTree ORDER BY id'

/** Any fixed number; the same in every version, so that old and new programs exclude each other. */
const lockKey = 0x62656c6c
const lockTimeoutMs = 120_000

/**
 * Runs what has not run, in the order of the list, each step and its record in one transaction. Gives the ids that ran.
 * Errors: `engine.schema_newer`, `engine.migration_failed`.
 */
export async function runPostgresMigrations(pool: Pool, migrations: readonly Migration[]): Promise<string[]> {
  return withLock(pool, async (client) => {
    await client.query('CREATE TABLE IF NOT EXISTS schema_migrations (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())')
    const { rows } = await client.query<{ id: string }>('SELECT id FROM schema_migrations')
    const pending = pendingOf(migrations, new Set(rows.map((row) => row.id)))
    for (const { id, up } of pending) {
      await step(id, async () => {
        await client.query('BEGIN')
        try {
          for (const statement of up) await client.query(statement)
          await client.query('INSERT INTO schema_migrations (id) VALUES ($1)', [id])
          await client.query('COMMIT')
        } catch (error) {
          await client.query('ROLLBACK')
          throw error
        }
      })
    }
    return pending.map((migration) => migration.id)
  })
}

/**
 * The same for the columnar engine, which has no transactions: a step is recorded after its last statement.
 * `pool` is only for the lock. Errors: `engine.schema_newer`, `engine.migration_failed`.
 */
export async function runClickHouseMigrations(
  clickhouse: Pick<ClickHouse, 'command' | 'queryNative'>,
  pool: Pool,
  migrations: readonly Migration[],
): Promise<string[]> {
  return withLock(pool, async () => {
    await clickhouse.command(recordTable)
    const pending = pendingOf(migrations, await appliedIn(clickhouse))
    for (const { id, up } of pending) {
      await step(id, async () => {
        for (const statement of up) await clickhouse.command(statement)
        await clickhouse.command(`INSERT INTO schema_migrations (id) VALUES (${quoteText(id)})`)
      })
    }
    return pending.map((migration) => migration.id)
  })
}

/** Throws `engine.schema_newer` when a domain of the list has run what the list does not know. */
function pendingOf(migrations: readonly Migration[], applied: ReadonlySet<string>): Migration[] {
  const known = new Set(migrations.map((migration) => migration.id))
  const domains = new Set(migrations.map((migration) => domainOf(migration.id)))
  const unknown = [...applied].filter((id) => domains.has(domainOf(id)) && !known.has(id)).sort()
  if (unknown.length > 0) throw new AppError(engineSchemaNewer, { detail: `applied and unknown here: ${unknown.join(', ')}` })
  return migrations.filter((migration) => !applied.has(migration.id))
}

function domainOf(id: string): string {
  return id.split('-', 1)[0] ?? id
}

async function appliedIn(clickhouse: Pick<ClickHouse, 'queryNative'>): Promise<ReadonlySet<string>> {
  const applied = new Set<string>()
  for await (const { columns } of clickhouse.queryNative({ sql: 'SELECT id FROM schema_migrations', class: 'internal' })) {
    const [ids] = columns
    if (ids?.kind === 'string') for (const id of ids.data) applied.add(id)
  }
  return applied
}

async function step(id: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError(engineMigrationFailed, { publicText: `The migration ${id} failed: ${reason.slice(0, 500)}`, cause: error })
  }
}

/** The lock belongs to the connection, so it is gone with this process, however that ends. */
async function withLock<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`)
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    await client.query('RESET lock_timeout')
    const result = await run(client)
    await client.query('SELECT pg_advisory_unlock($1)', [lockKey])
    return result
  } catch (error) {
    // Closing the connection gives the lock back in whatever state it is.
    broken = error instanceof Error ? error : new Error(String(error))
    throw error
  } finally {
    client.release(broken)
  }
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
