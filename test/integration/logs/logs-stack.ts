/** The log manager over the real engines, with rows that come in as they do in the program. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import {
  openClickHouse,
  runPostgresMigrations,
  type ClickHouse,
  type ClickHouseEngine,
  type NativeBlock,
} from '../../../apps/server/src/engines/index.ts'
import { createConservation, type LogRecord } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import {
  countRows,
  facetRows,
  LogManager,
  LogRetention,
  logRetentionMigrations,
  LogsBatch,
  logsMigrations,
  logsSchema,
  LogTails,
} from '../../../apps/server/src/logs/index.ts'
import { makeResource, SignalHandler, SignalIngest, signalsMigrations } from '../../../apps/server/src/signals/index.ts'
import { allInserts } from '../../../apps/server/src/signals/testing/all-inserts.ts'
import { acceptBatch } from '../../../apps/server/src/signals/testing/accept-batch.ts'
import { fresh } from '../accounts/accounts-stack.ts'
import { openTestPostgres } from '../accounts/test-postgres.ts'

export interface SentLog {
  readonly body: string
  readonly timeMs: number
  readonly severity?: number
  readonly service?: string
  readonly host?: string
  readonly traceId?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly weight?: number
}

export interface LogsStack extends AsyncDisposable {
  readonly engine: ClickHouseEngine
  readonly manager: LogManager
  readonly retention: LogRetention
  readonly access: Access
  /** Statements whose answers were left before their end; each costs a connection. */
  readonly leftEarly: readonly string[]
  /** Rows and bytes of text that the engine answered so far. */
  readonly answered: Readonly<Answered>
  /** Rows as one request, into the engine. */
  put(logs: readonly SentLog[], tenant?: Tenant): Promise<void>
}

interface Answered {
  rows: number
  textBytes: number
}

export const ours: Tenant = { organizationId: 1, projectId: 1 }

export async function openLogsStack(): Promise<LogsStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-logs-'))
  const options = { url: null, cluster: null, dataDir, database: 'bellwether', memoryMaxBytes: 1024 ** 3 }
  const [engine, postgres] = await Promise.all([
    openClickHouse({ ...options, logger: silentLogger, clock: systemClock }),
    openTestPostgres(),
  ])
  for (const { up } of [...signalsMigrations, ...logsMigrations]) for (const statement of up) await engine.command(statement)
  const { pool, accounts } = await fresh(postgres)
  await runPostgresMigrations(pool, logRetentionMigrations)
  const leftEarly: string[] = []
  const answered: Answered = { rows: 0, textBytes: 0 }
  const watched = watchedReads(engine, { leftEarly, answered })
  const retention = new LogRetention({ pool, engine: watched, clock: systemClock, logger: silentLogger })
  await retention.open()
  const manager = new LogManager({ engine: watched, shown: retention, tails: new LogTails(systemClock), clock: systemClock })
  const conservation = createConservation()
  const handler = new SignalHandler({
    schema: logsSchema,
    derived: [countRows, facetRows],
    createBatch: () => new LogsBatch(),
    decodeRaw: () => new LogsBatch(),
    stages: [],
    conservation,
  })
  const caller = await accounts.gatekeeper.authenticate({ authorization: 'Bearer an-admin-token-of-the-settings', cookie: null })
  let requests = 0
  return {
    engine,
    manager,
    retention,
    leftEarly,
    answered,
    access: await accounts.gatekeeper.project(caller, '1', 'admin'),
    async put(logs, tenant = ours) {
      const records: LogRecord[] = []
      const append = (_lane: string, record: LogRecord): Promise<void> => {
        records.push(record)
        return Promise.resolve()
      }
      const batch = batchOf(logs, tenant, { batchId: ++requests, keepDays: retention.longestDays(tenant) })
      await acceptBatch(new SignalIngest({ log: { append }, conservation, stages: [retention], observers: [] }), batch)
      for (const [i, insert] of allInserts(handler, records, `stack-${requests}`).entries())
        await engine.insertNative({ ...insert, token: `${requests}-${i}` })
    },
    async [Symbol.asyncDispose]() {
      retention[Symbol.dispose]()
      await accounts[Symbol.asyncDispose]()
      if (!pool.ended) await pool.end()
      await Promise.all([engine[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

interface Watched {
  readonly leftEarly: string[]
  readonly answered: Answered
}

/** The engine itself; it is noted whose answers nobody reads to their end, and how much they were. */
function watchedReads(engine: ClickHouseEngine, { leftEarly, answered }: Watched): ClickHouse {
  return {
    insertNative: engine.insertNative,
    command: engine.command,
    ping: engine.ping,
    async *queryNative(query) {
      let isOver = false
      try {
        for await (const block of engine.queryNative(query)) {
          answered.rows += block.rows
          answered.textBytes += textBytesOf(block)
          yield block
        }
        isOver = true
      } catch (error) {
        isOver = true
        throw error
      } finally {
        if (!isOver) leftEarly.push(query.sql)
      }
    },
  }
}

function textBytesOf({ columns }: NativeBlock): number {
  const sizeOf = (column: NativeBlock['columns'][number]): number => {
    if (column.kind === 'map') return sizeOf(column.keys) + sizeOf(column.values)
    return column.kind === 'string' ? column.data.reduce((sum, text) => sum + text.length, 0) : 0
  }
  return columns.reduce((sum, column) => sum + sizeOf(column), 0)
}

function batchOf(logs: readonly SentLog[], tenant: Tenant, { batchId, keepDays }: { batchId: number; keepDays: number }): LogsBatch {
  const batch = new LogsBatch()
  batch.begin(tenant, systemClock.nowMs(), batchId)
  batch.keepDays = keepDays
  for (const { body, timeMs, severity = 9, service = 'cart', host = 'h1', traceId, attributes = {}, weight } of logs) {
    const seconds = Math.floor(timeMs / 1000)
    if (!batch.time(seconds, Math.round((timeMs - seconds * 1000) * 1e6)))
      throw new Error(`a row of ${new Date(timeMs).toISOString()} is refused`)
    batch.from(
      makeResource([
        ['service.name', service],
        ['host.name', host],
        ['team', `team of ${service}`],
      ]),
    )
    batch.severity.pushU8(severity)
    if (traceId !== undefined) batch.traceId.pushRaw(Buffer.from(traceId, 'hex'))
    batch.body.pushString(body)
    if (weight !== undefined) batch.weight.pushF32(weight)
    for (const [name, value] of Object.entries(attributes)) batch.attribute(name, value)
    batch.endRow()
  }
  return batch
}
