/** Ingest keys. */
export { keysQuery, usableKey } from './keys.queries.ts'
