/** What the metrics path holds in memory, and what of it comes back from the engine when someone asks. */
import { randomInt } from 'node:crypto'

import type { Config } from '../config/index.ts'
import type { MemoryBudget } from '../engines/index.ts'
import type { IngestLog } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import {
  createRollups,
  defaultSeriesLimits,
  Head,
  headHistogramsMax,
  Hidden,
  HistogramHead,
  MetadataStore,
  PastNames,
  PastSeries,
  SeriesRegistry,
  SetsHead,
  type Rollups,
} from '../metrics/index.ts'
import type { Engines } from './engines.ts'

/** What is visible and not inserted. */
export type Pending = Pick<IngestLog, 'backlog'>

export interface MetricsMemory {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  readonly sets: SetsHead
  readonly metadata: MetadataStore
  readonly hidden: Hidden
  readonly past: PastSeries
  readonly pastNames: PastNames
  readonly rollups: Rollups
  /** What is read at start. */
  readonly load: { readonly nowMinute: number; readonly unseenMinutesMax: number; readonly rowsMax: number }
}

export interface MetricsStateDeps {
  readonly config: Pick<Config, 'seriesMax' | 'seriesUnseenHours' | 'queryTimeoutSec'>
  readonly engines: Pick<Engines, 'clickhouse'>
  readonly memory: MemoryBudget
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
}

/** About what a series takes in memory, when as many are read at start as there is room for. */
const loadedSeriesBytes = 400
/** Queries wait for their turn and requests for theirs; within this time beside that of a query, both have come to an end. */
const restSlackMs = 120_000

/** Empty; the caller loads it. */
export function createMetricsState(deps: MetricsStateDeps, log: Pending): MetricsMemory {
  const { config, memory, clock, logger, instruments } = deps
  const engine = deps.engines.clickhouse
  const pendingAgeMs = (): number => log.backlog().oldestMs
  const limits = {
    perTenantMax: config.seriesMax,
    totalMax: defaultSeriesLimits.totalMax,
    wireCacheBytesMax: Math.floor(memory.registryBytes / 4),
  }
  const registry = new SeriesRegistry(limits, randomInt(2 ** 32))
  const hidden = new Hidden(clock)
  const rollups = createRollups({ engine, registry, hidden, log, clock, logger: logger.child('rollups'), instruments })
  const head = new Head({
    sizeBytesMax: memory.headBytes,
    clock,
    pendingAgeMs,
    onAppend: (refs, timesMs, count) => rollups.marks.note(refs, timesMs, count),
  })
  registry.holdsRefs(head)
  const { unseenMinutesMax, usedBytesMax } = expiryLimits(deps)
  return {
    registry,
    head,
    histograms: new HistogramHead(headHistogramsMax, { clock, pendingAgeMs }),
    sets: new SetsHead(registry, { clock, pendingAgeMs }),
    metadata: new MetadataStore(),
    hidden,
    past: new PastSeries({ engine, registry, clock, hidden }),
    pastNames: new PastNames({ engine, clock, hidden }),
    rollups,
    load: { nowMinute: Math.floor(clock.nowMs() / 60_000), unseenMinutesMax, rowsMax: Math.floor(usedBytesMax / loadedSeriesBytes) },
  }
}

/** When series leave memory. */
export function expiryLimits({ config, memory }: Pick<MetricsStateDeps, 'config' | 'memory'>): {
  unseenMinutesMax: number
  usedBytesMax: number
  restMs: number
} {
  return {
    unseenMinutesMax: config.seriesUnseenHours * 60,
    // What is left for series beside the caches of label bytes.
    usedBytesMax: Math.floor(memory.registryBytes / 2),
    restMs: config.queryTimeoutSec * 1000 + restSlackMs,
  }
}
