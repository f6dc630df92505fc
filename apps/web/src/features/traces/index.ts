/** Traces: what other screens show when no span has come yet. */
export { TracesEmpty } from './TracesEmpty.tsx'
