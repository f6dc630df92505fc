/** Inserts into the mirror of strings, so that the engine can say what the ids in rows of series mean. */
import type { TableInsert } from '../../ingest/index.ts'
import { putInt64 } from '../samples/sample-value.ts'
import type { StringRow } from '../strings/series-strings.ts'
import { stringsTable } from '../tables.ts'
import { tableInsert, text, u32, w64 } from './key-columns.ts'

/** Each string once, in the table's order. */
export function stringInserts(strings: readonly StringRow[]): TableInsert[] {
  const sorted = strings.toSorted((a, b) => a.organizationId - b.organizationId || a.id - b.id)
  const rows = sorted.filter(({ organizationId, id }, i) => id !== sorted[i - 1]?.id || organizationId !== sorted[i - 1]?.organizationId)
  if (rows.length === 0) return []
  const ids = new Uint32Array(rows.length * 2)
  rows.forEach(({ id }, row) => putInt64(ids, row, id))
  return [
    tableInsert(stringsTable, rows.length, [
      u32(
        'org',
        Uint32Array.from(rows, ({ organizationId }) => organizationId),
      ),
      w64('id', 'UInt64', ids),
      text(
        'use_case',
        rows.map(({ useCaseId }) => useCaseId),
      ),
      text(
        'string',
        rows.map(({ string }) => string),
      ),
    ]),
  ]
}
