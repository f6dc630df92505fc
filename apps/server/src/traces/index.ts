/** Spans and traces. Public face of the domain. */
export { SpansBatch, spansSchema } from './schema.ts'
export * from './limits.ts'
export { roleOf, SpanFacts, spanRoles } from './span-facts.ts'
export { weightOfTraceState } from './trace-state.ts'
export { countedSpans } from './counted/index.ts'
export { tracesMigrations } from './tables.ts'
