/** Rows of the list: joined from the live tail and what was there before, and as a file. Pure. */
import type { LogRow } from '@bellwether/protocol'
import { writeCsv } from '../../lib/csv.ts'
import { columnValue } from './log-fields.ts'
import { severityText } from './severity.ts'

/** Rows of the tail, newest first, and below them those that were there before, each row once. */
export function joinRows(tail: readonly LogRow[], before: readonly LogRow[]): readonly LogRow[] {
  if (tail.length === 0) return before
  const seen = new Set(tail.map(({ id }) => id))
  return [...tail, ...before.filter(({ id }) => !seen.has(id))]
}

export function csvOf(rows: readonly LogRow[], columns: readonly string[]): string {
  return writeCsv(
    ['time', 'severity', 'service', ...columns, 'message'],
    rows.map((row) => [
      row.timestamp,
      severityText(row.severity),
      row.service,
      ...columns.map((field) => columnValue(row, field)),
      row.body,
    ]),
  )
}

/** One row a line. */
export function jsonLinesOf(rows: readonly LogRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}
