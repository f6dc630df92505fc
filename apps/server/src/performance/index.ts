/** Performance of operations: figures, findings, deploys, reports. Public face of the domain; see ports.ts. */
export { openPerformance, type OpenedPerformance, type PerformanceDeps } from './open.ts'
export { PerformanceAnalyzer, type Look } from './analyzer.ts'
export { PerformanceMetric } from './performance-metric.ts'
export { performanceMigrations } from './migrations.ts'
export type {
  Deploy,
  DeployDraft,
  Finding,
  OperationChange,
  OperationFigures,
  OperationOfPeriod,
  OperationSummary,
  OperationTrend,
  Performance,
  PerformanceReport,
  SpanKind,
} from './ports.ts'
