/** Everything that takes a scope, called with one: the walk of tenants asks it of both organizations. */
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { usageOf, listLetters } from '../../../apps/server/src/api/ingest-desk.ts'
import type { MetricsStore, SeriesScan } from '../../../apps/server/src/metrics/index.ts'
import { nowMs, theirRule, theirWord, type ApiStack } from './api-stack.ts'
import { performanceCalls } from './performance-of-stack.ts'
import { problemCalls } from './problems-of-stack.ts'
import { analysisCalls, signalCalls } from './signals-of-stack.ts'

const all = { matchers: [], fromMs: 0, toMs: nowMs + 86_400_000, limit: 0 }
const options = { class: 'interactive', timeoutMs: null, lookbackMs: null } as const
const everything = '{__name__=~".+"}'
const matchAll = [{ name: '__name__', op: '=~', value: '.+' }] as const
const membersOfAll = { matchers: matchAll, fromMs: nowMs - 600_000, toMs: nowMs + 60_000, stepMs: null, groupBy: [theirWord] }
const range = { startMs: nowMs - 600_000, endMs: nowMs + 600_000, stepMs: 60_000 }
const signal = new AbortController().signal
const hint = { func: 'last', startMs: nowMs - 600_000, endMs: nowMs + 60_000, stepMs: 60_000, windowMs: 300_000 } as const
/** All that a scan of the head has: names and values. */
function scanned(scan: SeriesScan | null): unknown {
  if (scan === null) return null
  using held = scan
  return held.labels.map((labels, series) => [labels, structuredClone(held.read(series))])
}

/** One call for each method; a new method without one fails the walk. `cold` reads from the engine alone. */
export function scopedCalls(
  stack: ApiStack,
  { access, cold }: { readonly access: Access; readonly cold: MetricsStore },
): Record<string, Record<string, () => unknown>> {
  const { scope } = access
  const { query, metrics } = stack
  const budget = { seriesMax: 1000, samplesMax: 10_000 }
  return {
    query: {
      instant: () => query.instant(scope, { query: everything, timeMs: nowMs, ...options }, signal),
      range: () => query.range(scope, { query: everything, ...range, ...options }, signal),
      labelNames: () => query.labelNames(scope, all),
      labelValues: () => query.labelValues(scope, '__name__', all),
      series: () => query.series(scope, { ...all, matchers: [matchAll] }),
      metadata: () => query.metadata(scope, null, 0),
      metrics: () => query.metrics(scope),
      allLabelNames: () => query.allLabelNames(scope, all, signal),
      allLabelValues: () => query.allLabelValues(scope, { ...all, label: '__name__' }, signal),
      allSeries: () => query.allSeries(scope, { ...all, matchers: [matchAll] }, signal),
      allMetrics: () => query.allMetrics(scope, signal),
    },
    store: {
      select: () => metrics.store.select(scope, { matchers: matchAll, fromMs: 0, toMs: nowMs + 60_000 }, { ...budget, signal }),
      scan: () => scanned(metrics.store.scan?.(scope, { matchers: matchAll, fromMs: 0, toMs: nowMs + 60_000 }, budget) ?? null),
      grid: () => cold.grid?.(scope, { matchers: matchAll, fromMs: hint.startMs, toMs: hint.endMs, hint }, { ...budget, signal }),
    },
    uniques: {
      countUnique: () => metrics.uniques.countUnique(scope, membersOfAll, { ...budget, signal }),
      isSet: () => (metrics.uniques.isSet(scope, `${theirWord}_visitors`) ? `${theirWord} is a set` : 'no set'),
    },
    cold: { select: () => cold.select(scope, { matchers: matchAll, fromMs: 0, toMs: nowMs + 60_000 }, { ...budget, signal }) },
    catalog: {
      labelNames: () => metrics.catalog.labelNames(scope, { matchers: [], fromMs: 0, toMs: all.toMs, limit: 1000 }),
      labelValues: () => metrics.catalog.labelValues(scope, '__name__', { matchers: [], fromMs: 0, toMs: all.toMs, limit: 1000 }),
      series: () => metrics.catalog.series(scope, { matchers: [matchAll], fromMs: 0, toMs: all.toMs, limit: 1000 }),
      metadata: () => metrics.catalog.metadata(scope, null, 1000),
      metrics: () => metrics.catalog.metrics(scope),
      allLabelNames: () => metrics.catalog.allLabelNames(scope, { matchers: [], fromMs: 0, toMs: all.toMs, limit: 1000 }, signal),
      allLabelValues: () =>
        metrics.catalog.allLabelValues(scope, { label: '__name__', matchers: [], fromMs: 0, toMs: all.toMs, limit: 1000 }, signal),
      allSeries: () => metrics.catalog.allSeries(scope, { matchers: [matchAll], fromMs: 0, toMs: all.toMs, limit: 1000 }, signal),
      allMetrics: () => metrics.catalog.allMetrics(scope, signal),
    },
    retention: {
      get: () => stack.retention.get(access),
      deletions: () => stack.retention.deletions(access),
      preview: () => stack.retention.preview(access, { days: 1, rollupDays: null, rules: [] }, signal),
      count: () => stack.retention.count(access, [[...matchAll]], signal),
    },
    scrubbing: { get: () => stack.scrubbing.get(access) },
    cardinality: {
      overview: () => stack.cardinality.overview(scope, 'samples', 1000),
      metric: () => stack.cardinality.metric(scope, theirWord),
      preview: () => stack.cardinality.preview(access, { ...theirRule, match: { kind: 'pattern', value: '.*' } }),
      rules: () => stack.cardinality.rules.list(access),
    },
    performance: performanceCalls(stack.performance, { access, finding: stack.theirs.finding, signal }),
    ...signalCalls(stack.signals, { access, row: stack.theirs.event, word: theirWord, signal }),
    logAnalysis: analysisCalls(stack.signals.logs.analysis.desk, { access, word: theirWord, signal }),
    problems: problemCalls(stack.problems, { access, theirs: stack.theirs, word: theirWord, signal }),
    ingest: {
      usage: () => usageOf(scope, metrics.conservation.rows()),
      letters: () => listLetters(scope, { list: async () => stack.letters, replay: async () => stack.letters[0]! }),
    },
  }
}
