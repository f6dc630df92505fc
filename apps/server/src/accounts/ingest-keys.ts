/**
 * Ingest keys in memory: a door answers without asking the database. The database announces changes (LISTEN), so a key made or revoked in
 * another process works or stops within a second; a slow refresh covers a lost announcement. While the database is away the last
 * known keys stay in force.
 */
import type { Pool, PoolClient } from 'pg'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { AccountsDatabase } from './database.ts'
import { firstOrganizationId } from './gatekeeper.ts'
import { ingestKeysReconnectMs, ingestKeysRefreshMs } from './limits.ts'
import { ingestKeysChannel } from './schema/migrations.ts'
import { normalizeIngestKey } from './secrets.ts'
import type { IngestKeys } from './ports.ts'

export interface IngestKeysDeps {
  readonly pool: Pool
  readonly database: AccountsDatabase
  readonly clock: Clock
  readonly logger: Logger
}

export class LiveIngestKeys implements IngestKeys, AsyncDisposable {
  readonly #deps: IngestKeysDeps
  #tenants = new Map<string, Tenant>()
  #anonymous: Tenant | null = null
  #listener: PoolClient | null = null
  #refreshTimer: Disposable | null = null
  #reconnectTimer: Disposable | null = null
  #closed = false
  /** Reads follow one another; one asked for during another runs after it. */
  #reading: Promise<void> = Promise.resolve()

  constructor(deps: IngestKeysDeps) {
    this.#deps = deps
  }

  resolve(key: string): Tenant | null {
    const known = this.#tenants.get(key)
    if (known !== undefined) return known
    const normalized = normalizeIngestKey(key)
    return normalized === null ? null : (this.#tenants.get(normalized) ?? null)
  }

  get anonymousTenant(): Tenant | null {
    return this.#anonymous
  }

  /** Reads the keys and starts to listen. Rejects when the database cannot be read. */
  async open(): Promise<void> {
    await this.#listen()
    await this.refresh()
    this.#refreshTimer = this.#deps.clock.every(ingestKeysRefreshMs, () => this.#refreshLater())
  }

  /** Reads all keys in force again. */
  refresh(): Promise<void> {
    const next = this.#reading.then(() => this.#load())
    this.#reading = next.catch(() => undefined)
    return next
  }

  async #load(): Promise<void> {
    if (this.#closed) return
    const [keys, first] = await this.#deps.database.read((db) =>
      Promise.all([
        db
          .selectFrom('ingest_keys as k')
          .innerJoin('projects as p', 'p.id', 'k.project_id')
          .select(['k.key', 'p.id as projectId', 'p.organization_id as organizationId'])
          .where('k.revoked_at', 'is', null)
          .execute(),
        db.selectFrom('projects').select('id').where('organization_id', '=', firstOrganizationId).orderBy('id').limit(1).executeTakeFirst(),
      ]),
    )
    this.#tenants = new Map(keys.map((row) => [row.key, Object.freeze({ organizationId: row.organizationId, projectId: row.projectId })]))
    this.#anonymous = first === undefined ? null : Object.freeze({ organizationId: firstOrganizationId, projectId: first.id })
  }

  #refreshLater(): void {
    this.refresh().catch((error: unknown) => this.#deps.logger.warn('ingest keys could not be read; the last known ones stay', { error }))
  }

  async #listen(): Promise<void> {
    const client = await this.#deps.pool.connect()
    const lost = (error?: Error): void => {
      if (this.#listener !== client) return
      this.#listener = null
      client.release(error ?? true)
      this.#reconnectLater()
    }
    this.#listener = client
    client.on('error', lost)
    client.on('end', () => lost())
    client.on('notification', () => this.#refreshLater())
    try {
      await client.query(`listen ${ingestKeysChannel}`)
    } catch (error) {
      lost(error instanceof Error ? error : undefined)
      throw error
    }
  }

  #reconnectLater(): void {
    if (this.#closed) return
    this.#reconnectTimer?.[Symbol.dispose]()
    this.#reconnectTimer = this.#deps.clock.after(ingestKeysReconnectMs, () => void this.#relisten())
  }

  async #relisten(): Promise<void> {
    if (this.#closed || this.#listener !== null) return
    try {
      await this.#listen()
      this.#refreshLater()
    } catch (error) {
      this.#deps.logger.warn('cannot listen for changes of ingest keys; trying again', { error })
      this.#reconnectLater()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#refreshTimer?.[Symbol.dispose]()
    this.#reconnectTimer?.[Symbol.dispose]()
    const listener = this.#listener
    this.#listener = null
    // Destroyed rather than given back: it still listens.
    listener?.release(true)
    await this.#reading
  }
}
