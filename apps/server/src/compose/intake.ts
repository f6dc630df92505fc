/** What stands between the listeners and the log, and what the screens show of it. */
import type { Accounts } from '../accounts/index.ts'
import type { ApiIngest } from '../api/index.ts'
import type { Config } from '../config/index.ts'
import {
  createAdmission,
  createIngestSources,
  replayDeadLetter,
  type IngestSources,
  type RefusedSamples,
  type StoppableAdmission,
} from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import { createEventDecoders, EventDoor, MetricsDoor, type ProtocolLimits } from '../protocols/index.ts'
import type { Lanes } from './lanes.ts'
import type { MetricsPath } from './metrics.ts'
import type { Scrubbing } from './scrubbing.ts'
import type { Signals } from './signals.ts'

export interface Intake {
  readonly admission: StoppableAdmission
  readonly door: MetricsDoor
  /** Of logs and spans. */
  readonly events: EventDoor
  readonly sources: IngestSources
  readonly refusedSamples: RefusedSamples
}

export interface IntakeDeps {
  readonly config: Config
  readonly accounts: Accounts
  readonly metrics: MetricsPath
  readonly signals: Signals
  readonly lanes: Lanes
  readonly refusedSamples: RefusedSamples
  readonly scrubbing: Pick<Scrubbing, 'samples'>
  readonly limits: ProtocolLimits
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
}

export function composeIntake({
  config,
  accounts,
  metrics,
  signals,
  lanes,
  refusedSamples,
  scrubbing,
  limits,
  instruments,
  clock,
  logger,
}: IntakeDeps): Intake {
  const admission = createAdmission({
    keys: accounts.ingestKeys,
    anonymous: config.anonymousIngest,
    log: metrics.log,
    clock,
    limits: { bodyBytesMax: limits.compressedBytesMax, projectBytesPerSecond: null },
    laneOf: ({ projectId }) => lanes.book.laneOf(projectId),
  })
  const sources = createIngestSources()
  const door = new MetricsDoor({
    admission,
    metrics: metrics.ingest,
    conservation: metrics.conservation,
    sources,
    refusedSamples,
    log: metrics.log,
    lanes: lanes.book,
    cost: lanes.cost,
    clock,
    logger: logger.child('protocols'),
    limits,
    instruments,
  })
  const events = new EventDoor({
    ...signals.ingest(metrics),
    front: door,
    decoders: createEventDecoders(limits),
    batches: signals.batches,
    conservation: metrics.conservation,
    log: metrics.log,
    sources,
    refusedSamples: scrubbing.samples(refusedSamples),
    clock,
    cost: lanes.cost,
    lanes: lanes.book,
  })
  return { admission, door, events, sources, refusedSamples }
}

/** The same as the routes see it. */
export function apiIngest({ conservation, log }: MetricsPath, { sources, refusedSamples }: Intake): ApiIngest {
  return {
    conservation,
    sources,
    refusedSamples,
    deadLetters: {
      list: () => log.listDeadLetters(),
      replay: (id) => replayDeadLetter(log, conservation, id),
    },
  }
}
