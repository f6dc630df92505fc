/** What is made of logs beyond rows: patterns, differences, metrics, saved views. Seen through the index of the domain. */
export type { ComparedColumn, LogAnalysis, SearchedRows } from './ports.ts'
export { openLogAnalysis, type LogAnalysisDeps, type OpenedLogAnalysis } from './log-analysis.ts'
export type { MetricSink } from './metrics/metric-observer.ts'
export { logAnalysisPostgresMigrations } from './migrations.ts'
export { sampledValues } from './sampled-values.ts'
export { logAnalysisMigrations } from './tables.ts'
