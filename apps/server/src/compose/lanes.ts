/** The low-priority queue: where costs go, who is in it, and the task that decides. */
import type { Config } from '../config/index.ts'
import type { ApiLanes } from '../api/index.ts'
import type { IngestLog, LowLaneOptions } from '../ingest/index.ts'
import { Counter, Gauge, type Registry } from '../kernel/instruments.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { CostSink } from '../metrics/index.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import {
  BudgetScan,
  CostMeter,
  InProcessStore,
  LaneBook,
  LanesDesk,
  NoopStore,
  PostgresLaneRecords,
  RedisStore,
  ResilientStore,
  type LaneSwitch,
  type RealtimeMetricsStore,
} from '../realtime/index.ts'
import type { Engines } from './engines.ts'
import { Foreground } from './foreground.ts'

export type LaneSettings = Pick<
  Config,
  | 'lpqAutomatic'
  | 'lpqStore'
  | 'lpqBudget'
  | 'lpqWindowSec'
  | 'lpqBucketSec'
  | 'lpqBackoffSec'
  | 'lpqShare'
  | 'lpqWorkers'
  | 'lpqAlways'
  | 'lpqNever'
>

export interface LanesDeps {
  readonly config: LaneSettings
  readonly engines: { readonly postgres: Pick<Engines['postgres'], 'pool'>; readonly redis: Engines['redis'] }
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  /** Of the ingest log, which is opened later. */
  readonly seal: () => Promise<void>
}

export interface Lanes {
  readonly book: LaneBook
  readonly meter: CostMeter
  /** The meter for the ready lane, whose work is what others wait for. */
  readonly cost: CostSink
  readonly foreground: Foreground
  readonly desk: LanesDesk
  readonly share: number
  readonly workers: number
  /** Why costs and members of this program alone are used, though there is a Redis; null: all is well. */
  failure(): string | null
  /** Begins to scan; to be called once the log can be sealed. */
  start(): Promise<void>
}

/** Errors: `InvalidConfiguration`. */
export function composeLanes(deps: LanesDeps, resources: ResourceScope): Lanes {
  const { config, engines, clock, seal } = deps
  const logger = deps.logger.child('lanes')
  const { store, failure } = openStore(deps, resources)
  store.validate()
  const costSeconds = new Counter({
    name: 'bellwether_project_cost_seconds_total',
    help: 'Processor time that the processing of a project’s data took.',
    labelNames: ['project'],
    registers: [deps.instruments],
  })
  const meter = new CostMeter(clock, (projectId, seconds) => costSeconds.inc({ project: String(projectId) }, seconds))
  const book = new LaneBook({ clock, seal })
  const shared = {
    book,
    records: new PostgresLaneRecords(engines.postgres.pool),
    projectBudget: config.lpqBudget,
    isAutomatic: config.lpqAutomatic === 'on',
    switches: switchesOf(config),
  }
  const scan = new BudgetScan({ ...shared, store, meter, clock, logger })
  watch(deps.instruments, { book, scan })
  const foreground = new Foreground(clock)
  const cost: CostSink = {
    nowMs: () => meter.nowMs(),
    spent(tenant, ms) {
      meter.spent(tenant, ms)
      foreground.touch()
    },
  }
  return {
    book,
    meter,
    cost,
    foreground,
    desk: new LanesDesk({ ...shared, scan }),
    share: config.lpqShare,
    workers: config.lpqWorkers,
    failure,
    async start() {
      resources.use(scan)
      await scan.start()
    },
  }
}

function openStore(
  { config, engines: { redis }, clock, logger }: LanesDeps,
  resources: ResourceScope,
): { store: RealtimeMetricsStore; failure: () => string | null } {
  if (config.lpqStore === 'none') return { store: new NoopStore(), failure: () => null }
  const options = { budgetBucketSize: config.lpqBucketSec, budgetTimeWindow: config.lpqWindowSec, backoffTimer: config.lpqBackoffSec }
  const local = new InProcessStore(options, clock)
  if (redis === null || config.lpqStore === 'process') return { store: local, failure: () => null }
  const shared = new RedisStore(options, redis, clock)
  const store = new ResilientStore({ shared, local, engine: redis, clock, logger: logger.child('lanes') })
  resources.defer('lanes on redis', () => store[Symbol.dispose]())
  return { store, failure: () => store.failure() }
}

/** How the writer is to treat the low lane. `isIntakeBusy`: bodies of others wait for their turn. */
export function lowLane({ book, meter, foreground, share, workers }: Lanes, isIntakeBusy: () => boolean): LowLaneOptions {
  return {
    share,
    workers,
    isBusy: () => isIntakeBusy() || foreground.isBusy(),
    isUrgent: () => book.isUrgent,
    onProcessed({ tenant, payload }, spentMs) {
      meter.spent(tenant, spentMs)
      book.processed(tenant.projectId, payload.length)
    },
    onEmpty: () => book.emptied(),
  }
}

/** What the API shows of it. `readyWorkers`: segments of the ready lane that are inserted at once. */
export function apiLanes(lanes: Lanes, { config, engines, log, readyWorkers }: ApiLanesDeps): ApiLanes {
  return {
    desk: lanes.desk,
    settings: {
      windowSec: config.lpqWindowSec,
      backoffSec: config.lpqBackoffSec,
      lowShare: lanes.share,
      backend: config.lpqStore !== 'auto' ? config.lpqStore : engines.redis === null ? 'process' : 'redis',
    },
    queues: () =>
      (['ready', 'low'] as const).map((lane) => {
        const { rows, segments, sizeBytes, oldestMs } = log.backlog([lane])
        return { lane, rows, segments, sizeBytes, oldestMs, workers: lane === 'ready' ? readyWorkers : lanes.workers }
      }),
    failure: lanes.failure,
  }
}

interface ApiLanesDeps {
  readonly config: LaneSettings
  readonly engines: Pick<Engines, 'redis'>
  readonly log: Pick<IngestLog, 'backlog'>
  readonly readyWorkers: number
}

/** Never beats always. */
function switchesOf({ lpqAlways, lpqNever }: LaneSettings): ReadonlyMap<number, LaneSwitch> {
  return new Map<number, LaneSwitch>([...lpqAlways.map((id) => [id, 'always'] as const), ...lpqNever.map((id) => [id, 'never'] as const)])
}

function watch(registry: Registry, { book, scan }: { book: LaneBook; scan: BudgetScan }): void {
  const projects: Gauge = new Gauge({
    name: 'bellwether_lpq_projects',
    help: 'Projects in the low-priority queue by their budget, and those with a switch.',
    labelNames: ['why'],
    registers: [registry],
    collect() {
      const set = [...book.switches.values()]
      projects.set({ why: 'budget' }, book.members.size)
      projects.set({ why: 'always' }, set.filter((each) => each === 'always').length)
      projects.set({ why: 'never' }, set.filter((each) => each === 'never').length)
    },
  })
  const used: Gauge = new Gauge({
    name: 'bellwether_project_used_budget',
    help: 'Processor time a second that a project’s data took, on average over the window.',
    labelNames: ['project'],
    registers: [registry],
    collect() {
      used.reset()
      for (const [project, value] of scan.history.latest) used.set({ project: String(project) }, value)
    },
  })
}
