/** Metrics: names, queries and their units. The explorer's page is loaded by its route. */
export { instantQuery, rangeQuery } from './metrics.queries.ts'
export { useMetrics } from './use-metrics.ts'
export { fillIntervals } from './promql-text.ts'
export { unitOfQuery } from './query-unit.ts'
