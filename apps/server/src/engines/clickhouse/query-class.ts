/** Bounds of one read, by its class. Every read is bounded in time, memory and result rows; a caller may only narrow the first and last. */
import type { ClickHouseSettings } from '@clickhouse/client'
import type { QueryClass, QueryNative } from './ports.ts'

interface ClassBounds {
  readonly timeoutMs: number
  readonly threadsMax: number
  /** Share of the engine's memory cap. */
  readonly memoryShare: number
  readonly rowsMax: number
}

const boundsByClass: Readonly<Record<QueryClass, ClassBounds>> = {
  /** Someone waits for it. */
  interactive: { timeoutMs: 30_000, threadsMax: 8, memoryShare: 0.5, rowsMax: 50_000_000 },
  /** Rules, reports, roll-ups: may be slow, must not be in the way. */
  background: { timeoutMs: 120_000, threadsMax: 2, memoryShare: 0.3, rowsMax: 50_000_000 },
  /** The program's own: loading indexes at start. */
  internal: { timeoutMs: 300_000, threadsMax: 2, memoryShare: 0.5, rowsMax: 1_000_000_000 },
}

/** Statements carry lists of series or members with them; the engine's own bound is 256 KiB. */
const querySizeBytesMax = 64 * 1024 * 1024

export interface QueryBounds {
  readonly timeoutMs: number
  readonly settings: ClickHouseSettings
}

/** The bounds of a read as engine settings. `timeoutMs` and `rowsMax` narrow the class's own. */
export function queryBounds(query: Pick<QueryNative, 'class' | 'timeoutMs' | 'rowsMax'>, memoryMaxBytes: number): QueryBounds {
  const bounds = boundsByClass[query.class]
  const limitMs = Math.min(query.timeoutMs ?? bounds.timeoutMs, bounds.timeoutMs)
  const rowsMax = Math.min(query.rowsMax ?? bounds.rowsMax, bounds.rowsMax)
  return {
    timeoutMs: limitMs,
    settings: {
      max_execution_time: limitMs / 1000,
      max_threads: bounds.threadsMax,
      max_memory_usage: String(Math.floor(memoryMaxBytes * bounds.memoryShare)),
      max_result_rows: String(rowsMax),
      result_overflow_mode: 'throw',
      max_query_size: String(querySizeBytesMax),
      // Only tells the engine to stop sooner when it notices; the kill on abort is what counts.
      cancel_http_readonly_queries_on_client_close: 1,
    },
  }
}
