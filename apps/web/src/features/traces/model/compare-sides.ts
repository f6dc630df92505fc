/** The two sides of a comparison, between the address, the server and words. */
import type { ComparedTraces } from '@bellwether/protocol'
import { parseMoment, type TimeRange } from '../../../lib/time-range.ts'
import type { CompareSearch } from '../traces-search.ts'

/** A range as it stands in the address of a comparison. */
export function writeRange(fromMs: number, toMs: number): string {
  return `${new Date(fromMs).toISOString()}~${new Date(toMs).toISOString()}`
}

/** Null for a text that is no range. */
export function readRange(text: string | undefined): TimeRange | null {
  const [from, to] = (text ?? '').split('~')
  if (from === undefined || to === undefined || parseMoment(from, 0) === null || parseMoment(to, 0) === null) return null
  return { from, to }
}

function sideOf(traceId: string | undefined, query: string | undefined, range: TimeRange): ComparedTraces | null {
  if (traceId !== undefined) return { traceId, query: '', ...range }
  if (query !== undefined) return { traceId: null, query, ...range }
  return null
}

export interface ComparedSides {
  /** Null: not chosen yet. */
  readonly left: ComparedTraces | null
  readonly right: ComparedTraces | null
}

/** `page`: the page's range, for sides without one of their own. */
export function sidesOf(search: CompareSearch, page: TimeRange): ComparedSides {
  return {
    left: sideOf(search.a, search.qa, readRange(search.ra) ?? page),
    right: sideOf(search.b, search.qb, readRange(search.rb) ?? page),
  }
}

/** "trace 1a2b3c4d", or the search in quotes. */
export function nameOfSide({ traceId, query }: ComparedTraces): string {
  if (traceId !== null) return `trace ${traceId.slice(0, 8)}`
  return query === '' ? 'all traces' : query
}
