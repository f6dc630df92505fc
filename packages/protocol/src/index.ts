/**
 * Shapes of everything under `/api/0`: one schema each, shared by server, web and client library.
 * Ids are strings, times RFC 3339 in UTC, lists are pages. Requests are strict: an unknown field is an error.
 */
export * from './anatomy.ts'
export * from './auth.ts'
export * from './cardinality.ts'
export * from './collector.ts'
export * from './error.ts'
export * from './imports.ts'
export * from './ingest.ts'
export * from './lanes.ts'
export * from './list.ts'
export * from './log-analysis.ts'
export * from './metric-operations.ts'
export * from './metrics.ts'
export * from './performance.ts'
export * from './problems.ts'
export * from './prometheus.ts'
export * from './retention.ts'
export * from './search.ts'
export * from './system.ts'
export * from './targets.ts'
export * from './tenant.ts'
