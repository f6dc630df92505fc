/**
 * The log manager: everything that is asked about logs. Rows page by page, counts over time, facets, a row and what stands around it, values
 * for completion, live tails. Every question carries the reader's scope.
 */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { SearchField, ValueProvider } from '../search/index.ts'
import { readContext, readRow } from './context.ts'
import { badRange } from './errors.ts'
import { NotedValues } from './facet-notes.ts'
import { readFacets, type FacetsDeps } from './facets.ts'
import { logFields } from './fields.ts'
import { readHistogram } from './histogram.ts'
import { listRows, type ListDeps } from './list.ts'
import type {
  ContextRequest,
  Facets,
  FacetsRequest,
  Histogram,
  HistogramRequest,
  LogContext,
  LogList,
  LogListRequest,
  LogRow,
  Shown,
  TimeRange,
} from './ports.ts'
import { ResourceNames } from './resource-names.ts'
import { RowReader } from './row-reader.ts'
import type { LogTails, TailRequest } from './tails.ts'
import { Densities } from './windows.ts'

export interface LogManagerDeps {
  readonly engine: ClickHouse
  readonly shown: Shown
  readonly tails: LogTails
  readonly clock: Clock
}

export class LogManager {
  readonly #deps: LogManagerDeps
  readonly #list: ListDeps
  readonly #facets: FacetsDeps

  constructor(deps: LogManagerDeps) {
    this.#deps = deps
    const { engine, shown, clock } = deps
    const densities = new Densities(engine, clock)
    this.#list = { reader: new RowReader(engine, new ResourceNames(engine)), densities, shown, clock }
    this.#facets = { engine, densities, shown, clock }
  }

  /** Errors: `logs.bad_range`, `logs.bad_cursor`, `search.*`, the engine's; so for the others. */
  async query(scope: Scope, request: LogListRequest, signal: AbortSignal): Promise<LogList> {
    checkRange(request)
    return await listRows(this.#list, { scope, signal }, request)
  }

  async histogram(scope: Scope, request: HistogramRequest, signal: AbortSignal): Promise<Histogram> {
    checkRange(request)
    return await readHistogram(this.#deps, { scope, signal }, request)
  }

  async facets(scope: Scope, request: FacetsRequest, signal: AbortSignal): Promise<Facets> {
    checkRange(request)
    return await readFacets(this.#facets, { scope, signal }, request)
  }

  /** Errors: `logs.not_found`. */
  async row(scope: Scope, id: string, signal: AbortSignal): Promise<LogRow> {
    return await readRow(this.#list, { scope, signal }, id)
  }

  /** Errors: `logs.not_found`. */
  async context(scope: Scope, request: ContextRequest, signal: AbortSignal): Promise<LogContext> {
    return await readContext(this.#list, { scope, signal }, request)
  }

  /** Rows as they come in, until the reader has gone. Errors: `logs.too_many_tails`. */
  async tail(scope: Scope, request: TailRequest): Promise<void> {
    await this.#deps.tails.follow(scope, request)
  }

  /** What occurs within a day, for completion. */
  values(scope: Scope, signal: AbortSignal): ValueProvider {
    return new NotedValues(this.#facets, scope, signal)
  }

  /** The catalogue, and the attributes that occur. */
  async fields(
    scope: Scope,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ fields: readonly SearchField[]; attributes: readonly { value: string; count: number }[] }> {
    return { fields: logFields, attributes: await this.values(scope, signal).attributes('', limit) }
  }
}

/** Before this no row is taken, and nobody can ask for it. */
const earliestMs = 0
const latestMs = Date.UTC(2200, 0, 1)

/** Errors by code: `logs.bad_range`. */
function checkRange({ fromMs, toMs }: TimeRange): void {
  if (!(fromMs < toMs)) throw new AppError(badRange, { publicText: 'The range ends before it begins.' })
  if (fromMs < earliestMs || toMs > latestMs) throw new AppError(badRange, { publicText: 'The range must lie between 1970 and 2200.' })
}
