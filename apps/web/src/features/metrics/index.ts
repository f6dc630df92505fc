/** Metrics: names, queries, the explorer. */
export { instantQuery, metricsQuery, rangeQuery, prometheusPath } from './metrics.queries.ts'
export type { InstantResult, RangeResult } from './prometheus.ts'
