/** Every route of the program over real engines, without its listeners: two organizations, each with data that names its owner. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import type { SystemStatusBody } from '@bellwether/protocol'
import { accountsMigrations, openAccounts, type Access, type Accounts } from '../../../apps/server/src/accounts/index.ts'
import type { ApiDeps, ApiScrubbing } from '../../../apps/server/src/api/index.ts'
import { createCollectors } from '../../../apps/server/src/compose/collectors.ts'
import { mountAll, requireAccessRules } from '../../../apps/server/src/compose/routes.ts'
import {
  openClickHouse,
  openPostgres,
  runClickHouseMigrations,
  runPostgresMigrations,
  type ClickHouse,
} from '../../../apps/server/src/engines/index.ts'
import {
  createAdmission,
  createIngestSources,
  createRefusedSamples,
  type DeadLetter,
  type IngestSources,
  type RefusedSamples,
} from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createInstruments } from '../../../apps/server/src/kernel/instruments.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { ResourceScope } from '../../../apps/server/src/kernel/resource-scope.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import {
  createAggregates,
  createDescriptions,
  createMetricAnatomist,
  ExemplarReader,
  createMetricsStore,
  GridStore,
  Head,
  HistogramHead,
  metricsMigrations,
  type MetricsStore,
} from '../../../apps/server/src/metrics/index.ts'
import { OperationsConfiguration } from '../../../apps/server/src/naming/index.ts'
import { createPromqlEngine } from '../../../apps/server/src/promql/index.ts'
import { ImportDesk, MetricsDoor, type CollectorDoor } from '../../../apps/server/src/protocols/index.ts'
import { createMetricOperations, createMetricsQuery, defaultQueryLimits, type MetricsQuery } from '../../../apps/server/src/query/index.ts'
import { cardinalityMigrations, type Cardinality } from '../../../apps/server/src/cardinality/index.ts'
import { composeRetention } from '../../../apps/server/src/compose/retention.ts'
import { performanceMigrations, type OpenedPerformance } from '../../../apps/server/src/performance/index.ts'
import { retentionMigrations, type RetentionDesk } from '../../../apps/server/src/retention/index.ts'
import { composeScrubbing } from '../../../apps/server/src/compose/scrubbing.ts'
import { scrubbingMigrations } from '../../../apps/server/src/scrubbing/index.ts'
import { composeCardinality } from '../../../apps/server/src/compose/cardinality.ts'
import { composeProblems } from '../../../apps/server/src/compose/problems.ts'
import {
  logAnalysisMigrations,
  logAnalysisPostgresMigrations,
  logRetentionMigrations,
  logsMigrations,
} from '../../../apps/server/src/logs/index.ts'
import { problemsMigrations, problemsTables } from '../../../apps/server/src/problems/index.ts'
import { tracesKeepingMigrations, tracesMigrations } from '../../../apps/server/src/traces/index.ts'
import { signalsMigrations } from '../../../apps/server/src/signals/index.ts'
import { performanceOfStack, putFinding } from './performance-of-stack.ts'
import { putProblem, type ProblemsOfStack, type TheirProblem } from './problems-of-stack.ts'
import { realtimeMigrations } from '../../../apps/server/src/realtime/index.ts'
import { eventsOfStack } from './events-of-stack.ts'
import { putAnalysis, signalDeps, signalsOfStack, type SignalsOfStack, type TheirSignals } from './signals-of-stack.ts'
import { lettersOfStack } from './letters-of-stack.ts'
import { lanesOfStack } from './lanes-of-stack.ts'
import { targetsOfStack } from './targets-of-stack.ts'
import { batchOf, openStack, type Stack, type TestSample } from '../metrics/metrics-stack.ts'

export const adminToken = 'admin-token-of-the-first-organization'
export const adminPassword = 'correct horse battery'
export const ours: Tenant = { organizationId: 1, projectId: 1 }

/** A time all tests share: whole minutes, recent enough for the head. */
export const nowMs = Math.floor(Date.now() / 60_000) * 60_000

/** Words that only the other organization's data contain. */
export const theirWord = 'kestrel'

/** A rule that changes nothing. */
export const theirRule = {
  match: { kind: 'exact', value: theirWord },
  action: { kind: 'drop_labels', labels: ['nothing_has_it'], gauges: 'last' },
  note: theirWord,
} as const

export interface ApiStack extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly engine: ClickHouse
  readonly collectors: CollectorDoor
  readonly accounts: Accounts
  readonly cardinality: Cardinality
  readonly retention: RetentionDesk
  readonly scrubbing: ApiScrubbing
  readonly problems: ProblemsOfStack
  readonly signals: SignalsOfStack
  readonly performance: OpenedPerformance
  readonly metrics: Stack
  readonly query: MetricsQuery
  /** Writes what is in the log to the engine, and gives a store whose memory covers nothing: all it reads comes from there. */
  coldStore(): Promise<MetricsStore>
  /** Every route mounted, as Fastify saw it. */
  readonly routes: readonly RouteOptions[]
  readonly theirs: {
    readonly tenant: Tenant
    readonly organization: string
    readonly project: string
    readonly token: string
    readonly cookie: string
    /** Id of a finding about performance. */
    readonly finding: string
  } & TheirProblem &
    TheirSignals
  readonly letters: DeadLetter[]
  readonly replayed: string[]
  put(tenant: Tenant, samples: readonly TestSample[]): Promise<void>
  /** Straight in PostgreSQL: what would take a test too long by requests. */
  sql(statement: string): Promise<void>
}

const status: SystemStatusBody = {
  version: '0.0.0-test',
  nodeVersion: process.version,
  startedAt: new Date(nowMs).toISOString(),
  uptimeSec: 1,
  ready: true,
  roles: ['all'],
  components: [
    { name: 'clickhouse', kind: 'engine', state: 'ok', detail: null, version: '26', location: 'embedded', since: null, restarts: 0 },
  ],
  log: { segments: 0, records: 0, rows: 0, sizeBytes: 0, sizeBytesMax: 1, oldestMs: 0 },
  disk: { path: 'data', totalBytes: 1, freeBytes: 1, usedByUsBytes: null },
  memory: { totalBytes: 1, freeBytes: 1, heapUsedBytes: 1, processes: [] },
}

export interface ApiStackOptions {
  readonly webDir?: string
  readonly publicUrl?: string
  /** Write the log to the engine; without it everything stays queued. */
  readonly withWriter?: boolean
}

export async function openApiStack(options: ApiStackOptions = {}): Promise<ApiStack> {
  const resources = new ResourceScope()
  try {
    return await buildStack(options, resources)
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

async function buildStack(options: ApiStackOptions, resources: ResourceScope): Promise<ApiStack> {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-api-'))
  resources.defer('folder', () => rmSync(folder, { recursive: true, force: true }))
  const postgres = resources.use(await openPostgres({ url: null, dataDir: folder, logger: silentLogger, clock: systemClock }))
  await runPostgresMigrations(postgres.pool, [
    ...accountsMigrations,
    ...realtimeMigrations,
    ...cardinalityMigrations,
    ...retentionMigrations,
    ...performanceMigrations,
    ...scrubbingMigrations,
    ...problemsMigrations,
    ...logRetentionMigrations,
    ...logAnalysisPostgresMigrations,
    ...tracesKeepingMigrations,
  ])
  const publicUrl = options.publicUrl ?? 'http://127.0.0.1:4400'
  const settings = { publicUrl, adminEmail: 'ops@example.org', adminPassword, adminToken, ingestKey: null, secret: 'q7'.repeat(20) }
  const accounts = await openAccounts({ pool: postgres.pool, clock: systemClock, logger: silentLogger, settings })
  resources.defer('accounts', () => accounts[Symbol.asyncDispose]())
  await accounts.ensureFirstRun()
  const clickhouse = resources.use(
    await openClickHouse({
      url: null,
      cluster: null,
      dataDir: folder,
      database: 'bellwether',
      memoryMaxBytes: 1024 ** 3,
      logger: silentLogger,
      clock: systemClock,
    }),
  )
  await runClickHouseMigrations(clickhouse, postgres.pool, [
    ...metricsMigrations,
    ...signalsMigrations,
    ...logsMigrations,
    ...logAnalysisMigrations,
    ...problemsTables,
    ...tracesMigrations,
  ])
  const metrics = await openStack({ engine: clickhouse, logDir: join(folder, 'log'), withoutWriter: options.withWriter !== true })
  resources.defer('metrics', () => metrics[Symbol.asyncDispose]())
  const instruments = createInstruments()
  const engine = createPromqlEngine({ clock: systemClock })
  const query = createMetricsQuery({
    engine,
    store: metrics.store,
    catalog: metrics.catalog,
    clock: systemClock,
    instruments,
    limits: defaultQueryLimits,
  })
  const theirs = await makeTheirs(accounts)
  const retention = await composeRetention(
    { engines: { postgres }, keeping: metrics.keeping, clock: systemClock, logger: silentLogger },
    resources,
  )
  const { api: scrubbing } = await composeScrubbing({ engines: { postgres }, clock: systemClock, logger: silentLogger }, resources)
  const cardinality = await composeCardinality(
    {
      config: { seriesMax: 1_000_000, seriesPerMetricMax: 200_000, seriesPerOrganizationMax: null },
      engines: { clickhouse, postgres, redis: null },
      clock: systemClock,
      logger: silentLogger,
      onExplosion: () => undefined,
    },
    metrics,
    resources,
  )
  const letters = lettersOfStack({ ours, theirs: theirs.tenant, word: theirWord, nowMs })
  const replayed: string[] = []
  const admission = createAdmission({
    keys: accounts.ingestKeys,
    anonymous: 'loopback',
    log: metrics.log,
    clock: systemClock,
    limits: { bodyBytesMax: 1_000_000, projectBytesPerSecond: null },
  })
  const door = new MetricsDoor({
    admission,
    metrics: metrics.ingest,
    conservation: metrics.conservation,
    sources: createIngestSources(),
    refusedSamples: createRefusedSamples(),
    log: metrics.log,
    clock: systemClock,
    logger: silentLogger,
  })
  const operations = createMetricOperations({
    query,
    unique: metrics.uniques,
    configuration: new OperationsConfiguration(),
    clock: systemClock,
    limits: defaultQueryLimits,
  })
  const performance = performanceOfStack({ clickhouse, postgres }, resources)
  const signals = await signalsOfStack({ clickhouse, postgres }, resources)
  const shown = signals.logs.retention
  const problems = composeProblems(
    { engines: { clickhouse, postgres }, operations, shown, clock: systemClock, logger: silentLogger },
    resources,
  )
  const deps: ApiDeps = {
    ...problems,
    ...signalDeps(signals),
    performance: performance.desk,
    accounts,
    query,
    operations,
    exemplars: new ExemplarReader({ engine: clickhouse, catalog: metrics.catalog, hidden: metrics.keeping.hidden }),
    anatomist: createMetricAnatomist({ engine: clickhouse, catalog: metrics.catalog, clock: systemClock }),
    ingest: {
      conservation: metrics.conservation,
      sources: createIngestSources(),
      refusedSamples: createRefusedSamples(),
      deadLetters: {
        list: async () => letters,
        replay: async (id) => {
          const letter = letters.find((one) => one.id === id)
          if (letter === undefined) throw new Error(`no letter ${id}`)
          replayed.push(id)
          return letter
        },
      },
    },
    imports: resources.use(new ImportDesk({ door, clock: systemClock })),
    systemStatus: async () => status,
    cardinality: cardinality.desk,
    retention,
    scrubbing,
    scrape: await targetsOfStack({ door, theirs: theirs.tenant, word: theirWord }, resources),
    lanes: lanesOfStack({ pool: postgres.pool, log: metrics.log }, resources),
    readiness: () => ({ ready: true, waitingFor: [], degraded: ['writer'] }),
    instruments,
    clock: systemClock,
    logger: silentLogger,
    settings: { version: '0.0.0-test', publicUrl, webDir: options.webDir ?? null },
  }
  noteIngest(deps, theirs.tenant)
  const theirProblem = await putProblem({ ...problems, engine: clickhouse }, await projectOf(accounts, theirs), {
    tenant: theirs.tenant,
    word: theirWord,
    atMs: nowMs - 60_000,
  })
  const finding = await putFinding({ clickhouse, postgres, desk: performance.desk }, await projectOf(accounts, theirs), {
    tenant: theirs.tenant,
    word: theirWord,
    atMs: nowMs,
  })
  const analysis = signals.logs.analysis.desk
  const theirAnalysis = await putAnalysis({ analysis, engine: clickhouse }, await projectOf(accounts, theirs), {
    tenant: theirs.tenant,
    word: theirWord,
    atMs: nowMs - 60_000,
  })
  const app = fastify({ routerOptions: { maxParamLength: 2048 } })
  resources.defer('http', () => app.close())
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  requireAccessRules(app)
  const aggregates = createAggregates({ ingest: metrics.ingest, clock: systemClock, logger: silentLogger, flushIntervalMs: 3_600_000 })
  resources.defer('aggregates', () => aggregates[Symbol.asyncDispose]())
  const collectors = createCollectors({
    accounts,
    metrics: { aggregates, descriptionOf: createDescriptions(metrics) },
    operations: deps.operations,
    query,
    intake: { sources: deps.ingest.sources as IngestSources, refusedSamples: deps.ingest.refusedSamples as RefusedSamples },
    clock: systemClock,
  })
  const events = eventsOfStack({ door, log: metrics.log, conservation: metrics.conservation })
  await mountAll(app, door, { ...deps, ...problems, collectors, events, pseudonymSecret: theirWord })
  await app.ready()
  const coldStore = async (): Promise<MetricsStore> => {
    await metrics.drain()
    const head = new Head({ sizeBytesMax: 1 << 20, clock: systemClock, pendingAgeMs: () => 0 })
    const histograms = new HistogramHead()
    const coversFromMs = nowMs + 86_400_000
    head.coverFrom(coversFromMs)
    histograms.coverFrom(coversFromMs)
    const { registry, samples, past } = metrics
    return createMetricsStore({ registry, head, histograms, samples, past, grids: [new GridStore(clickhouse, registry)] })
  }
  const put = async (tenant: Tenant, samples: readonly TestSample[]): Promise<void> =>
    await metrics.ingest.accept(batchOf(metrics.ingest, samples, tenant), 100)
  return {
    app,
    collectors,
    accounts,
    cardinality: cardinality.desk,
    retention,
    scrubbing,
    engine: clickhouse,
    problems,
    performance,
    metrics,
    query,
    sql: async (statement) => void (await postgres.pool.query(statement)),
    coldStore,
    routes,
    signals,
    theirs: { ...theirs, ...theirProblem, ...theirAnalysis, finding },
    letters,
    replayed,
    put,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }
}

async function makeTheirs(accounts: Accounts): Promise<Omit<ApiStack['theirs'], keyof TheirProblem | keyof TheirSignals | 'finding'>> {
  const made = await accounts.createOrganization({
    name: `The ${theirWord}`,
    ownerEmail: `owner@${theirWord}.org`,
    ownerName: `Owner ${theirWord}`,
    projectName: `${theirWord} shop`,
  })
  const session = await accounts.signIn.withLink(made.linkToken, { address: '192.0.2.1', userAgent: 'test' })
  const caller = await accounts.gatekeeper.authenticate({ authorization: null, cookie: session.cookie })
  const access = await accounts.gatekeeper.organization(caller, made.organizationId, 'admin')
  const token = await accounts.directory.createToken(access, {
    name: `${theirWord} token`,
    permissions: ['admin'],
    projectId: null,
    expiresAtMs: null,
  })
  await accounts.directory.createTeam(access, { name: `${theirWord} team`, projectIds: [made.projectId] })
  const tenant = { organizationId: Number(made.organizationId), projectId: Number(made.projectId) }
  return { tenant, organization: made.organizationId, project: made.projectId, token: token.secret, cookie: session.cookie }
}

/** As the owner of the other organization. */
async function projectOf(accounts: Accounts, { token, project }: { token: string; project: string }): Promise<Access> {
  const owner = await accounts.gatekeeper.authenticate({ authorization: `Bearer ${token}`, cookie: null })
  return await accounts.gatekeeper.project(owner, project, 'admin')
}

function noteIngest({ ingest }: ApiDeps, theirs: Tenant): void {
  const sources = ingest.sources as ReturnType<typeof createIngestSources>
  const refused = ingest.refusedSamples as ReturnType<typeof createRefusedSamples>
  sources.note(ours, 'otlp-http', 10, nowMs)
  sources.note(theirs, `remote-${theirWord}`, 10, nowMs)
  refused.note(ours, 'otlp-http', 'timestamp_too_old', 'a sample of 1970', nowMs)
  refused.note(theirs, 'otlp-http', 'label_name_too_long', `the ${theirWord} label`, nowMs)
}
