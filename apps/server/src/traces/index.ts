/** Spans and traces. Public face of the domain. */
export { SpansBatch, spansSchema } from './schema.ts'
