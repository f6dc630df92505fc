/** What the HTTP API needs from the rest of the program. Built in compose/. */
import type {
  LaneQueue,
  LanesStatusBody,
  ScrubbingPolicy,
  ScrubbingTrial,
  ScrubbingTrialResult,
  SystemStatusBody,
} from '@bellwether/protocol'
import type { Access, Accounts } from '../accounts/index.ts'
import type { Cardinality } from '../cardinality/index.ts'
import type { Performance } from '../performance/index.ts'
import type { Retention } from '../retention/index.ts'
import type { ScrubbingState } from '../scrubbing/index.ts'
import type { BundleUploads, Problems, Releases, SourceMaps } from '../problems/index.ts'
import type { ConservationRow, DeadLetter, IngestSources, RefusedSamples } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { LogAnalysis, LogManager, LogRetention } from '../logs/index.ts'
import type { ExemplarReader, MetricAnatomist } from '../metrics/index.ts'
import type { MetricOperations, MetricsQuery } from '../query/index.ts'
import type { LanesDesk } from '../realtime/index.ts'
import type { ScrapeStatus } from '../scrape/index.ts'
import type { TraceKeeper, TracingSystem } from '../traces/index.ts'
import type { AccessRule } from './http/route-table.ts'
import type { ApiImports } from './import-port.ts'

/** Every route carries its rule where a test can read it. */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** `ingest` where the key decides (ingest/admission), `none` on addresses that only answer 405. */
    bellwetherAccess?: AccessRule['kind'] | 'ingest' | 'none'
  }
}

export interface DeadLetterStore {
  list(): Promise<readonly DeadLetter[]>
  /** Back into its lane; every tenant's rows in it are sent again. */
  replay(id: string): Promise<DeadLetter>
}

export interface ApiIngest {
  readonly conservation: { rows(): readonly ConservationRow[] }
  readonly sources: Pick<IngestSources, 'list'>
  readonly refusedSamples: Pick<RefusedSamples, 'list'>
  readonly deadLetters: DeadLetterStore
}

export interface Readiness {
  readonly ready: boolean
  /** Names of what is not ready. */
  readonly waitingFor: readonly string[]
  /** Names of what does only part of its work: queries are answered, but data is refused, say, or waits. */
  readonly degraded: readonly string[]
}

/** The low-priority queue as operators see it. */
export interface ApiLanes {
  readonly desk: Pick<LanesDesk, 'view' | 'setSwitch'>
  readonly settings: Pick<LanesStatusBody, 'windowSec' | 'backoffSec' | 'lowShare' | 'backend'>
  queues(): LaneQueue[]
  failure(): string | null
}

export interface ApiSettings {
  /** Version of the program. */
  readonly version: string
  /** Address people use; with the request's own host it decides which pages may send changes. */
  readonly publicUrl: string
  /** Folder of the built web app; null: none (API only). */
  readonly webDir: string | null
}

/** What is scrubbed of a project's logs and spans. */
export interface ApiScrubbing {
  get(access: Access): Promise<ScrubbingState>
  put(access: Access, policy: ScrubbingPolicy): Promise<ScrubbingState>
  try(trial: ScrubbingTrial): ScrubbingTrialResult
}

export interface ApiDeps {
  readonly accounts: Pick<Accounts, 'gatekeeper' | 'signIn' | 'directory'>
  readonly query: MetricsQuery
  readonly operations: MetricOperations
  readonly exemplars: Pick<ExemplarReader, 'read'>
  readonly anatomist: MetricAnatomist
  readonly ingest: ApiIngest
  readonly imports: ApiImports
  readonly systemStatus: () => Promise<SystemStatusBody>
  readonly lanes: ApiLanes
  /** Targets that are scraped. */
  readonly scrape: ScrapeStatus
  readonly cardinality: Cardinality
  readonly retention: Retention
  readonly performance: Performance
  readonly scrubbing: ApiScrubbing
  readonly logs: LogManager
  readonly logRetention: LogRetention
  readonly traces: TracingSystem
  readonly traceKeeper: TraceKeeper
  readonly logAnalysis: LogAnalysis
  readonly problems: Problems
  readonly sourceMaps: SourceMaps
  readonly uploads: BundleUploads
  readonly releases: Releases
  readonly readiness: () => Readiness | Promise<Readiness>
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ApiSettings
}
