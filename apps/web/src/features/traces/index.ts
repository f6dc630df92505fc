/** Traces: what other screens show of them. */
export { TraceRetention } from './TraceRetentionSection.tsx'
export { TracesEmpty } from './TracesEmpty.tsx'
export { writeRange } from './model/compare-sides.ts'
