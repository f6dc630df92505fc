/** Runs queries within budgets; the place where promql and metrics meet. Public face of the domain. */
export { createMetricsQuery } from './metrics-query.ts'
export type {
  CatalogAnswer,
  CatalogRequest,
  InstantQuery,
  MetricsQuery,
  MetricsQueryDeps,
  QueryAnswer,
  QueryOptions,
  RangeQueryRequest,
} from './metrics-query.ts'
export { defaultQueryLimits, type ClassLimits, type QueryClass, type QueryLimitsByClass } from './limits.ts'
export { createMetricOperations, type MetricOperationsDeps } from './operations/evaluate.ts'
export { metricNotFound } from './operations/errors.ts'
export type {
  CountedBucket,
  MetricDescription,
  MetricOperations,
  OperationAnswer,
  OperationGroup,
  OperationQuery,
  OperationUnit,
  OperationValue,
  TagFilter,
} from './operations/ports.ts'
