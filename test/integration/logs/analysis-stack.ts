/** The analysis of logs over the real engines, with a way to put rows in as the writer does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import type { Access, Accounts } from '../../../apps/server/src/accounts/index.ts'
import { openClickHouse, runPostgresMigrations, type ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import { createConservation, type LogRecord } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import {
  logAnalysisMigrations,
  logAnalysisPostgresMigrations,
  LogManager,
  LogsBatch,
  logsMigrations,
  logsSchema,
  LogTails,
  openLogAnalysis,
  type MetricSink,
  type OpenedLogAnalysis,
  type SearchedRows,
} from '../../../apps/server/src/logs/index.ts'
import { MatchBudget } from '../../../apps/server/src/search/index.ts'
import { makeResource, SignalHandler, SignalIngest, signalsMigrations } from '../../../apps/server/src/signals/index.ts'
import { allInserts } from '../../../apps/server/src/signals/testing/all-inserts.ts'
import { acceptBatch } from '../../../apps/server/src/signals/testing/accept-batch.ts'
import { fresh } from '../accounts/accounts-stack.ts'
import { openTestPostgres } from '../accounts/test-postgres.ts'

export const live = new AbortController().signal
export const nowMs = Math.floor(Date.now() / 60_000) * 60_000

export interface TestLog {
  readonly body: string
  /** Minutes before now. */
  readonly age: number
  readonly severity?: number
  readonly service?: string
  readonly pod?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly weight?: number
}

/** What rules recorded, by kind and labels. */
export type Recorded = Map<string, number[]>

export interface AnalysisStack extends AsyncDisposable {
  readonly engine: ClickHouseEngine
  readonly access: Access
  /** As a member of another organization. */
  readonly stranger: Access
  readonly recorded: Recorded
  readonly analysis: OpenedLogAnalysis
  /** Ends it and opens it anew, as a restart does. */
  reopen(): Promise<void>
  /** Rows through the stages into the engine. */
  put(logs: readonly TestLog[], tenant?: Tenant): Promise<void>
}

const noSpans: SearchedRows = {
  table: 'logs',
  fields: () => ({ fields: [], freeText: [], attributes: 'attributes', resources: null }),
  rowsOf: () => '0',
  values: () => ({ values: () => Promise.resolve([]), attributes: () => Promise.resolve([]) }),
  comparedColumns: [],
}

export async function openAnalysisStack(): Promise<AnalysisStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-analysis-'))
  const [engine, postgres] = await Promise.all([
    openClickHouse({
      url: null,
      cluster: null,
      dataDir,
      database: 'bellwether',
      memoryMaxBytes: 1024 ** 3,
      logger: silentLogger,
      clock: systemClock,
    }),
    openTestPostgres(),
  ])
  for (const { up } of [...signalsMigrations, ...logsMigrations, ...logAnalysisMigrations])
    for (const statement of up) await engine.command(statement)
  const { pool, accounts } = await fresh(postgres)
  await runPostgresMigrations(pool, logAnalysisPostgresMigrations)
  const access = await adminOf(accounts)
  const stranger = await strangerOf(accounts)
  const recorded: Recorded = new Map()
  const open = (): Promise<OpenedLogAnalysis> => openAnalysis(engine, pool, recorded)
  let analysis = await open()
  let batches = 0
  return {
    engine,
    access,
    stranger,
    recorded,
    get analysis() {
      return analysis
    },
    async reopen() {
      await analysis[Symbol.asyncDispose]()
      analysis = await open()
    },
    async put(logs, tenant = { organizationId: access.scope.organizationId, projectId: access.scope.projectIds[0] ?? 0 }) {
      const batch = batchOf(logs, tenant, ++batches)
      const records: LogRecord[] = []
      const append = (_lane: string, record: LogRecord): Promise<void> => {
        records.push(record)
        return Promise.resolve()
      }
      const conservation = createConservation()
      await acceptBatch(new SignalIngest({ log: { append }, conservation, stages: analysis.stages, observers: analysis.observers }), batch)
      const handler = new SignalHandler({
        schema: logsSchema,
        derived: [],
        createBatch: () => new LogsBatch(),
        decodeRaw: () => new LogsBatch(),
        stages: [],
        conservation,
      })
      for (const { table, columns, body } of allInserts(handler, records, `stack-${Math.random()}`)) {
        await engine.insertNative({ table, columns, body, token: `${table}-${batches}` })
      }
    },
    async [Symbol.asyncDispose]() {
      await analysis[Symbol.asyncDispose]()
      await accounts[Symbol.asyncDispose]()
      if (!pool.ended) await pool.end()
      await Promise.all([engine[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function openAnalysis(engine: ClickHouseEngine, pool: Pool, recorded: Recorded): Promise<OpenedLogAnalysis> {
  const shown = { shownSql: () => null }
  const logs = new LogManager({ engine, shown, tails: new LogTails(systemClock), clock: systemClock })
  const budget = new MatchBudget(systemClock)
  const sinkOf = (): MetricSink => sinkInto(recorded)
  const deps = { engine, pool, clock: systemClock, logger: silentLogger, logs, shown, budget, spans: noSpans, sinkOf }
  return openLogAnalysis(deps, live)
}

/** Aggregates that only note what they are told. */
function sinkInto(recorded: Recorded): MetricSink {
  const keys: string[] = []
  const note = (handle: number, value: number): boolean => {
    const key = keys[handle] ?? ''
    recorded.set(key, [...(recorded.get(key) ?? []), value])
    return true
  }
  return {
    find(kind, labels) {
      const key = `${kind} ${labels.map(([name, value]) => `${name}=${value}`).join(' ')}`
      if (!keys.includes(key)) keys.push(key)
      return { type: 'ok', handle: keys.indexOf(key) }
    },
    increment: note,
    setGauge: note,
    observe: (handle, value, weight) => note(handle, value) && note(handle, -weight),
    addMember: (handle, member) => note(handle, member.length),
    refuse: () => undefined,
  }
}

function batchOf(logs: readonly TestLog[], tenant: Tenant, batchId: number): LogsBatch {
  const batch = new LogsBatch()
  batch.begin(tenant, systemClock.nowMs(), batchId)
  for (const { body, age, severity = 9, service = 'api', pod = 'pod-1', attributes = {}, weight } of logs) {
    if (!batch.time(Math.floor(nowMs / 1000) - Math.round(age * 60), 0)) throw new Error(`a row of ${age} minutes ago is refused`)
    batch.from(
      makeResource([
        ['service.name', service],
        ['k8s.pod.name', pod],
      ]),
    )
    batch.severity.pushU8(severity)
    batch.body.pushString(body)
    if (weight !== undefined) batch.weight.pushF32(weight)
    for (const [name, value] of Object.entries(attributes)) batch.attribute(name, value)
    batch.endRow()
  }
  return batch
}

async function adminOf(accounts: Accounts): Promise<Access> {
  const caller = await accounts.gatekeeper.authenticate({ authorization: 'Bearer an-admin-token-of-the-settings', cookie: null })
  return await accounts.gatekeeper.project(caller, '1', 'write')
}

async function strangerOf(accounts: Accounts): Promise<Access> {
  const made = await accounts.createOrganization({ name: 'Others', ownerEmail: 'o@example.org', ownerName: 'O', projectName: 'theirs' })
  const session = await accounts.signIn.withLink(made.linkToken, { address: '192.0.2.1', userAgent: 'test' })
  const caller = await accounts.gatekeeper.authenticate({ authorization: null, cookie: session.cookie })
  return await accounts.gatekeeper.project(caller, made.projectId, 'write')
}
