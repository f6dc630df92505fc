/** Traces: how long they are kept, what is counted of them, and what is asked of them. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { Tenant } from '../kernel/scope.ts'
import { MetricsBatch, normalizeLabels } from '../metrics/index.ts'
import type { SignalBatch } from '../signals/index.ts'
import {
  latencyMetric,
  SpanMetrics,
  type SpanMetricSink,
  countedSpans,
  createTraceReads,
  SpansBatch,
  TraceKeeper,
  TracingSystem,
  type TraceKeeperDeps,
  type TraceReads,
} from '../traces/index.ts'
import type { MetricsPath } from './metrics.ts'
import type { SignalParts } from './signals.ts'

export interface TracesPartDeps {
  readonly engines: { readonly clickhouse: ClickHouse; readonly postgres: { readonly pool: TraceKeeperDeps['pool'] } }
  readonly clock: Clock
  readonly logger: Logger
}

type Fed = Pick<MetricsPath, 'aggregates' | 'ingest'>

export interface Traces {
  readonly system: TracingSystem
  readonly keeper: TraceKeeper
  readonly reads: TraceReads
  /** What happens to every batch of spans, beside what other parts do. */
  readonly parts: SignalParts
  /** Metrics are there from now on: spans become some. */
  feed(metrics: Fed): void
  /** Before rows come into a batch: how long they are kept. */
  prepare(batch: SignalBatch): void
}

/** Before the first span comes. Errors: `traces.retention_unavailable`. */
export async function composeTraces({ engines, clock, logger }: TracesPartDeps, resources: ResourceScope): Promise<Traces> {
  const keeper = resources.use(new TraceKeeper({ pool: engines.postgres.pool, clock, logger: logger.child('traces') }))
  await keeper.open()
  const fed: { metrics: Fed | null } = { metrics: null }
  const spanMetrics = new SpanMetrics({ sinkOf: (tenant) => (fed.metrics === null ? null : sinkOf(fed.metrics, tenant, logger)), clock })
  const reads = createTraceReads({ keeping: keeper, clock })
  return {
    system: new TracingSystem({ engine: engines.clickhouse, reads, clock }),
    keeper,
    reads,
    parts: { stages: [], derived: [countedSpans], observers: [spanMetrics], processed: [spanMetrics] },
    feed(metrics) {
      fed.metrics = metrics
      // Its last exemplars are written while metrics still are.
      resources.use(spanMetrics)
    },
    prepare(batch) {
      if (batch instanceof SpansBatch) batch.keepDays = keeper.keepDays(batch.tenant.organizationId, batch.tenant.projectId)
    },
  }
}

function sinkOf({ aggregates, ingest }: Fed, tenant: Tenant, logger: Logger): SpanMetricSink {
  const own = aggregates.of(tenant)
  return {
    find(type, pairs, unit) {
      const normalized = normalizeLabels(pairs)
      const found = normalized.type === 'reject' ? normalized : own.find(type, normalized.labels, unit)
      return found.type === 'reject' ? null : found.handle
    },
    increment: (handle, amount) => own.increment(handle, amount),
    observe: (handle, value, weight) => own.observe(handle, value, weight),
    async addExemplars(exemplars) {
      const batch = new MetricsBatch()
      batch.reset(tenant)
      for (const { labels, timeMs, seconds, traceId, spanId } of exemplars) {
        const normalized = normalizeLabels([['__name__', latencyMetric], ...labels])
        const seriesRef = normalized.type === 'reject' ? -1 : ingest.series.resolve(tenant, normalized.labels)
        if (seriesRef >= 0) batch.exemplars.push({ seriesRef, timeMs, value: seconds, labels: [], traceId, spanId })
      }
      if (batch.exemplars.length === 0) return
      await ingest.accept(batch, 0).catch((error: unknown) => logger.debug('exemplars of spans were not written', { error: String(error) }))
    },
  }
}
