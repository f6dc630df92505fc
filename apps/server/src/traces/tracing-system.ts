/** `TracingSystem`: everything that is asked of traces. Each question takes the reader's scope; nothing is read without one. */
import type { ClickHouse } from '../engines/index.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { bucketSec } from '../signals/index.ts'
import { traceNotFound } from './errors.ts'
import { quantileShare } from './duration-buckets.ts'
import type { TimeRange, TraceReads } from './ports.ts'
import { compareTraces, type ComparedTraces, type TracesComparison } from './search/compare.ts'
import { FoundTraces, type FoundTrace } from './search/found-traces.ts'
import { spanHistogram, type SpanHistogram } from './search/span-histogram.ts'
import type { SpanSelection } from './search/selection.ts'
import { SpanSearch, type SpanListRequest } from './search/span-search.ts'
import { CountedReader } from './services/counted-calls.ts'
import { ServiceList, type RedSeries, type RedSeriesRequest, type ServicesRequest } from './services/service-list.ts'
import { ServiceMapReader, type ServiceMap } from './services/service-map.ts'
import type { TraceColumns } from './trace/trace-columns.ts'
import type { SpanRow } from './trace/span-rows.ts'
import { checkedId, TraceReader, type TraceObjects } from './trace/trace-reader.ts'
import { sqlString } from '../search/index.ts'
import { kindNames } from './span-fields.ts'

export interface TracingSystemDeps {
  readonly engine: ClickHouse
  readonly reads: TraceReads
  readonly clock: { nowMs(): number }
}

export interface SpanDetail extends SpanRow {
  readonly resource: Record<string, string>
  /** Share of the calls of its operation in the hour around it that were not slower; null: none are counted. */
  readonly slowerThan: number | null
}

const halfHourMs = 1_800_000

export class TracingSystem {
  readonly #deps: TracingSystemDeps
  readonly #reader: TraceReader
  readonly #search: SpanSearch
  readonly #found: FoundTraces
  readonly #counted: CountedReader
  readonly #services: ServiceList
  readonly #map: ServiceMapReader

  constructor(deps: TracingSystemDeps) {
    this.#deps = deps
    const { engine, reads } = deps
    this.#reader = new TraceReader(engine, reads)
    this.#search = new SpanSearch(deps, this.#reader)
    this.#found = new FoundTraces(deps)
    this.#counted = new CountedReader(engine, reads)
    this.#services = new ServiceList({ engine, reads, counted: this.#counted })
    this.#map = new ServiceMapReader({ engine, reads, counted: this.#counted })
  }

  /** One trace in columns, up to 100,000 spans. Errors by code: `traces.bad_id`, `traces.not_found`; the engine's. */
  trace(scope: Scope, traceId: string, signal: AbortSignal): Promise<TraceColumns> {
    return this.#reader.columns(scope, traceId, signal)
  }

  /** The same as whole spans. */
  traceObjects(
    scope: Scope,
    { traceId, limit }: { readonly traceId: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<TraceObjects> {
    return this.#reader.objects(scope, traceId, limit, signal)
  }

  /** One span with all it carries. Errors by code: as `trace`, `traces.span_not_found`. */
  async span(scope: Scope, ids: { readonly traceId: string; readonly spanId: string }, signal: AbortSignal): Promise<SpanDetail> {
    const span = await this.#reader.span(scope, ids, signal)
    const atMs = Date.parse(span.start)
    const where = `service = ${sqlString(span.service)} AND name = ${sqlString(span.name)} AND kind = ${kindNames.indexOf(span.kind)}`
    const range = { fromMs: atMs - halfHourMs, toMs: atMs + halfHourMs }
    const { rows } = await this.#counted.read(scope, { tables: 'operations', by: [], where, range, points: 1 }, signal)
    const [all] = rows
    return { ...span, slowerThan: all === undefined ? null : quantileShare(all.calls.durations, span.durationMs) }
  }

  /** When the trace was, to ten minutes, with as much before and behind it. Errors by code: `traces.bad_id`, `traces.not_found`; the engine's. */
  async timesOf(scope: Scope, traceId: string, signal: AbortSignal): Promise<TimeRange> {
    const place = await this.#reader.placesOf(scope, [checkedId(traceId, 32)], signal)
    if (place === null) throw new AppError(traceNotFound)
    return { fromMs: (place.firstBucket - 1) * bucketSec * 1000, toMs: (place.lastBucket + 2) * bucketSec * 1000 }
  }

  /** Spans that a search finds. Errors by code: `search.invalid`, `search.pattern`, `traces.bad_cursor`; the engine's. */
  spans(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<{ items: SpanRow[]; next: string | null }> {
    return this.#search.spans(scope, request, signal)
  }

  /** Traces with a span that a search finds. Errors: as `spans`. */
  async traces(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<{ items: FoundTrace[]; next: string | null }> {
    const { items, next, lies } = await this.#search.traces(scope, request, signal)
    const ids = items.map(({ traceId }) => traceId)
    const place = lies ?? (await this.#reader.placesOf(scope, ids, signal))
    if (place === null || items.length === 0) return { items: [], next: null }
    return { items: await this.#found.describe(scope, { found: items, place, selection: request }, signal), next }
  }

  /** Spans that a search finds by time and duration. Errors: as `spans`. */
  histogram(scope: Scope, selection: SpanSelection, signal: AbortSignal): Promise<SpanHistogram> {
    return spanHistogram(this.#deps, { scope, selection, steps: 120 }, signal)
  }

  services(scope: Scope, request: ServicesRequest, signal: AbortSignal): ReturnType<ServiceList['services']> {
    return this.#services.services(scope, request, signal)
  }

  operations(
    scope: Scope,
    request: ServicesRequest & { readonly service: string },
    signal: AbortSignal,
  ): ReturnType<ServiceList['operations']> {
    return this.#services.operations(scope, request, signal)
  }

  /** Rate, errors and durations of a service or an operation by time, with traces that show them. */
  series(scope: Scope, request: RedSeriesRequest, signal: AbortSignal): Promise<RedSeries> {
    return this.#services.series(scope, request, signal)
  }

  async map(scope: Scope, request: ServicesRequest, signal: AbortSignal): Promise<ServiceMap & { environments: string[] }> {
    const [map, environments] = await Promise.all([
      this.#map.map(scope, request, signal),
      this.#services.environments(scope, request.range, signal),
    ])
    return { ...map, environments }
  }

  /** Errors: as `spans`, `traces.bad_id`. */
  compare(
    scope: Scope,
    asked: { readonly left: ComparedTraces; readonly right: ComparedTraces; readonly limit: number },
    signal: AbortSignal,
  ): Promise<TracesComparison> {
    return compareTraces({ ...this.#deps, search: this.#search, reader: this.#reader }, { scope, ...asked }, signal)
  }
}
