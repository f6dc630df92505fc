/** Which spans a search is about, and what it is answered with. */
import type { ClickHouse } from '../../engines/index.ts'
import type { TimeRange, TraceReads } from '../ports.ts'

/** Spans that match a query of the search language, within a time. */
export interface SpanSelection extends TimeRange {
  readonly query: string
}

export interface SearchDeps {
  readonly engine: ClickHouse
  readonly reads: TraceReads
  readonly clock: { nowMs(): number }
}
