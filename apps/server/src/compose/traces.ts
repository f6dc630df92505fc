/** Traces: how long they are kept, what is counted of them, and what is asked of them. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { SignalBatch } from '../signals/index.ts'
import {
  countedSpans,
  createTraceReads,
  SpansBatch,
  TraceKeeper,
  TracingSystem,
  type TraceKeeperDeps,
  type TraceReads,
} from '../traces/index.ts'
import type { SignalParts } from './signals.ts'

export interface TracesPartDeps {
  readonly engines: { readonly clickhouse: ClickHouse; readonly postgres: { readonly pool: TraceKeeperDeps['pool'] } }
  readonly clock: Clock
  readonly logger: Logger
}

export interface Traces {
  readonly system: TracingSystem
  readonly keeper: TraceKeeper
  readonly reads: TraceReads
  /** What happens to every batch of spans, beside what other parts do. */
  readonly parts: SignalParts
  /** Before rows come into a batch: how long they are kept. */
  prepare(batch: SignalBatch): void
}

/** Before the first span comes. Errors: `traces.retention_unavailable`. */
export async function composeTraces({ engines, clock, logger }: TracesPartDeps, resources: ResourceScope): Promise<Traces> {
  const keeper = resources.use(new TraceKeeper({ pool: engines.postgres.pool, clock, logger: logger.child('traces') }))
  await keeper.open()
  const reads = createTraceReads({ keeping: keeper, clock })
  return {
    system: new TracingSystem({ engine: engines.clickhouse, reads, clock }),
    keeper,
    reads,
    parts: { stages: [], derived: [countedSpans], observers: [] },
    prepare(batch) {
      if (batch instanceof SpansBatch) batch.keepDays = keeper.keepDays(batch.tenant.organizationId, batch.tenant.projectId)
    },
  }
}
