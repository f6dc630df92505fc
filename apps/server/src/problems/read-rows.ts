/** Results of the engine as objects, and the conditions that say whose rows are read. */
import type { ClickHouse, NativeColumn } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Shown } from '../logs/index.ts'

export type Engine = Pick<ClickHouse, 'queryNative'>

export interface Statement {
  readonly sql: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
}

/** A value of a result: numbers of 64 bits as doubles, exact below 2^53. */
export type Cell = string | number | readonly Cell[] | ReadonlyMap<string, string>

export type Row = Readonly<Record<string, Cell>>

/** Every read of counts goes through here. */
export function ofScope(scope: Scope): string {
  return `org = ${scope.organizationId} AND project IN (${scope.projectIds.join(',')})`
}

/** Every read of rows of logs goes through here: those of the reader's projects that retention does not hide. */
export function shownLogsOf(scope: Scope, shown: Shown): string {
  const hidden = shown.shownSql(scope, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, 'rows')
  return hidden === null ? ofScope(scope) : `${ofScope(scope)} AND ${hidden}`
}

export async function readRows(engine: Engine, { sql, params, signal }: Statement): Promise<Row[]> {
  const rows: Row[] = []
  for await (const block of engine.queryNative({ sql, ...(params === undefined ? {} : { params }), class: 'interactive', signal }))
    for (let row = 0; row < block.rows; row++)
      rows.push(Object.fromEntries(block.columns.map((column, index) => [block.names[index] ?? '', cellOf(column, row)])))
  return rows
}

function cellOf(column: NativeColumn, row: number): Cell {
  switch (column.kind) {
    case 'w64': {
      const high = column.data[row * 2 + 1] ?? 0
      return (column.signed ? high | 0 : high) * 0x1_0000_0000 + (column.data[row * 2] ?? 0)
    }
    case 'array': {
      const cells: Cell[] = []
      for (let at = column.offsets[row - 1] ?? 0; at < (column.offsets[row] ?? 0); at++) cells.push(cellOf(column.inner, at))
      return cells
    }
    case 'map': {
      const pairs = new Map<string, string>()
      for (let at = column.offsets[row - 1] ?? 0; at < (column.offsets[row] ?? 0); at++)
        pairs.set(textAt(column.keys, at), textAt(column.values, at))
      return pairs
    }
    case 'string':
      return column.data[row] ?? ''
    default:
      return column.data[row] ?? 0
  }
}

function textAt(column: NativeColumn, row: number): string {
  const cell = cellOf(column, row)
  return typeof cell === 'string' ? cell : ''
}

export function textCell(row: Row, name: string): string {
  const cell = row[name]
  return typeof cell === 'string' ? cell : ''
}

export function numberCell(row: Row, name: string): number {
  const cell = row[name]
  return typeof cell === 'number' ? cell : 0
}

export function pairsCell(row: Row, name: string): ReadonlyMap<string, string> {
  const cell = row[name]
  return cell instanceof Map ? (cell as ReadonlyMap<string, string>) : new Map()
}
