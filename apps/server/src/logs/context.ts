/** A row by its id, and what came right before and after it. */
import { AppError } from '../kernel/errors.ts'
import { sqlString } from '../search/index.ts'
import { msOf, wideLiteral } from '../signals/index.ts'
import { logNotFound } from './errors.ts'
import { beyondSql, type ListDeps } from './list.ts'
import { firstWindowRows, pageBytesMax } from './limits.ts'
import type { ContextKind, ContextRequest, LogContext, LogRow, Reading, TimeRange } from './ports.ts'
import { parseRowId, type RowKey } from './row-id.ts'
import { RowPage } from './row-reader.ts'
import { rowsOf } from './where.ts'
import { windowsOf } from './windows.ts'

/** How far from a row its neighbours are looked for, ms. */
const reachMs = 7 * 86_400_000

/** Errors: `logs.not_found`, the engine's. */
export async function readRow({ reader, shown }: ListDeps, { scope, signal }: Reading, id: string): Promise<LogRow> {
  const key = parseRowId(id)
  const ms = Math.floor(msOf(key.low, key.high))
  const where = `${rowsOf(scope, { fromMs: ms, toMs: ms + 1 }, shown)} AND ts = ${wideLiteral(key.low, key.high)} AND batch = ${key.batch} AND row = ${key.row}`
  const row = await reader.one(scope, where, signal)
  if (row === undefined) throw new AppError(logNotFound)
  return row
}

/** Errors: `logs.not_found`, the engine's. */
export async function readContext(deps: ListDeps, reading: Reading, request: ContextRequest): Promise<LogContext> {
  const row = await readRow(deps, reading, request.id)
  const same = sameSql(row, request.of)
  const side = (order: 'newest' | 'oldest', limit: number): Promise<Neighbours> =>
    neighbours(deps, reading, { key: parseRowId(row.id), same, order, limit })
  const [before, after] = await Promise.all([side('newest', request.before), side('oldest', request.after)])
  return {
    before: before.items.reverse(),
    row,
    after: after.items,
    hasMoreBefore: before.hasMore,
    hasMoreAfter: after.hasMore,
  }
}

interface Side {
  readonly key: RowKey
  readonly same: string
  readonly order: 'newest' | 'oldest'
  readonly limit: number
}

/** The nearest first. */
interface Neighbours {
  readonly items: LogRow[]
  readonly hasMore: boolean
}

async function neighbours(deps: ListDeps, reading: Reading, { key, same, order, limit }: Side): Promise<Neighbours> {
  const ms = Math.floor(msOf(key.low, key.high))
  const range: TimeRange = order === 'newest' ? { fromMs: ms - reachMs, toMs: ms + 1 } : { fromMs: ms, toMs: ms + reachMs }
  const density = await deps.densities.of(reading, order === 'newest' ? range.toMs : range.fromMs, order)
  const page = new RowPage(limit + 1, pageBytesMax / 2)
  for (const window of windowsOf(density, range, { order, firstRows: firstWindowRows })) {
    if (page.isFull) break
    const where = `${rowsOf(reading.scope, window, deps.shown)} AND ${beyondSql(key, order)}${same}`
    await deps.reader.fill(page, reading.scope, { where, order }, reading.signal)
  }
  return { items: page.items.slice(0, limit), hasMore: page.isFull }
}

/** What the neighbours have in common with the row, as a condition with its AND. */
function sameSql(row: LogRow, of: ContextKind): string {
  const is = (column: 'service' | 'host' | 'environment'): string => ` AND ${column} = ${sqlString(row[column])}`
  switch (of) {
    // The place is service, host and environment: labels such as the level are part of a resource in Loki's way and would split one output.
    case 'resource':
      return is('service') + is('host') + is('environment')
    case 'service':
    case 'host':
      return is(of)
    case 'trace':
      return row.traceId === '' ? ' AND 0' : ` AND trace_id = toFixedString(unhex('${row.traceId}'), 16)`
    case 'all':
      return ''
  }
}
