/**
 * Statements that show whether the engine has an insert: they ask for its first and last row of every partition (of strings for all), by
 * the columns that begin the table's sort order, so that few granules are read.
 */
import type { ClickHouse, NativeWriteColumn } from '../../engines/index.ts'
import type { InsertProbe } from '../../ingest/index.ts'
import { hoursPerPartition } from '../limits.ts'
import { seriesTable, stringsTable } from '../tables.ts'

const timeKey = ['org', 'project', 'metric', 'hour', 'series', 'ts']

/** Columns that find a row, by table. */
const keyByTable: ReadonlyMap<string, readonly string[]> = new Map([
  ['samples', timeKey],
  ['histograms', timeKey],
  ['exemplars', timeKey],
  [seriesTable, ['org', 'project', 'series']],
  [stringsTable, ['org', 'id']],
  ['metric_metadata', ['org', 'project', 'name']],
])

/** Strings asked for by one probe. A statement has room for some ten thousand. */
const probedStringsMax = 4096

/** A value as SQL. Text goes as its bytes in hexadecimal, so there is nothing to escape. */
function literal({ values }: NativeWriteColumn, row: number): string {
  if (values.kind === 'u32') return String(values.data[row])
  if (values.kind === 'string') return `unhex('${Buffer.from(values.data[row] ?? '', 'utf8').toString('hex')}')`
  if (values.kind !== 'w64') throw new Error(`a key cannot be a ${values.kind}`)
  const high = (values.data[row * 2 + 1] ?? 0).toString(16)
  return `0x${high}${(values.data[row * 2] ?? 0).toString(16).padStart(8, '0')}`
}

/** First and last row of every partition. Rows of one partition mostly stand together. */
function endsOf(hours: Uint32Array): Set<number> {
  const lastByPartition = new Map<number, number>()
  const out = new Set<number>()
  let current = -1
  for (let row = 0; row <= hours.length; row++) {
    if (row > 0 && row < hours.length && hours[row] === hours[row - 1]) continue
    const partition = row === hours.length ? -1 : Math.floor((hours[row] ?? 0) / hoursPerPartition)
    if (partition === current) continue
    if (current !== -1) lastByPartition.set(current, row - 1)
    if (partition !== -1 && !lastByPartition.has(partition)) out.add(row)
    current = partition
  }
  for (const row of lastByPartition.values()) out.add(row)
  return out
}

/** All rows, or as many as a probe may ask for, spread over all of them: first and last included. */
function spread(rows: number): Set<number> {
  const count = Math.min(rows, probedStringsMax)
  return new Set(Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * (rows - 1)) / (count - 1)))))
}

/** Another insert may have brought some of the strings, so the first and the last do not speak for those between. */
function probedRows(table: string, rows: number, columns: readonly NativeWriteColumn[]): Set<number> {
  if (table === stringsTable) return spread(rows)
  const hours = columns.find((column) => column.name === 'hour')?.values
  return hours?.kind === 'u32' ? endsOf(hours.data.subarray(0, rows)) : new Set([0, rows - 1])
}

/** For an insert of `rows` rows, at least one. Times are not before 1970. */
export function probeOf(table: string, rows: number, columns: readonly NativeWriteColumn[]): InsertProbe {
  const names = keyByTable.get(table)
  if (names === undefined) throw new Error(`no key for the table ${table}`)
  const key = names.map((name) => columns.find((column) => column.name === name)).filter((column) => column !== undefined)
  const tuples = new Set([...probedRows(table, rows, columns)].map((row) => `(${key.map((column) => literal(column, row)).join(',')})`))
  const list = names.join(', ')
  return { sql: `SELECT uniqExact(${list}) FROM ${table} WHERE (${list}) IN (${[...tuples].join(',')})`, rows: tuples.size }
}

/** Whether the engine has all rows of the probe. Errors: the engine's. */
export async function isThere(engine: Pick<ClickHouse, 'queryNative'>, probe: InsertProbe, signal: AbortSignal): Promise<boolean> {
  let found = 0
  for await (const block of engine.queryNative({ sql: probe.sql, class: 'internal', signal })) {
    const count = block.columns[0]
    if (count?.kind !== 'w64') throw new Error('unexpected columns of a probe')
    if (block.rows > 0) found = count.data[0] ?? 0
  }
  return found >= probe.rows
}
