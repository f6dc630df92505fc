/** Everything numeric: series, samples, metadata. Public face of the domain; see ports.ts for the vocabulary. */
export * from './model.ts'
export * from './ports.ts'
export { MetricsBatch } from './batch/metrics-batch.ts'
