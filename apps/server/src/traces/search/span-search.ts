/** Spans and traces that a search finds. Newest first is read in windows from the end of the range, so that a full page ends the reading. */
import type { ClickHouse } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { bucketSec, numbersIn, textsIn, wideIn, wideLiteral } from '../../signals/index.ts'
import type { TimeRange, TraceReads } from '../ports.ts'
import { both, spanSearch } from '../reads.ts'
import { spansTable } from '../tables.ts'
import { spanColumnsSql, spansIn, type KeyedSpan, type SpanRow } from '../trace/span-rows.ts'
import { cursorParts, cursorText } from './trace-cursor.ts'

export type TraceOrder = 'newest' | 'slowest'

/** Spans that match a query of the search language, within a time. */
export interface SpanSelection extends TimeRange {
  readonly query: string
}

export interface SpanListRequest extends SpanSelection {
  readonly order: TraceOrder
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | null
}

export interface FoundTraceId {
  readonly traceId: string
  /** Spans of it that were found. */
  readonly matched: number
}

export interface SearchDeps {
  readonly engine: ClickHouse
  readonly reads: TraceReads
  readonly clock: { nowMs(): number }
}

/** From the end of the range backwards, cut at buckets: ten minutes, twice as much, four times as much, and so on. */
export function* windowsOf({ fromMs, toMs }: TimeRange): Generator<TimeRange> {
  let end = toMs
  for (let buckets = 1; end > fromMs; buckets *= 2) {
    const bucket = Math.ceil(end / 1000 / bucketSec) - buckets
    const start = Math.max(fromMs, bucket * bucketSec * 1000)
    yield { fromMs: start, toMs: end }
    end = start
  }
}

const slowestSettings = 'query_plan_max_limit_for_lazy_materialization = 2000'

export class SpanSearch {
  readonly #deps: SearchDeps

  constructor(deps: SearchDeps) {
    this.#deps = deps
  }

  /** Errors: `search.invalid`, `search.pattern`, `traces.bad_cursor`, the engine's. */
  async spans(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<{ items: SpanRow[]; next: string | null }> {
    const { order, limit, cursor } = request
    const key = order === 'newest' ? 'ts, batch, row' : 'duration, ts, batch, row'
    const parts = cursor === null ? null : cursorParts(cursor, order === 'newest' ? 3 : 4)
    const behind = parts === null ? '' : ` AND (${key}) < (${parts.join(', ')})`
    const direction = key.replaceAll(',', ' DESC,')
    const found: KeyedSpan[] = []
    for (const window of order === 'newest' ? windowsOf(withEnd(request, parts)) : [request]) {
      const where = this.#where(scope, { ...window, query: request.query })
      const sql = `SELECT ${spanColumnsSql} FROM ${spansTable} WHERE ${where}${behind} ORDER BY ${direction} DESC LIMIT ${limit + 1 - found.length}
        SETTINGS ${slowestSettings}`
      for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) found.push(...spansIn(block))
      if (found.length > limit) break
    }
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items: items.map(({ span }) => span), next: found.length > limit && last !== undefined ? cursorOf(last, order) : null }
  }

  /** Ids of traces with a span that matches, by their newest or slowest one. Errors: as `spans`. */
  async traces(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<{ items: FoundTraceId[]; next: string | null }> {
    const { order, limit, cursor } = request
    const measure = order === 'newest' ? 'ts' : 'duration'
    const parts = cursor === null ? null : cursorParts(cursor, 2)
    const having = parts === null ? '' : `HAVING (best, trace) < (${parts[0]}, '${parts[1]}')`
    const found = new Map<string, FoundTraceId & { readonly best: string }>()
    for (const window of order === 'newest' ? windowsOf(withEnd(request, parts)) : [request]) {
      const where = this.#where(scope, { ...window, query: request.query })
      const sql = `SELECT lower(hex(trace_id)) AS trace, max(${measure}) AS best, toUInt32(count()) AS matched FROM ${spansTable} WHERE ${where}
        GROUP BY trace_id ${having} ORDER BY best DESC, trace DESC LIMIT ${limit + 1}`
      for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
        const [traces, best, matched] = [textsIn(block, 'trace'), wideIn(block, 'best'), numbersIn(block, 'matched')]
        for (let row = 0; row < block.rows; row++) {
          const traceId = traces[row] ?? ''
          const known = found.get(traceId)
          const text = known?.best ?? wideLiteral(best[row * 2] ?? 0, best[row * 2 + 1] ?? 0)
          found.set(traceId, { traceId, matched: (known?.matched ?? 0) + (matched[row] ?? 0), best: text })
        }
      }
      if (found.size > limit) break
    }
    const items = [...found.values()].slice(0, limit)
    const last = items.at(-1)
    return { items, next: found.size > limit && last !== undefined ? cursorText([last.best, last.traceId]) : null }
  }

  /** A condition that the selection stands for. Errors: `search.invalid`, `search.pattern`. */
  #where(scope: Scope, { query, ...range }: SpanSelection): string {
    const { reads, clock } = this.#deps
    return both(reads.spans(scope, range), spanSearch(scope, query, clock.nowMs()))
  }
}

/** Nothing at or behind the cursor is newer than its time. */
function withEnd({ fromMs, toMs }: TimeRange, parts: readonly string[] | null): TimeRange {
  const [ns] = parts ?? []
  return { fromMs, toMs: ns === undefined ? toMs : Math.min(toMs, Number(BigInt(ns) / 1_000_000n) + 1) }
}

function cursorOf({ key }: KeyedSpan, order: TraceOrder): string {
  const place = [wideLiteral(key.tsLow, key.tsHigh), String(key.batch), String(key.row)]
  return cursorText(order === 'newest' ? place : [wideLiteral(key.durationLow, key.durationHigh), ...place])
}
