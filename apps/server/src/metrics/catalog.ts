/** Names, values, series and descriptions from the in-memory index; the engine is not asked. Times are bounded to the minute. */
import type { Clock } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { CatalogQuery, Labels, MetricMetadata } from './model.ts'
import type { MetricsCatalog, MetricSummary } from './ports.ts'
import { nameLabel } from './series/labels.ts'
import type { SeriesRegistry, TenantSeries } from './series/registry.ts'
import { unionKernel } from './series/sorted-refs.ts'

export interface MetricsCatalogDeps {
  readonly registry: SeriesRegistry
  readonly metadata: MetadataStore
  readonly clock: Pick<Clock, 'nowMs'>
}

function sorted(texts: Iterable<string>, limit: number): string[] {
  return [...texts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).slice(0, limit)
}

class IndexCatalog implements MetricsCatalog {
  readonly #deps: MetricsCatalogDeps

  constructor(deps: MetricsCatalogDeps) {
    this.#deps = deps
  }

  labelNames(scope: Scope, query: CatalogQuery): string[] {
    const { registry } = this.#deps
    const names = new Set<number>()
    if (query.matchers.length > 0) this.#eachActive(scope, query, (ref) => registry.eachLabelName(ref, (name) => names.add(name)))
    else {
      // A name is there as soon as one series with it is; most are found at the first look.
      for (const tenant of registry.tenantsOf(scope)) {
        for (const name of tenant.postings.names()) if (!this.#activeValues(tenant, name, query).next().done) names.add(name)
      }
    }
    return sorted(
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
      this.#eachActive(scope, query, (ref) => values.add(registry.labelSymbol(ref, symbol)))
      values.delete(-1)
    } else {
      for (const tenant of registry.tenantsOf(scope)) for (const value of this.#activeValues(tenant, symbol, query)) values.add(value)
    }
    return sorted(
      Array.from(values, (value) => registry.symbols.text(value)),
      query.limit,
    )
  }

  series(scope: Scope, query: CatalogQuery): Labels[] {
    const out: Labels[] = []
    this.#eachActive(scope, query, (ref) => {
      if (out.length < query.limit) out.push(this.#deps.registry.labels(ref))
    })
    return out
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
      const names = tenant.postings.label(symbol)
      if (names === null) continue
      for (const value of names.values()) {
        const list = names.list(value)
        const name = registry.symbols.text(value)
        const summary = found.get(name) ?? { seriesCount: 0, firstSeenMs: Infinity, lastSeenMs: 0 }
        for (let i = 0; i < list.length; i++) {
          const ref = list.refs[i] ?? 0
          if (registry.lastMinute(ref) < registry.firstMinute(ref)) continue
          summary.seriesCount++
          summary.firstSeenMs = Math.min(summary.firstSeenMs, registry.firstMinute(ref) * 60_000)
          summary.lastSeenMs = Math.max(summary.lastSeenMs, Math.min(registry.lastMinute(ref) * 60_000, nowMs))
        }
        if (summary.seriesCount > 0) found.set(name, summary)
      }
    }
    return sorted(found.keys(), Infinity).map((name) => ({
      name,
      ...(found.get(name) ?? { seriesCount: 0, firstSeenMs: 0, lastSeenMs: 0 }),
      metadata: metadata.find(scope, name),
    }))
  }

  *#activeValues(tenant: TenantSeries, name: number, { fromMs, toMs }: CatalogQuery): Generator<number> {
    const label = tenant.postings.label(name)
    if (label === null) return
    for (const value of label.values()) {
      const list = label.list(value)
      for (let i = 0; i < list.length; i++) {
        if (!this.#deps.registry.isActive(list.refs[i] ?? 0, fromMs, toMs)) continue
        yield value
        break
      }
    }
  }

  /** Series that satisfy any of the matcher sets (all series when there is none) and may have samples in the range. */
  #eachActive(scope: Scope, { matchers, fromMs, toMs }: CatalogQuery, visit: (ref: number) => void): void {
    const { registry } = this.#deps
    const sets = matchers.length === 0 ? [[]] : matchers
    for (const tenant of registry.tenantsOf(scope)) {
      const lists = sets.map((set) => registry.select(tenant, set))
      const refs =
        lists.length === 1 && lists[0] !== undefined ? lists[0] : unionKernel(lists.map((list) => ({ refs: list, length: list.length })))
      for (const ref of refs) if (registry.isActive(ref, fromMs, toMs)) visit(ref)
    }
  }
}

/** Errors by code: `metrics.bad_regexp`. */
export function createMetricsCatalog(deps: MetricsCatalogDeps): MetricsCatalog {
  return new IndexCatalog(deps)
}
