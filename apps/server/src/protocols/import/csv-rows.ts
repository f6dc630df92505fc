/** CSV to rows: a header, then a row a line; quotes, separators in quotes and line feeds in quotes as RFC 4180 has them. */
import { Readable } from 'node:stream'
import { type Parser, parse } from 'csv-parse'
import { AppError } from '../../kernel/errors.ts'
import { shown } from '../decode/label-text.ts'
import { importMapping } from './errors.ts'
import { boundedCsv } from './csv-bounds.ts'
import { lineBytesMax } from './limits.ts'
import { mappedRow, type RowContext, refused, type TimeBounds } from './mapped-row.ts'
import { findMapping } from './mapping.ts'
import type { ImportMapping, RefusedRow } from './ports.ts'
import type { ImportRow, RowReader } from './rows.ts'

interface Parsed {
  readonly record: string[]
  readonly info: { readonly lines: number }
}

const byteOrderMark = '\u{feff}'

/** Errors while reading: `import.mapping`, also for bytes that are no CSV at all. */
export function csvRows(body: AsyncIterable<Uint8Array>, given: ImportMapping, bounds: TimeBounds): RowReader {
  /** Rows that are no CSV, by line; the parser is ahead of who reads from it. */
  const skipped: (RefusedRow & { readonly kind: 'refused' })[] = []
  let lines = 0
  const delimiter = given.delimiter ?? ','
  const parser: Parser = parse({
    info: true,
    delimiter,
    // Each of them ends a record, as it does for `boundedCsv`.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: lineBytesMax,
    skip_records_with_error: true,
    on_skip(error) {
      if (error !== undefined)
        skipped.push({ kind: 'refused', line: parser.info.lines, reason: 'malformed_line', text: shown(error.message) })
      return undefined
    },
  })
  const source = Readable.from(boundedCsv(body, delimiter))
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)

  async function* rows(): AsyncGenerator<ImportRow> {
    let header: Map<string, number> | null = null
    let context: RowContext | null = null
    try {
      for await (const parsed of parser) {
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the option `info` makes records of this shape
        const { record, info } = parsed as Parsed
        while ((skipped[0]?.line ?? Infinity) < info.lines) yield* skipped.splice(0, 1)
        lines = info.lines
        if (header === null) {
          header = headerOf(record)
          continue
        }
        const at = header
        const cells = (column: string): string | null => record[at.get(column) ?? -1] ?? null
        if (context === null) {
          const columns = [...header.keys()]
          yield { kind: 'columns', columns }
          const found = findMapping(columns, cells, given)
          context = { found, given, bounds }
          yield { kind: 'mapping', mapping: found }
        }
        if (record.length > header.size)
          yield refused(lines, 'malformed_line', `the row has ${record.length} cells; the header has ${header.size}`)
        else yield* mappedRow(lines, cells, context)
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError(importMapping, { publicText: `The file cannot be read as CSV: ${messageOf(error)}.`, cause: error })
    } finally {
      source.destroy()
      parser.destroy()
    }
    yield* skipped.splice(0)
    if (header === null) throw new AppError(importMapping, { publicText: 'The file is empty: not even a header is there.' })
  }
  return { rows: rows(), lines: () => lines }
}

function headerOf(record: readonly string[]): Map<string, number> {
  const header = new Map<string, number>()
  record.forEach((cell, index) => {
    const column = index === 0 && cell.startsWith(byteOrderMark) ? cell.slice(1) : cell
    if (column.trim() === '') throw new AppError(importMapping, { publicText: `Column ${index + 1} has no name in the header.` })
    if (header.has(column)) throw new AppError(importMapping, { publicText: `Two columns have the name ${shown(column)}.` })
    header.set(column, index)
  })
  return header
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
