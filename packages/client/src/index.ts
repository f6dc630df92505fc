/** Records metrics in Bellwether, from Node and from browsers. */
export { createMetricsCollector } from './collector.ts'
export type { Platform } from './platform.ts'
export type {
  CollectorStats,
  MetricSeries,
  MetricsCollector,
  MetricsCollectorOptions,
  MetricType,
  Observation,
  Refusal,
  Tags,
  TimeRange,
} from './types.ts'
