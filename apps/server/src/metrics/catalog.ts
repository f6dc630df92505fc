/** Names, values, series and descriptions from the in-memory index; the engine is not asked. Times are bounded to the minute. */
import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import { tooManySeries } from './errors.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { CatalogQuery, LabelQuery, Labels, MetricMetadata } from './model.ts'
import type { MetricsCatalog, MetricSummary } from './ports.ts'
import { nameLabel } from './series/labels.ts'
import type { Hidden } from './life/hidden.ts'
import type { PastNames } from './series/past-names.ts'
import type { PastSeries } from './series/past-series.ts'
import type { SeriesRegistry } from './series/registry.ts'
import type { TenantSeries } from './series/series-tenants.ts'
import { unionKernel, type RefList } from './series/sorted-refs.ts'

export interface MetricsCatalogDeps {
  readonly registry: SeriesRegistry
  readonly metadata: MetadataStore
  readonly clock: Pick<Clock, 'nowMs'>
  readonly hidden?: Pick<Hidden, 'oldestShownMs' | 'isDeleting'>
  readonly past: Pick<PastSeries, 'covers' | 'bring' | 'bringAny'>
  readonly pastNames: Pick<PastNames, 'labelNames' | 'labelValues' | 'metrics'>
}

/** Series that one request may bring into the index. */
const broughtMax = 200_000

/** Texts held while the smallest are looked for; a limit above it only holds more. */
const heldMin = 10_000

/** The `limit` smallest texts by code units, ascending. A million texts with a limit of a thousand cost a comparison each. */
export function smallestTexts(texts: Iterable<string>, limit: number): string[] {
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const heldMax = Math.max(limit * 2, heldMin)
  let held: string[] = []
  let largest: string | null = null
  for (const text of texts) {
    if (largest !== null && text >= largest) continue
    held.push(text)
    if (held.length < heldMax) continue
    held = held.sort(byText).slice(0, limit)
    largest = held[limit - 1] ?? ''
  }
  return held.sort(byText).slice(0, limit)
}

/** The `limit` smallest of both lists, each once. */
function united(one: readonly string[], other: readonly string[], limit: number): string[] {
  return other.length === 0 ? [...one] : smallestTexts(new Set([...one, ...other]), limit)
}

class IndexCatalog implements MetricsCatalog {
  readonly #deps: MetricsCatalogDeps

  constructor(deps: MetricsCatalogDeps) {
    this.#deps = deps
  }

  async allLabelNames(scope: Scope, query: CatalogQuery, signal: AbortSignal): Promise<string[]> {
    const lists = await this.#bring(scope, query, signal)
    const past = lists ? [] : await this.#deps.pastNames.labelNames(scope, query, signal)
    return united(this.labelNames(scope, query), past, query.limit)
  }

  async allLabelValues(scope: Scope, query: LabelQuery, signal: AbortSignal): Promise<string[]> {
    const lists = await this.#bring(scope, query, signal)
    const past = lists ? [] : await this.#deps.pastNames.labelValues(scope, query, signal)
    return united(this.labelValues(scope, query.label, query), past, query.limit)
  }

  async allSeries(scope: Scope, query: CatalogQuery, signal: AbortSignal): Promise<Labels[]> {
    if (!(await this.#bring(scope, query, signal))) {
      await this.#deps.past.bring(scope, { ...query, matchers: [] }, { seriesMax: broughtMax, signal })
    }
    return this.series(scope, query)
  }

  async allMetrics(scope: Scope, signal: AbortSignal): Promise<MetricSummary[]> {
    const here = this.metrics(scope)
    if (this.#deps.past.covers(scope, -Infinity)) return here
    const found = new Map(here.map((one) => [one.name, one]))
    for (const past of await this.#deps.pastNames.metrics(scope, signal)) {
      const known = found.get(past.name)
      found.set(past.name, {
        name: past.name,
        seriesCount: Math.max(past.seriesCount, known?.seriesCount ?? 0),
        firstSeenMs: Math.min(past.firstSeenMs, known?.firstSeenMs ?? Infinity),
        lastSeenMs: Math.max(past.lastSeenMs, known?.lastSeenMs ?? 0),
        metadata: known?.metadata ?? this.#deps.metadata.find(scope, past.name),
      })
    }
    return smallestTexts(found.keys(), found.size).flatMap((name) => found.get(name) ?? [])
  }

  /** False when the engine must be asked for the names themselves: without matchers a project may have more series than memory takes. */
  async #bring(scope: Scope, { matchers, fromMs, toMs }: CatalogQuery, signal: AbortSignal): Promise<boolean> {
    const { past, hidden } = this.#deps
    if (past.covers(scope, fromMs)) return true
    const isDeleting = scope.projectIds.some(
      (projectId) => hidden?.isDeleting({ organizationId: scope.organizationId, projectId }) === true,
    )
    if (matchers.length === 0 && !isDeleting) return false
    try {
      // The engine cannot tell what is being deleted by rows alone: then all is brought in, if that is possible.
      await past.bringAny(scope, { sets: matchers.length > 0 ? matchers : [[]], fromMs, toMs }, { seriesMax: broughtMax, signal })
      return true
    } catch (error) {
      if (matchers.length === 0 && isAppError(error) && error.code === tooManySeries.code) return false
      throw error
    }
  }

  labelNames(scope: Scope, query: CatalogQuery): string[] {
    const { registry } = this.#deps
    const names = new Set<number>()
    if (query.matchers.length > 0) {
      this.#eachActive(scope, query, (ref, { postings }) => {
        registry.eachPair(ref, (pair) => names.add(postings.nameOf(pair)))
        return true
      })
    } else {
      for (const tenant of registry.tenantsOf(scope)) {
        for (const name of tenant.postings.names()) if (!names.has(name) && this.#isNameActive(tenant, name, query)) names.add(name)
      }
    }
    return smallestTexts(
      Array.from(names, (name) => registry.symbols.text(name)),
      query.limit,
    )
  }

  labelValues(scope: Scope, name: string, query: CatalogQuery): string[] {
    const { registry } = this.#deps
    const symbol = registry.symbols.find(name)
    const values = new Set<number>()
    if (symbol === -1) return []
    if (query.matchers.length > 0) {
      this.#eachActive(scope, query, (ref, { postings }) => {
        registry.eachPair(ref, (pair) => {
          if (postings.nameOf(pair) === symbol) values.add(postings.valueOf(pair))
        })
        return true
      })
    } else {
      for (const tenant of registry.tenantsOf(scope)) for (const value of this.#activeValues(tenant, symbol, query)) values.add(value)
    }
    return smallestTexts(decoded(registry, values), query.limit)
  }

  series(scope: Scope, query: CatalogQuery): Labels[] {
    const out: Labels[] = []
    this.#eachActive(scope, query, (ref) => {
      out.push(this.#deps.registry.labels(ref))
      return out.length < query.limit
    })
    return out.slice(0, query.limit)
  }

  metadata(scope: Scope, name: string | null, limit: number): MetricMetadata[] {
    const all = this.#deps.metadata.list(scope, name === null ? limit : Infinity)
    return name === null ? all : all.filter((one) => one.name === name).slice(0, limit)
  }

  metrics(scope: Scope): MetricSummary[] {
    const { registry, metadata } = this.#deps
    const nowMs = this.#deps.clock.nowMs()
    const symbol = registry.symbols.find(nameLabel)
    const found = new Map<string, { seriesCount: number; firstSeenMs: number; lastSeenMs: number }>()
    for (const tenant of registry.tenantsOf(scope)) {
      const { postings } = tenant
      const pairs = postings.pairsOf(symbol)
      const { fromMs, toMs } = this.#shown(tenant.tenant, { fromMs: 0, toMs: Infinity })
      for (let at = 0; at < pairs.length; at++) {
        const pair = pairs.refs[at] ?? 0
        const list = postings.list(pair)
        const name = registry.symbols.text(postings.valueOf(pair))
        const summary = found.get(name) ?? { seriesCount: 0, firstSeenMs: Infinity, lastSeenMs: 0 }
        for (let i = 0; i < list.length; i++) {
          const ref = list.refs[i] ?? 0
          if (!registry.isActive(ref, fromMs, toMs) || !registry.isListed(ref)) continue
          summary.seriesCount++
          summary.firstSeenMs = Math.min(summary.firstSeenMs, Math.max(registry.firstMinute(ref) * 60_000, fromMs))
          summary.lastSeenMs = Math.max(summary.lastSeenMs, Math.min(registry.lastMinute(ref) * 60_000, nowMs))
        }
        if (summary.seriesCount > 0) found.set(name, summary)
      }
    }
    return smallestTexts(found.keys(), found.size).map((name) => ({
      name,
      ...(found.get(name) ?? { seriesCount: 0, firstSeenMs: 0, lastSeenMs: 0 }),
      metadata: metadata.find(scope, name),
    }))
  }

  #isNameActive({ tenant, postings }: TenantSeries, name: number, query: CatalogQuery): boolean {
    const { fromMs, toMs } = this.#shown(tenant, query)
    const pairs = postings.pairsOf(name)
    for (let at = 0; at < pairs.length; at++) if (this.#isListActive(postings.list(pairs.refs[at] ?? 0), fromMs, toMs)) return true
    return false
  }

  *#activeValues({ tenant, postings }: TenantSeries, name: number, query: CatalogQuery): Generator<number> {
    const { fromMs, toMs } = this.#shown(tenant, query)
    const pairs = postings.pairsOf(name)
    for (let at = 0; at < pairs.length; at++) {
      const pair = pairs.refs[at] ?? 0
      if (this.#isListActive(postings.list(pair), fromMs, toMs)) yield postings.valueOf(pair)
    }
  }

  /** The part of the query's range that is within the project's retention. */
  #shown(tenant: Tenant, { fromMs, toMs }: Pick<CatalogQuery, 'fromMs' | 'toMs'>): { fromMs: number; toMs: number } {
    return { fromMs: Math.max(fromMs, (this.#deps.hidden?.oldestShownMs(tenant) ?? -Infinity) + 1), toMs }
  }

  #isListActive(list: RefList, fromMs: number, toMs: number): boolean {
    const { registry } = this.#deps
    for (let i = 0; i < list.length; i++) {
      const ref = list.refs[i] ?? 0
      if (registry.isActive(ref, fromMs, toMs) && registry.isListed(ref)) return true
    }
    return false
  }

  /**
   * Series that satisfy any of the matcher sets (all series when there is none) and may have samples in the range, until `visit` says
   * that it has enough.
   */
  #eachActive(scope: Scope, query: CatalogQuery, visit: (ref: number, tenant: TenantSeries) => boolean): void {
    const { registry } = this.#deps
    const { matchers } = query
    const sets = matchers.length === 0 ? [[]] : matchers
    for (const tenant of registry.tenantsOf(scope)) {
      const { fromMs, toMs } = this.#shown(tenant.tenant, query)
      const lists = sets.map((set) => registry.select(tenant, set))
      const refs =
        lists.length === 1 && lists[0] !== undefined ? lists[0] : unionKernel(lists.map((list) => ({ refs: list, length: list.length })))
      for (const ref of refs) if (registry.isActive(ref, fromMs, toMs) && !visit(ref, tenant)) return
    }
  }
}

function* decoded(registry: SeriesRegistry, symbols: Iterable<number>): Generator<string> {
  for (const symbol of symbols) yield registry.symbols.decode(symbol)
}

/** Errors by code: `metrics.bad_regexp`. */
export function createMetricsCatalog(deps: MetricsCatalogDeps): MetricsCatalog {
  return new IndexCatalog(deps)
}
