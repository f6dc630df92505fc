/** The inserts of records, without the pauses in which they are made. */
import type { KindHandler, LogRecord, TableInsert } from '../../ingest/index.ts'

export function allInserts(handler: Pick<KindHandler, 'buildInserts'>, records: readonly LogRecord[], token: string): TableInsert[] {
  return [...handler.buildInserts(records, token)].filter((insert) => insert !== null)
}
