/** Queries: PromQL and operations on metrics, within the limits of the settings. */
import type { Config } from '../config/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import { OperationsConfiguration } from '../naming/index.ts'
import { createPromqlEngine } from '../promql/index.ts'
import {
  createMetricOperations,
  createMetricsQuery,
  defaultQueryLimits,
  type MetricOperations,
  type MetricsQuery,
  type QueryLimitsByClass,
} from '../query/index.ts'
import type { MetricsPath } from './metrics.ts'

export function createQuery(config: Config, metrics: MetricsPath, instruments: Registry): MetricsQuery {
  return createMetricsQuery({
    engine: createPromqlEngine({ clock: systemClock }),
    store: metrics.store,
    catalog: metrics.catalog,
    clock: systemClock,
    instruments,
    limits: queryLimits(config),
  })
}

function queryLimits(config: Config): QueryLimitsByClass {
  const bounds = { samplesMax: config.querySamplesMax, seriesMax: config.querySeriesMax }
  const { interactive, background } = defaultQueryLimits
  return {
    interactive: { ...interactive, ...bounds, timeoutMs: config.queryTimeoutSec * 1000 },
    background: { ...background, ...bounds },
  }
}

export function createOperations(config: Config, { uniques }: MetricsPath, query: MetricsQuery): MetricOperations {
  const limits = queryLimits(config)
  return createMetricOperations({ query, unique: uniques, configuration: new OperationsConfiguration(), clock: systemClock, limits })
}
