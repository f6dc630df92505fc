/** Traces: what other screens show of them. */
export { TraceRetention } from './TraceRetention.tsx'
export { TracesEmpty } from './TracesEmpty.tsx'
