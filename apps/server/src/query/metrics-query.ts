/** Runs PromQL for a scope within the budget of its class, cancelled with its request. */
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Labels, Matcher, MetricMetadata, MetricsCatalog, MetricsStore, MetricSummary } from '../metrics/index.ts'
import type { PromqlEngine, QueryLimits, QueryOutcome } from '../promql/index.ts'
import { canceled, explain, timedOut } from './errors.ts'
import { createQueryInstruments } from './instruments.ts'
import { catalogLimitMax, type QueryClass, type QueryLimitsByClass } from './limits.ts'
import { ScopedSource } from './scoped-source.ts'
import { Turnstile } from './turnstile.ts'

export interface QueryOptions {
  readonly class: QueryClass
  /** Shorter than the class's limit; a longer one is cut to it. Null: the class's. */
  readonly timeoutMs: number | null
  readonly lookbackMs: number | null
  /** Everything is computed from samples. */
  readonly withoutRollups?: boolean
}

export interface InstantQuery extends QueryOptions {
  readonly query: string
  readonly timeMs: number
}

export interface RangeQueryRequest extends QueryOptions {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

export interface QueryAnswer extends QueryOutcome {
  readonly timings: { readonly queuedMs: number; readonly evaluationMs: number; readonly totalMs: number }
}

/** Which names or series: any of the matcher sets (all when empty), active in the range, both ends inclusive. */
export interface CatalogRequest {
  readonly matchers: readonly (readonly Matcher[])[]
  readonly fromMs: number
  readonly toMs: number
  /** 0: as many as the catalog's own bound allows. */
  readonly limit: number
}

/** The values of one label. */
export interface LabelRequest extends CatalogRequest {
  readonly label: string
}

/** A bounded list, and whether the bound cut it. */
export interface CatalogAnswer<Item> {
  readonly items: readonly Item[]
  readonly isCut: boolean
}

/** Errors by code: those of `PromqlEngine`, `query.busy`, and the stores' `engine.*`. */
export interface MetricsQuery {
  instant(scope: Scope, query: InstantQuery, signal: AbortSignal): Promise<QueryAnswer>
  range(scope: Scope, query: RangeQueryRequest, signal: AbortSignal): Promise<QueryAnswer>
  labelNames(scope: Scope, request: CatalogRequest): CatalogAnswer<string>
  labelValues(scope: Scope, name: string, request: CatalogRequest): CatalogAnswer<string>
  series(scope: Scope, request: CatalogRequest): CatalogAnswer<Labels>
  metadata(scope: Scope, name: string | null, limit: number): readonly MetricMetadata[]
  metrics(scope: Scope): readonly MetricSummary[]
  /** The same of all series, those included that are not in use any more. Errors: `metrics.bad_regexp`, `query.too_many_series`, the engine's. */
  allLabelNames(scope: Scope, request: CatalogRequest, signal: AbortSignal): Promise<CatalogAnswer<string>>
  allLabelValues(scope: Scope, request: LabelRequest, signal: AbortSignal): Promise<CatalogAnswer<string>>
  allSeries(scope: Scope, request: CatalogRequest, signal: AbortSignal): Promise<CatalogAnswer<Labels>>
  allMetrics(scope: Scope, signal: AbortSignal): Promise<readonly MetricSummary[]>
}

export interface MetricsQueryDeps {
  readonly engine: PromqlEngine
  readonly store: MetricsStore
  readonly catalog: MetricsCatalog
  readonly clock: Clock
  readonly instruments: Registry
  readonly limits: QueryLimitsByClass
}

type Evaluate = (source: ScopedSource, limits: QueryLimits, signal: AbortSignal) => Promise<QueryOutcome>

class BudgetedMetricsQuery implements MetricsQuery {
  readonly #deps: MetricsQueryDeps
  readonly #turnstiles: Readonly<Record<QueryClass, Turnstile>>
  readonly #instruments: ReturnType<typeof createQueryInstruments>

  constructor(deps: MetricsQueryDeps) {
    this.#deps = deps
    this.#turnstiles = {
      interactive: new Turnstile(deps.limits.interactive, deps.clock),
      background: new Turnstile(deps.limits.background, deps.clock),
    }
    this.#instruments = createQueryInstruments(deps.instruments, this.#turnstiles)
  }

  instant(scope: Scope, query: InstantQuery, signal: AbortSignal): Promise<QueryAnswer> {
    return this.#run(scope, { ...query, signal }, (source, limits, stop) =>
      this.#deps.engine.instant(query.query, query.timeMs, source, limits, stop),
    )
  }

  range(scope: Scope, query: RangeQueryRequest, signal: AbortSignal): Promise<QueryAnswer> {
    const grid = { query: query.query, startMs: query.startMs, endMs: query.endMs, stepMs: query.stepMs }
    return this.#run(scope, { ...query, signal }, (source, limits, stop) => this.#deps.engine.range(grid, source, limits, stop))
  }

  async #run(scope: Scope, options: QueryOptions & { readonly signal: AbortSignal }, evaluate: Evaluate): Promise<QueryAnswer> {
    const { clock } = this.#deps
    const limits = this.#limitsOf(options)
    const source = new ScopedSource(this.#deps.store, scope, { ...limits, withoutRollups: options.withoutRollups === true })
    const arrivedMs = clock.monotonicMs()
    let startedMs = arrivedMs
    let outcome = 'ok'
    try {
      using _turn = await this.#turnstiles[options.class].enter(options.signal)
      startedMs = clock.monotonicMs()
      const result = await this.#stoppable(limits, options.signal, (stop) => evaluate(source, limits, stop))
      const endedMs = clock.monotonicMs()
      return { ...result, timings: { queuedMs: startedMs - arrivedMs, evaluationMs: endedMs - startedMs, totalMs: endedMs - arrivedMs } }
    } catch (error) {
      outcome = isAppError(error) ? error.code : 'internal'
      throw explain(error, limits)
    } finally {
      const queuedMs = startedMs - arrivedMs
      this.#instruments.ended(options.class, outcome, { totalMs: clock.monotonicMs() - arrivedMs, queuedMs, samples: source.samplesRead })
    }
  }

  /** Stops with the request or with its time; says which of the two it was, whatever the interrupted part threw. */
  async #stoppable(
    limits: QueryLimits,
    signal: AbortSignal,
    evaluate: (stop: AbortSignal) => Promise<QueryOutcome>,
  ): Promise<QueryOutcome> {
    const stop = new AbortController()
    const onAbort = (): void => stop.abort()
    signal.addEventListener('abort', onAbort)
    let isLate = false
    const timer = this.#deps.clock.after(limits.timeoutMs, () => {
      isLate = true
      stop.abort()
    })
    try {
      return await evaluate(stop.signal)
    } catch (error) {
      if (signal.aborted) throw new AppError(canceled, { cause: error })
      if (isLate) throw new AppError(timedOut, { cause: error })
      throw error
    } finally {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', onAbort)
    }
  }

  #limitsOf(options: QueryOptions): QueryLimits {
    const limits = this.#deps.limits[options.class]
    return {
      samplesMax: limits.samplesMax,
      seriesMax: limits.seriesMax,
      stepsMax: limits.stepsMax,
      timeoutMs: Math.min(options.timeoutMs ?? limits.timeoutMs, limits.timeoutMs),
      lookbackMs: options.lookbackMs ?? limits.lookbackMs,
    }
  }

  labelNames(scope: Scope, request: CatalogRequest): CatalogAnswer<string> {
    return cut(request, (limit) => this.#deps.catalog.labelNames(scope, { ...request, limit }))
  }

  labelValues(scope: Scope, name: string, request: CatalogRequest): CatalogAnswer<string> {
    return cut(request, (limit) => this.#deps.catalog.labelValues(scope, name, { ...request, limit }))
  }

  series(scope: Scope, request: CatalogRequest): CatalogAnswer<Labels> {
    return cut(request, (limit) => this.#deps.catalog.series(scope, { ...request, limit }))
  }

  metadata(scope: Scope, name: string | null, limit: number): readonly MetricMetadata[] {
    return this.#deps.catalog.metadata(scope, name, limit === 0 ? catalogLimitMax : Math.min(limit, catalogLimitMax))
  }

  metrics(scope: Scope): readonly MetricSummary[] {
    return this.#deps.catalog.metrics(scope)
  }

  allLabelNames(scope: Scope, request: CatalogRequest, signal: AbortSignal): Promise<CatalogAnswer<string>> {
    return cutAll(request, (limit) => this.#deps.catalog.allLabelNames(scope, { ...request, limit }, signal))
  }

  allLabelValues(scope: Scope, request: LabelRequest, signal: AbortSignal): Promise<CatalogAnswer<string>> {
    return cutAll(request, (limit) => this.#deps.catalog.allLabelValues(scope, { ...request, limit }, signal))
  }

  allSeries(scope: Scope, request: CatalogRequest, signal: AbortSignal): Promise<CatalogAnswer<Labels>> {
    return cutAll(request, (limit) => this.#deps.catalog.allSeries(scope, { ...request, limit }, signal))
  }

  allMetrics(scope: Scope, signal: AbortSignal): Promise<readonly MetricSummary[]> {
    return this.#deps.catalog.allMetrics(scope, signal)
  }
}

function limitOf({ limit }: CatalogRequest): number {
  return limit === 0 ? catalogLimitMax : Math.min(limit, catalogLimitMax)
}

function cutTo<Item>(limit: number, items: readonly Item[]): CatalogAnswer<Item> {
  return items.length > limit ? { items: items.slice(0, limit), isCut: true } : { items, isCut: false }
}

/** Asks for one more than is given out, to know whether there was more. */
function cut<Item>(request: CatalogRequest, ask: (limit: number) => readonly Item[]): CatalogAnswer<Item> {
  const limit = limitOf(request)
  return cutTo(limit, ask(limit + 1))
}

async function cutAll<Item>(request: CatalogRequest, ask: (limit: number) => Promise<readonly Item[]>): Promise<CatalogAnswer<Item>> {
  const limit = limitOf(request)
  return cutTo(limit, await ask(limit + 1))
}

export function createMetricsQuery(deps: MetricsQueryDeps): MetricsQuery {
  return new BudgetedMetricsQuery(deps)
}
