/** The shop's PostgreSQL, measured as the Prometheus exporter for PostgreSQL measures it. */
import { lastMaintenanceMs, nightlyBatch, pageViewsPerSec, trouble, type Story } from './calendar.ts'
import { wander } from './chance.ts'
import { counter, gauge, type NumberPoint, type PointSet, type Source } from './points.ts'

const up = gauge('pg_up', 'Whether the last scrape of metrics from PostgreSQL was able to connect to the server.')
const connectionsMax = gauge('pg_settings_max_connections', 'Sets the maximum number of concurrent connections.')
const activity = gauge('pg_stat_activity_count', 'Number of connections in this state.')
const longest = gauge('pg_stat_activity_max_tx_duration', 'Max duration in seconds any active transaction has been running.')
const size = gauge('pg_database_size_bytes', 'Disk space used by the database.')
const databaseCounters = {
  commits: counter('pg_stat_database_xact_commit', 'Number of transactions in this database that have been committed.'),
  rollbacks: counter('pg_stat_database_xact_rollback', 'Number of transactions in this database that have been rolled back.'),
  hits: counter('pg_stat_database_blks_hit', 'Number of times disk blocks were found already in the buffer cache.'),
  reads: counter('pg_stat_database_blks_read', 'Number of disk blocks read in this database.'),
  fetched: counter('pg_stat_database_tup_fetched', 'Number of rows fetched by queries in this database.'),
  inserted: counter('pg_stat_database_tup_inserted', 'Number of rows inserted by queries in this database.'),
  updated: counter('pg_stat_database_tup_updated', 'Number of rows updated by queries in this database.'),
  deadlocks: counter('pg_stat_database_deadlocks', 'Number of deadlocks detected in this database.'),
} as const
const queryCalls = counter('pg_stat_statements_calls_total', 'Number of times executed.')
const querySeconds = counter('pg_stat_statements_seconds_total', 'Total time spent in the statement, in seconds.')

/** The statements that matter: calls per page view, seconds each, and how much trouble slows them. The slow one is the cause. */
const statements = [
  { query: 'SELECT * FROM product WHERE id = $1', perView: 0.45, seconds: 0.0009, slowdown: 3 },
  {
    query: 'SELECT count(*) FROM product_stock WHERE product_id = ANY($1) AND reserved < quantity',
    perView: 0.3,
    seconds: 0.0024,
    slowdown: 60,
  },
  { query: 'SELECT * FROM orders WHERE id = $1', perView: 0.08, seconds: 0.0008, slowdown: 4 },
  { query: 'INSERT INTO orders (customer_id, total_cents) VALUES ($1, $2)', perView: 0.05, seconds: 0.0031, slowdown: 6 },
  { query: 'UPDATE product_stock SET reserved = reserved + $1 WHERE product_id = $2', perView: 0.05, seconds: 0.0027, slowdown: 12 },
  { query: 'INSERT INTO payment (order_id, provider) VALUES ($1, $2)', perView: 0.046, seconds: 0.0022, slowdown: 5 },
] as const

type DatabaseCounter = keyof typeof databaseCounters
const counterNames = [
  'commits',
  'rollbacks',
  'hits',
  'reads',
  'fetched',
  'inserted',
  'updated',
  'deadlocks',
] as const satisfies DatabaseCounter[]

/** Adds the database's points to `points` and moves them through time. */
export class ShopDatabase {
  readonly #points: PointSet
  readonly #source: Source = { serviceName: 'postgres', namespace: '', instance: 'shop-db:9187', startedMs: 0 }
  readonly #counters: readonly (readonly [DatabaseCounter, NumberPoint])[]
  readonly #active: NumberPoint
  readonly #idle: NumberPoint
  readonly #inTransaction: NumberPoint
  readonly #longest: NumberPoint
  readonly #size: NumberPoint
  readonly #statements: readonly { calls: NumberPoint; seconds: NumberPoint; kind: (typeof statements)[number] }[]
  readonly #story: Story

  constructor(points: PointSet, story: Story) {
    this.#story = story
    const source = this.#source
    const database = { datname: 'shop' }
    this.#points = points
    points.number(up, source).value = 1
    points.number(connectionsMax, source).value = 100
    this.#counters = counterNames.map((name) => [name, points.number(databaseCounters[name], source, database)] as const)
    this.#active = points.number(activity, source, { ...database, state: 'active' })
    this.#idle = points.number(activity, source, { ...database, state: 'idle' })
    this.#inTransaction = points.number(activity, source, { ...database, state: 'idle in transaction' })
    this.#longest = points.number(longest, source, database)
    this.#size = points.number(size, source, database)
    this.#statements = statements.map((kind) => ({
      kind,
      calls: points.number(queryCalls, source, { ...database, query: kind.query }),
      seconds: points.number(querySeconds, source, { ...database, query: kind.query }),
    }))
  }

  /** Moves on by `stepSec` to `timeMs`. */
  step(timeMs: number, stepSec: number): void {
    const startedMs = lastMaintenanceMs(4, timeMs)
    if (startedMs !== this.#source.startedMs) this.#points.restart(this.#source, startedMs)
    const views = pageViewsPerSec(timeMs)
    const bad = trouble(timeMs, this.#story)
    const batch = nightlyBatch(timeMs)
    const wobble = 1 + 0.05 * wander(500, timeMs, 60_000)
    this.#stepConnections(views * wobble, bad, batch)
    this.#size.value = Math.round(41e9 + ((timeMs / 1000) % 31_536_000) * 1_450)
    const done = views * wobble * stepSec
    const counts: Record<DatabaseCounter, number> = {
      commits: done * 0.98 + batch * 40 * stepSec,
      rollbacks: done * (0.001 + 0.03 * bad * bad),
      hits: done * 210 + batch * 60_000 * stepSec,
      reads: done * (1.6 + 60 * bad) + batch * 9_000 * stepSec,
      fetched: done * (14 + 900 * bad),
      inserted: done * 0.16 + batch * 700 * stepSec,
      updated: done * 0.11,
      deadlocks: done * 0.0002 * bad,
    }
    for (const [name, point] of this.#counters) point.value += counts[name]
    for (const { kind, calls, seconds } of this.#statements) {
      calls.value += done * kind.perView
      seconds.value += done * kind.perView * kind.seconds * (1 + kind.slowdown * bad * bad + 2 * batch)
    }
  }

  /** The cause and its effect: the slow statement keeps connections busy until none of the hundred is left. */
  #stepConnections(views: number, bad: number, batch: number): void {
    const active = Math.min(97, Math.round(2 + 0.16 * views + 94 * bad + 6 * batch))
    this.#active.value = active
    this.#inTransaction.value = Math.round(1 + 0.03 * views + 2 * bad)
    this.#idle.value = Math.max(0, Math.min(34, 98 - active - this.#inTransaction.value))
    this.#longest.value = Math.round((0.05 + 28 * bad * bad + 190 * batch) * 1000) / 1000
  }
}
