/** Everything that is made of logs beyond rows, behind one door; completion, check and difference also of spans. */
import type { SearchSignal } from '@bellwether/protocol'
import type { Pool } from 'pg'
import type { ClickHouse } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { completeSearch, sqlString, type MatchBudget } from '../../search/index.ts'
import type { SignalObserver, SignalStage } from '../../signals/index.ts'
import { searchFieldsOf, severityNames } from '../fields.ts'
import type { LogManager } from '../log-manager.ts'
import type { Shown } from '../ports.ts'
import { logsTable } from '../tables.ts'
import { logFieldsFor, rowsOf } from '../where.ts'
import { DifferenceFinder } from './difference/difference.ts'
import { LogMetricRules } from './metrics/metric-rules.ts'
import { LogMetricObserver, type MetricSink } from './metrics/metric-observer.ts'
import { PatternQuery } from './patterns/pattern-query.ts'
import { Patterns } from './patterns/pattern-stage.ts'
import { PatternStore } from './patterns/pattern-store.ts'
import type { LogAnalysis, SearchedRows } from './ports.ts'
import { SearchHelp } from './search-help.ts'
import { SavedViewStore } from './views/saved-views.ts'

export interface LogAnalysisDeps {
  /** Of the work of matchers in memory, shared with live tails. */
  readonly budget: MatchBudget
  readonly engine: ClickHouse
  /** Stays the caller's. */
  readonly pool: Pool
  readonly clock: Clock
  readonly logger: Logger
  readonly logs: Pick<LogManager, 'values'>
  readonly shown: Shown
  readonly spans: SearchedRows
  /** Where metrics from logs go; null while metrics are not there yet. */
  readonly sinkOf: (tenant: Tenant) => MetricSink | null
}

/** The domain's parts at work. Disposing writes what patterns learned. */
export interface OpenedLogAnalysis extends AsyncDisposable {
  readonly desk: LogAnalysis
  /** For every batch of logs, after scrubbing: patterns. */
  readonly stages: readonly SignalStage[]
  /** For every batch that is durable, those that waited unread among them: metrics. */
  readonly observers: readonly SignalObserver[]
}

/** Before the first row comes. Errors: the engine's, `logs.analysis_unavailable`. */
export async function openLogAnalysis(deps: LogAnalysisDeps, signal: AbortSignal): Promise<OpenedLogAnalysis> {
  const { engine, pool, clock, logger } = deps
  const patterns = new Patterns()
  const store = new PatternStore({ engine, patterns, clock, logger })
  const observer = new LogMetricObserver(deps.sinkOf, deps.budget)
  // Rows in memory are those of the tenant that sends them; nothing is read from the engine by these fields.
  const rules = new LogMetricRules({ pool, clock, logger, observer, fields: searchFieldsOf(() => '0') })
  await store.open(signal)
  await rules.open()
  return {
    stages: [patterns],
    observers: [observer],
    desk: deskOf(deps, patterns, rules),
    async [Symbol.asyncDispose]() {
      await rules[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

function deskOf(deps: LogAnalysisDeps, patterns: Patterns, metrics: LogMetricRules): LogAnalysis {
  const { engine, clock, shown } = deps
  const rows: Readonly<Record<SearchSignal, SearchedRows>> = { logs: searchedLogs(deps), spans: deps.spans }
  const difference = new DifferenceFinder({ engine, rows, clock })
  const help = new SearchHelp({ engine, rows, clock })
  const counted = new PatternQuery({ engine, patterns, shown, clock })
  return {
    metrics,
    views: new SavedViewStore(deps.pool),
    patterns: (scope, request, signal) => counted.patterns(scope, request, signal),
    difference: (scope, request, signal) => difference.find(scope, request, signal),
    complete: (scope, request, signal) => {
      const source = rows[request.signal]
      return completeSearch(request.text, request.cursor, { fields: source.fields(scope), values: source.values(scope, signal) })
    },
    check: (scope, request, signal) => help.check(scope, request, signal),
    hints: (scope, request, signal) => help.hints(scope, request, signal),
    parts: (scope, request, signal) => help.parts(scope, request, signal),
  }
}

const comparedWords = ['service', 'host', 'environment', 'release', 'scope', 'source']

function searchedLogs({ logs, shown }: Pick<LogAnalysisDeps, 'logs' | 'shown'>): SearchedRows {
  const names = `[${severityNames.map(sqlString).join(', ')}]`
  return {
    table: logsTable,
    fields: logFieldsFor,
    rowsOf: (scope, range) => rowsOf(scope, range, shown),
    values: (scope, signal) => logs.values(scope, signal),
    comparedColumns: [
      { field: 'severity', sql: `arrayElement(${names}, intDiv(severity + 3, 4) + 1)` },
      ...comparedWords.map((name) => ({ field: name, sql: name })),
      { field: 'pattern', sql: `if(pattern = 0, '', leftPad(lower(hex(pattern)), 16, '0'))` },
      { field: 'problem', sql: `if(problem = 0, '', leftPad(lower(hex(problem)), 16, '0'))` },
    ],
  }
}
