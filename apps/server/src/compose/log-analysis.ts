/** What is made of logs beyond rows, joined to the metrics that it feeds and the spans that it also compares. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import {
  logFieldsFor,
  openLogAnalysis,
  sampledValues,
  type LogAnalysis,
  type LogAnalysisDeps,
  type MetricSink,
  type SearchedRows,
} from '../logs/index.ts'
import { hashMember, normalizeLabels, type Aggregates } from '../metrics/index.ts'
import { sqlString } from '../search/index.ts'
import type { SignalObserver, SignalStage } from '../signals/index.ts'
import { kindNames, spanFieldsOf, spansSchema, statusNames, type TraceReads } from '../traces/index.ts'

export interface LogAnalysisPartDeps extends Pick<LogAnalysisDeps, 'logs' | 'shown' | 'budget'> {
  readonly engines: { readonly clickhouse: ClickHouse; readonly postgres: { readonly pool: LogAnalysisDeps['pool'] } }
  readonly spanReads: Pick<TraceReads, 'spans'>
  readonly clock: Clock
  readonly logger: Logger
}

export interface LogAnalysisPart {
  readonly desk: LogAnalysis
  readonly stages: readonly SignalStage[]
  readonly observers: readonly SignalObserver[]
  /** Metrics are there from now on. */
  feed(aggregates: Aggregates): void
}

const openTimeoutMs = 60_000

/** Before the first row comes. Errors: the engine's, `logs.analysis_unavailable`. */
export async function composeLogAnalysis(deps: LogAnalysisPartDeps, resources: ResourceScope): Promise<LogAnalysisPart> {
  const { engines, logs, shown, budget, spanReads, clock, logger } = deps
  const fed: { aggregates: Aggregates | null } = { aggregates: null }
  const opened = resources.use(
    await openLogAnalysis(
      {
        engine: engines.clickhouse,
        pool: engines.postgres.pool,
        logs,
        shown,
        budget,
        spans: searchedSpans(engines.clickhouse, spanReads, clock),
        sinkOf: (tenant) => (fed.aggregates === null ? null : sinkOf(fed.aggregates, tenant)),
        clock,
        logger: logger.child('logs'),
      },
      AbortSignal.timeout(openTimeoutMs),
    ),
  )
  return {
    desk: opened.desk,
    stages: opened.stages,
    observers: opened.observers,
    feed(aggregates) {
      fed.aggregates = aggregates
    },
  }
}

function sinkOf(aggregates: Aggregates, tenant: Tenant): MetricSink {
  const own = aggregates.of(tenant)
  const hash = { low: 0, high: 0 }
  return {
    find(kind, pairs, unit) {
      const normalized = normalizeLabels(pairs)
      return normalized.type === 'reject' ? normalized : own.find(kind, normalized.labels, unit)
    },
    increment: (handle, amount) => own.increment(handle, amount),
    setGauge: (handle, value) => own.setGauge(handle, value),
    observe: (handle, value, weight) => own.observe(handle, value, weight),
    addMember(handle, member) {
      hashMember(member, hash)
      return own.addMember(handle, hash.low, hash.high)
    },
    refuse: (reason, points) => own.refuse(reason, points),
  }
}

const comparedWords = [
  'service',
  'name',
  'http_method',
  'http_route',
  'db_system',
  'db_operation',
  'peer',
  'host',
  'environment',
  'release',
  'scope',
  'source',
]

/** Between which powers of two milliseconds, as a range of the search language. */
const power = 'pow(2, floor(log2(duration / 1000000)))'
const durationRange = `if(duration = 0, '', concat(toString(${power}), 'ms..', toString(2 * ${power}), 'ms'))`

/** Spans as the desk searches, completes and compares them. */
export function searchedSpans(engine: ClickHouse, reads: Pick<TraceReads, 'spans'>, clock: Clock): SearchedRows {
  const named = (names: readonly string[], column: string): string => `arrayElement([${names.map(sqlString).join(', ')}], ${column} + 1)`
  const rows = {
    table: spansSchema.table,
    // Resources of spans and logs are one table.
    fields: (scope: Scope) => spanFieldsOf((condition) => logFieldsFor(scope).resources?.sqlOf(condition) ?? '0'),
    rowsOf: reads.spans,
  }
  return {
    ...rows,
    values: (scope, signal) => sampledValues({ engine, rows, nowMs: () => clock.nowMs() }, scope, signal),
    comparedColumns: [
      ...comparedWords.map((name) => ({ field: name, sql: name })),
      { field: 'duration', sql: durationRange },
      { field: 'status', sql: named(statusNames, 'status') },
      { field: 'kind', sql: named(kindNames, 'kind') },
      { field: 'http_status', sql: `if(http_status = 0, '', toString(http_status))` },
    ],
  }
}
