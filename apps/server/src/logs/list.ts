/** Rows newest (or oldest) first, page by page. A page begins behind the last row of the one before, so rows that come in do not move it. */
import type { Clock } from '../kernel/clock.ts'
import { msOf, wideLiteral } from '../signals/index.ts'
import { firstRowsMin, firstWindowRows, pageBytesMax, rowsPerAskedFor, windowGrowth } from './limits.ts'
import type { LogList, LogListRequest, Reading, Shown, TimeRange } from './ports.ts'
import { parseRowId, type RowKey } from './row-id.ts'
import { RowPage, type RowReader } from './row-reader.ts'
import { both, rowsOf, searchFor } from './where.ts'
import { windowsOf, type Densities } from './windows.ts'

export interface ListDeps {
  readonly reader: RowReader
  readonly densities: Densities
  readonly shown: Shown
  readonly clock: Clock
}

/** Errors: `logs.bad_cursor`, those of searches and the engine's. */
export async function listRows(deps: ListDeps, reading: Reading, request: LogListRequest): Promise<LogList> {
  const { scope, signal } = reading
  const { reader, shown, clock } = deps
  const { order, limit } = request
  const search = searchFor(scope, request.query, clock.nowMs())
  const key = request.cursor === null ? null : parseRowId(request.cursor)
  const range = key === null ? request : behind(key, request, order)
  const beyond = key === null ? '' : ` AND ${beyondSql(key, order)}`
  // One more than are asked for, to know whether there are more.
  const page = new RowPage(limit + 1, pageBytesMax)
  for (const window of await windowsFor(deps, reading, { range, order, limit, sql: search.isEmpty ? '' : search.sql() })) {
    if (window.toMs <= window.fromMs) continue
    const where = both(rowsOf(scope, window, shown) + beyond, search)
    await reader.fill(page, scope, { where, order }, signal)
    if (page.isFull) break
  }
  const items = page.items.slice(0, limit)
  return { items, next: page.isFull ? (items.at(-1)?.id ?? null) : null }
}

interface Wanted {
  readonly range: TimeRange
  readonly order: 'newest' | 'oldest'
  readonly limit: number
  readonly sql: string
}

/** One look at all for ids, whose rows the index finds. */
async function windowsFor({ densities }: ListDeps, reading: Reading, { range, order, limit, sql }: Wanted): Promise<TimeRange[]> {
  if (/\b(?:trace_id|span_id) = /.test(sql)) return [range]
  const density = await densities.of(reading, order === 'newest' ? range.toMs : range.fromMs, order)
  return windowsOf(density, range, { order, firstRows: firstRowsFor(sql, limit) })
}

/** Further ahead at once for words, most of whose rows the index leaves out; not as far where all rows are wanted. */
function firstRowsFor(sql: string, limit: number): number {
  if (sql === '') return Math.max(firstRowsMin, limit * rowsPerAskedFor)
  return /hasAllTokens|hasPhrase/.test(sql) ? firstWindowRows * windowGrowth ** 2 : firstWindowRows
}

/** What of the range lies behind the row, its own millisecond included. */
function behind(key: RowKey, range: TimeRange, order: 'newest' | 'oldest'): TimeRange {
  const ms = Math.floor(msOf(key.low, key.high))
  return order === 'newest'
    ? { fromMs: range.fromMs, toMs: Math.min(range.toMs, ms + 1) }
    : { fromMs: Math.max(range.fromMs, ms), toMs: range.toMs }
}

/** Rows behind the row in this order. */
export function beyondSql(key: RowKey, order: 'newest' | 'oldest'): string {
  const sign = order === 'newest' ? '<' : '>'
  const ns = wideLiteral(key.low, key.high)
  return `ts ${sign}= ${ns} AND (ts, batch, row) ${sign} (${ns}, ${key.batch}, ${key.row})`
}
