/** Opens the relational engine: ours as a child process, or yours at an address. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Clock, settlesWithin } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineConnectFailed, engineStartFailed } from '../errors.ts'
import { guardOrphan } from '../supervisor/orphan-guard.ts'
import { RemoteWatch } from '../supervisor/remote-watch.ts'
import { type EngineState, SupervisedProcess } from '../supervisor/supervised-process.ts'
import { findPostgres, type PostgresBinaries } from './binaries.ts'
import { type Cluster, openCluster, serverCommand, superuser } from './cluster.ts'
import { killFamily } from './family.ts'
import { hearServer } from './hearing.ts'
import { clearOrphan } from './orphan.ts'
import { decideRunAs, type RunAs } from './run-as.ts'

export interface PostgresOptions {
  /** Null: start the embedded engine. */
  readonly url: string | null
  readonly dataDir: string
  readonly logger: Logger
  readonly clock: Clock
}

export interface PostgresEngine extends AsyncDisposable {
  /** Ended by disposing the engine. */
  readonly pool: pg.Pool
  /** With the password: for libraries that open their own connections; never to be logged. */
  readonly connectionString: string
  state(): EngineState
  /** Why it is not ready, in words, or null. */
  failure(): string | null
  onState(listener: (state: EngineState) => void): Disposable
  /** E.g. `18.4`. */
  readonly version: string
  /** For people: without credentials; `embedded` when it is ours. */
  readonly address: string
  /** Null when it is yours or just restarting. */
  readonly pid: number | null
}

const database = 'bellwether'
const connectionsMax = 10
const connectTimeoutMs = 5000
const idleTimeoutMs = 10_000
const probeTimeoutMs = 1000
const poolEndDeadlineMs = 3000
/** Oldest server taken: 15, Debian's of 2023. */
const versionMin = 15

/**
 * Resolves once the engine answers and the database exists. Errors: `engine.library_missing`, `engine.start_failed`
 * (embedded), `engine.connect_failed` (an address).
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresEngine> {
  const logger = options.logger.child('postgres')
  const started =
    options.url === null ? await startEmbedded({ ...options, logger }) : await connectRemote({ ...options, logger }, options.url)
  const { engine, connectionString, pool } = started
  const version = String((await pool.query('SHOW server_version')).rows[0]?.server_version ?? '').split(' ')[0] ?? ''
  logger.info('the relational engine is ready', { version, embedded: options.url === null })
  return {
    pool,
    connectionString,
    version,
    address: options.url === null ? 'embedded' : addressOf(options.url),
    get pid() {
      return engine.pid
    },
    state: () => engine.state(),
    failure: () => (engine.state() === 'ready' ? null : engine.failure),
    onState: (listener) => engine.onState(listener),
    async [Symbol.asyncDispose]() {
      // Waits for connections in use; whoever keeps one beyond the deadline loses it with the engine.
      const ended = pool.end().catch(() => {})
      if (engine.state() === 'ready') await settlesWithin(options.clock, ended, poolEndDeadlineMs)
      await engine[Symbol.asyncDispose]()
      started.forget()
    },
  }
}

interface Started {
  readonly engine: SupervisedProcess | RemoteWatch
  readonly connectionString: string
  readonly pool: pg.Pool
  readonly forget: () => void
}

async function startEmbedded(options: PostgresOptions): Promise<Started> {
  const { clock, dataDir, logger } = options
  const binaries = findPostgres()
  const { runAs, cluster } = await prepareFiles(options, binaries)
  const connectionTo = (name: string): string => {
    const credentials = `${superuser}:${cluster.password}`
    return `postgresql://${credentials}@/${name}?host=${encodeURIComponent(cluster.socketFolder)}&port=5432`
  }
  const engine = await SupervisedProcess.start({
    name: 'PostgreSQL',
    async prepare() {
      await clearOrphan(cluster, clock, logger)
      return {
        ...serverCommand(cluster, binaries, runAs),
        env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
        cwd: '/',
        ...(runAs.owner === null || runAs.prefix.length > 0 ? {} : runAs.owner),
      }
    },
    probe: async () => (await whyNot(connectionTo('postgres'))) === null,
    listen: () => hearServer(join(cluster.socketFolder, '.s.PGSQL.5432'), superuser, { clock }),
    // At once: what was committed is in its log, and a new parent may be waiting for the folder.
    attach: (pid) => guardOrphan(pid, 'QUIT'),
    explain: lastFault,
    // A fast shutdown: connections are closed, a checkpoint is written.
    stopSignal: 'SIGINT',
    stopDeadlineMs: 8_000,
    kill: (pid) => killFamily(pid, cluster.data),
    logFile: join(dataDir, 'logs', 'postgres.log'),
    logger,
    clock,
  })
  try {
    await ensureDatabase(connectionTo('postgres'))
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
  return { engine, connectionString: connectionTo(database), pool: openPool(connectionTo(database), logger), forget: cluster.forget }
}

/** The last fault that the server printed, without the time and process id in front; probes that came too early are none. */
function lastFault(printed: readonly string[]): string | null {
  const line = printed.findLast((text) => /\b(?:FATAL|PANIC):/.test(text) && !text.includes('the database system is starting up'))
  return line === undefined ? (printed.at(-1) ?? null) : line.slice(line.search(/\b(?:FATAL|PANIC):/))
}

/** What the file system says against it becomes a failed start. */
async function prepareFiles(options: PostgresOptions, binaries: PostgresBinaries): Promise<{ runAs: RunAs; cluster: Cluster }> {
  const { dataDir, logger } = options
  try {
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 })
    const runAs = decideRunAs([join(dataDir, 'postgres'), binaries.postgres], logger)
    return { runAs, cluster: await openCluster(dataDir, binaries, runAs) }
  } catch (error) {
    if (isAppError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError(engineStartFailed, { publicText: `PostgreSQL did not start: ${reason}`, cause: error })
  }
}

async function connectRemote(options: PostgresOptions, url: string): Promise<Started> {
  const why = await whyNot(url, connectTimeoutMs)
  if (why !== null) {
    throw new AppError(engineConnectFailed, {
      publicText: `PostgreSQL at ${addressOf(url)} cannot be used: ${why}`,
      hint: 'Check BELLWETHER_POSTGRES_URL, its user, password and database, and that the server runs.',
    })
  }
  const engine = new RemoteWatch({ name: 'PostgreSQL', probe: () => whyNot(url), clock: options.clock, logger: options.logger })
  return { engine, connectionString: url, pool: openPool(url, options.logger), forget: () => {} }
}

function openPool(connectionString: string, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: connectionsMax,
    idleTimeoutMillis: idleTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'bellwether',
  })
  // A connection that breaks while nobody uses it: the pool has dropped it and opens another when one is needed.
  pool.on('error', (error) => logger.debug('an idle connection broke', { error: error.message }))
  // One that breaks while it is in use tells its user by the next query; without a listener the event would end the program.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.debug('a connection broke', { error: error.message }))
  })
  return pool
}

/** Why a new connection is not served, or null when it is. */
async function whyNot(connectionString: string, timeoutMs: number = probeTimeoutMs): Promise<string | null> {
  let client: pg.Client | null = null
  try {
    client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'bellwether probe',
    })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query('SHOW server_version_num')
    const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000)
    return version >= versionMin ? null : `its version is ${version}, and ${versionMin} is the oldest that Bellwether works with`
  } catch (error) {
    return error instanceof Error ? error.message || String(error) : String(error)
  } finally {
    await client?.end().catch(() => {})
  }
}

async function ensureDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`)
  } finally {
    await client.end()
  }
}

/** Host and port only. */
function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '(not an address)'
}
