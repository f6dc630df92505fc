/**
 * The whole program: settings in, a running server out. Order of start: port (a taken one must show at once) → data directory
 * (locks out a second instance) → engines → accounts → log, index, recovery → doors → ready. Disposing goes back the same way:
 * first nothing new comes in, then what is under way ends, the writer drains the log, and the engines stop last.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { openAccounts, type Accounts, type FirstRun } from '../accounts/index.ts'
import type { Config } from '../config/index.ts'
import { openDataDirectory, planMemory, type MemoryBudget } from '../engines/index.ts'
import { createRefusedSamples } from '../ingest/index.ts'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { createInstruments, type Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import { ResourceScope } from '../kernel/resource-scope.ts'
import { createMetricAnatomist, ExemplarReader } from '../metrics/index.ts'
import { defaultProtocolLimits, type EventDoor, ImportDesk, MetricsDoor, type ProtocolLimits } from '../protocols/index.ts'
import { composeRetention } from './retention.ts'
import { composeCardinality, deskOf, tellOfExplosion } from './cardinality.ts'
import { createCollectors } from './collectors.ts'
import { composeEngines, type Engines } from './engines.ts'
import { keepHeapRoom } from './heap-room.ts'
import { openHttpDoor } from './http-door.ts'
import { composeIndexer } from './indexer.ts'
import { apiIngest, composeIntake, type Intake } from './intake.ts'
import { apiLanes, composeLanes, type Lanes } from './lanes.ts'
import { buildApp, composeExtraListeners, type ListenerState } from './listeners.ts'
import { composeLogs, type Logs } from './logs.ts'
import { composeMetrics, insertsAtOnce, type MetricsPath } from './metrics.ts'
import { createOperations, createQuery } from './query.ts'
import { mountAll } from './routes.ts'
import { composeScraper } from './scrape.ts'
import { deriveProblems, ProblemStage } from '../problems/index.ts'
import { composeProblems } from './problems.ts'
import { composeScrubbing, type Scrubbing } from './scrubbing.ts'
import { composePerformance } from './performance.ts'
import { secretFile } from './secret-file.ts'
import { startSelfWatch } from './self-watch.ts'
import { composeSignals } from './signals.ts'
import { composeStatsd } from './statsd.ts'
import { composeSyslog } from './syslog.ts'
import { createSystemStatus, readiness } from './system-status.ts'
import { composeTraces, type Traces } from './traces.ts'

export interface ServeDeps {
  readonly config: Config
  readonly version: string
  readonly logger: Logger
  /** Lines for a person. */
  readonly warn: (line: string) => void
}

/** A running server. Disposing stops it. */
export interface RunningServer extends AsyncDisposable {
  /** Where it answers on this machine. */
  readonly url: string
  /** Where people reach it. */
  readonly publicUrl: string
  readonly firstRun: FirstRun
}

/** Errors: those of the engines, the data directory and `server.*`, each with one clear text. Nothing stays open when it fails. */
export async function startServer(deps: ServeDeps): Promise<RunningServer> {
  const resources = new ResourceScope()
  try {
    return await compose(deps, resources)
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

function memoryOf({ memoryMaxBytes }: Config, resources: ResourceScope): MemoryBudget {
  const memory = planMemory(memoryMaxBytes ?? undefined)
  resources.use(keepHeapRoom(memory.totalBytes))
  return memory
}

async function compose({ config, version, logger, warn }: ServeDeps, resources: ResourceScope): Promise<RunningServer> {
  const clock = systemClock
  const instruments = createInstruments()
  const dataDir = resources.use(await openDataDirectory(config.dataDir)).path
  const http = resources.use(await openHttpDoor({ host: config.host, port: config.port, setting: 'BELLWETHER_PORT' }))
  const url = `http://${hostInUrl(config.host)}:${http.port}`
  const memory = memoryOf(config, resources)
  const shared = { config, dataDir, clock, logger }
  const engines = await composeEngines({ ...shared, memory }, resources)
  const accounts = await composeAccounts({ config, url, dataDir, engines, logger }, resources)
  const firstRun = await accounts.ensureFirstRun()
  const base = { ...shared, memory, engines, accounts, instruments }
  const watched = await composeWatched({ engines, clock, logger }, resources)
  const { logs, traces } = watched
  const { lanes, metrics, intake, limits } = await composeDoors({ ...base, ...watched }, resources)
  const retention = await composeRetention({ engines, keeping: metrics.keeping, clock, logger }, resources)
  const performance = composePerformance({ engines, reads: traces.reads, clock, logger }, resources)
  const query = createQuery(config, metrics, instruments)
  const operations = createOperations(config, metrics, query)
  const scraper = composeScraper({ config, accounts, door: intake.door, instruments, clock, logger }, resources)
  const listeners: ListenerState[] = []
  const status = createSystemStatus({ version, startedMs: clock.nowMs(), dataDir, engines, metrics, listeners: () => listeners, clock })
  const { app, listener } = await buildApp(http, async (instance) => {
    lanes.foreground.watch(instance)
    await mountAll(instance, intake.door, {
      events: intake.events,
      accounts,
      query,
      operations,
      exemplars: new ExemplarReader({ engine: engines.clickhouse, catalog: metrics.catalog, hidden: metrics.keeping.hidden }),
      collectors: createCollectors({ accounts, metrics, operations, query, intake, clock }),
      anatomist: createMetricAnatomist({ engine: engines.clickhouse, catalog: metrics.catalog, clock }),
      ingest: apiIngest(metrics, intake),
      imports: resources.use(new ImportDesk({ door: intake.door, clock })),
      systemStatus: status,
      cardinality: deskOf(metrics),
      retention,
      performance: performance.desk,
      ...apiWatched(watched),
      ...composeProblems({ engines, operations, shown: logs.retention, clock, logger: logger.child('problems') }, resources),
      pseudonymSecret: secretFile(dataDir, 'pseudonym'),
      scrape: scraper,
      lanes: apiLanes(lanes, { config, engines, log: metrics.log, readyWorkers: insertsAtOnce }),
      readiness: () => readiness({ engines, metrics, dataDir }),
      instruments,
      clock,
      logger: logger.child('api'),
      settings: { version, publicUrl: config.publicUrl ?? url, webDir: webDir() },
    })
  })
  resources.defer('application', () => app.close())
  if (config.selfWatch === 'on')
    startSelfWatch({ ...shared, metrics, instruments, engines, tenant: () => firstRun.anonymousTenant }, resources)
  const telling = { config, accounts, instruments, clock, logger, warn }
  listeners.push(
    ...(await composeExtraListeners({ config, door: intake.door, events: intake.events, warn }, resources)),
    await composeStatsd({ ...intake, ...telling, cost: lanes.cost, metrics, limits }, resources),
    await composeSyslog({ ...telling, events: intake.events }, resources),
  )
  await scraper.start()
  performance.analyzer.start()
  http.attach(listener)
  // Last in, first out: readiness turns false and senders are told to come again before anything closes.
  resources.defer('admission', async () => {
    intake.admission.stop()
    logs.endTails()
    await http.detach()
  })
  return { url, publicUrl: config.publicUrl ?? url, firstRun, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() }
}

/** What is made of logs and spans. */
interface Watched {
  readonly logs: Logs
  readonly traces: Traces
  readonly scrubbing: Scrubbing
}

async function composeWatched(deps: { engines: Engines; clock: Clock; logger: Logger }, resources: ResourceScope): Promise<Watched> {
  const traces = await composeTraces(deps, resources)
  const logs = await composeLogs({ ...deps, spanReads: traces.reads }, resources)
  return { traces, logs, scrubbing: await composeScrubbing(deps, resources) }
}

/** The same as the routes see it. */
function apiWatched({ logs, traces, scrubbing }: Watched) {
  return {
    scrubbing: scrubbing.api,
    logs: logs.manager,
    logRetention: logs.retention,
    logAnalysis: logs.analysis.desk,
    traces: traces.system,
    traceKeeper: traces.keeper,
  }
}

interface DoorsDeps extends Watched {
  readonly config: Config
  readonly dataDir: string
  readonly memory: MemoryBudget
  readonly engines: Engines
  readonly accounts: Accounts
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
}

/** The path of the data behind its doors. Each needs the other: the writer reads what waited by the decoders of the door. */
async function composeDoors(
  deps: DoorsDeps,
  resources: ResourceScope,
): Promise<{ lanes: Lanes; metrics: MetricsPath; intake: Intake; limits: ProtocolLimits }> {
  const { config, engines, accounts, memory, instruments, logs, traces, scrubbing, clock, logger } = deps
  const doors: { metrics: MetricsDoor | null; events: EventDoor | null; seal: () => Promise<void> } = {
    metrics: null,
    events: null,
    seal: () => Promise.resolve(),
  }
  const lanes = composeLanes({ config, engines, instruments, clock, logger, seal: () => doors.seal() }, resources)
  const refusedSamples = createRefusedSamples()
  const signals = composeSignals({
    logs: {
      stages: [scrubbing.stage(), new ProblemStage(), ...logs.parts.stages],
      derived: [...logs.parts.derived, deriveProblems],
      observers: [...logs.parts.observers],
      processed: logs.parts.processed ?? [],
    },
    spans: {
      stages: [scrubbing.stage(), ...traces.parts.stages],
      derived: [...traces.parts.derived],
      observers: [...traces.parts.observers],
      processed: traces.parts.processed ?? [],
    },
    prepare(batch) {
      logs.prepare(batch)
      traces.prepare(batch)
    },
    door: () => doors.events,
  })
  const metrics = await composeMetrics(
    {
      ...deps,
      openCardinality: (state) =>
        composeCardinality({ config, engines, clock, logger, onExplosion: tellOfExplosion(refusedSamples, clock) }, state, resources),
      indexer: await composeIndexer({ ...deps, registryBytes: memory.registryBytes }),
      onWritesLimit: (tenant, text) => refusedSamples.note(tenant, 'limits', 'writes_limit', text, clock.nowMs()),
      otherHandlers: (conservation) => signals.handlers(conservation),
      low: { lanes, isIntakeBusy: () => (doors.metrics?.intake.waitingBytes ?? 0) > 0 },
      decodeRaw(record, batch) {
        if (doors.metrics === null) throw new Error('a raw record came before the decoders were built')
        doors.metrics.decodeRaw(record, batch)
      },
    },
    resources,
  )
  logs.analysis.feed(metrics.aggregates)
  traces.feed(metrics)
  const limits = { ...defaultProtocolLimits, inFlightBytesMax: memory.inFlightBytes }
  const intake = composeIntake({ config, accounts, metrics, signals, lanes, refusedSamples, scrubbing, limits, instruments, clock, logger })
  doors.metrics = intake.door
  doors.events = intake.events
  doors.seal = () => metrics.log.seal()
  await lanes.start()
  return { lanes, metrics, intake, limits }
}

async function composeAccounts(
  deps: { config: Config; url: string; dataDir: string; engines: Engines; logger: Logger },
  resources: ResourceScope,
): Promise<Accounts> {
  const { config } = deps
  return resources.use(
    await openAccounts({
      pool: deps.engines.postgres.pool,
      clock: systemClock,
      logger: deps.logger,
      settings: {
        publicUrl: config.publicUrl ?? deps.url,
        adminEmail: config.adminEmail,
        adminPassword: config.adminPassword?.reveal() ?? null,
        adminToken: config.adminToken?.reveal() ?? null,
        ingestKey: config.ingestKey,
        secret: secretFile(deps.dataDir, 'session'),
      },
    }),
  )
}

/** The address to print: 0.0.0.0 and :: mean every address, of which this machine's own is one. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** The built screens, beside this package; null when they were not built. */
function webDir(): string | null {
  const path = fileURLToPath(new URL('../../../web/dist/', import.meta.url))
  return existsSync(path) ? path : null
}
