/** Inserts into the mirror of strings, so that the engine can say what the ids in rows of series mean. */
import { createHash } from 'node:crypto'
import type { TableInsert } from '../../ingest/index.ts'
import { putInt64 } from '../samples/sample-value.ts'
import type { StringRow } from '../strings/series-strings.ts'
import { stringsTable } from '../tables.ts'
import { tableInsert, text, u32, w64 } from './key-columns.ts'

/**
 * Each string once, in the table's order. Which strings a segment brings depends on what the cache and the database answered, so the insert's
 * variant is made of their ids: the engine must not take other strings for a duplicate. One row twice is harmless, the table keeps one.
 */
export function stringInserts(strings: readonly StringRow[]): TableInsert[] {
  const sorted = strings.toSorted((a, b) => a.organizationId - b.organizationId || a.id - b.id)
  const rows = sorted.filter(({ organizationId, id }, i) => id !== sorted[i - 1]?.id || organizationId !== sorted[i - 1]?.organizationId)
  if (rows.length === 0) return []
  const ids = new Uint32Array(rows.length * 2)
  rows.forEach(({ id }, row) => putInt64(ids, row, id))
  const organizations = Uint32Array.from(rows, ({ organizationId }) => organizationId)
  const insert = tableInsert(stringsTable, rows.length, [
    u32('org', organizations),
    w64('id', 'UInt64', ids),
    text(
      'use_case',
      rows.map(({ useCaseId }) => useCaseId),
    ),
    text(
      'string',
      rows.map(({ string }) => string),
    ),
  ])
  return [{ ...insert, variant: createHash('sha256').update(organizations).update(ids).digest('hex').slice(0, 16) }]
}
