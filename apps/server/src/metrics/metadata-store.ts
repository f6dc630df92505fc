/** Type, unit and help of metrics, by tenant: in memory, loaded from the engine at start, the last description wins. */
import type { ClickHouse } from '../engines/index.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import { helpLengthMax, labelNameLengthMax, metadataPerTenantMax } from './limits.ts'
import type { MetricMetadata, MetricType } from './model.ts'
import { metricTypes } from './record/layout.ts'

function toMetricType(text: string): MetricType {
  return metricTypes.find((type) => type === text) ?? 'unknown'
}

/** What the parts of a histogram or summary add to its name (OpenMetrics). */
const familySuffixes = ['_bucket', '_count', '_sum'] as const
const familyTypes: ReadonlySet<string> = new Set(['histogram', 'gaugehistogram', 'summary'])

type Projects = Pick<Scope, 'organizationId' | 'projectIds'>

export class MetadataStore {
  /** By organization and project. */
  readonly #tenants = new Map<string, Map<string, MetricMetadata>>()

  /** The descriptions that say something new, cut to bounds. They become known by `put`, once they are durable. */
  news(tenant: Tenant, all: readonly MetricMetadata[]): MetricMetadata[] {
    const known = this.#tenants.get(keyOf(tenant.organizationId, tenant.projectId))
    const out = new Map<string, MetricMetadata>()
    for (const one of all) {
      if (one.name === '' || one.name.length > labelNameLengthMax) continue
      const cut = one.help.length > helpLengthMax ? { ...one, help: one.help.slice(0, helpLengthMax) } : one
      const old = known?.get(cut.name)
      if (old === undefined ? (known?.size ?? 0) + out.size < metadataPerTenantMax : !isSame(old, cut)) out.set(cut.name, cut)
      else out.delete(cut.name)
    }
    return [...out.values()]
  }

  put(tenant: Tenant, all: readonly MetricMetadata[]): void {
    if (all.length === 0) return
    const key = keyOf(tenant.organizationId, tenant.projectId)
    let known = this.#tenants.get(key)
    if (known === undefined) this.#tenants.set(key, (known = new Map()))
    for (const one of all) if (known.has(one.name) || known.size < metadataPerTenantMax) known.set(one.name, one)
  }

  /** The first project of the scope that describes the metric; a part of a histogram or summary takes its family's description. */
  find(scope: Scope, name: string): MetricMetadata | null {
    return this.#exact(scope, name) ?? this.#ofFamily(scope, name)
  }

  /** The same on the writing side. */
  ofTenant({ organizationId, projectId }: Tenant, name: string): MetricMetadata | null {
    const own = { organizationId, projectIds: [projectId] }
    return this.#exact(own, name) ?? this.#ofFamily(own, name)
  }

  /** The metric was deleted; when it is described again, that is news. */
  forget({ organizationId, projectId }: Tenant, name: string): void {
    this.#tenants.get(keyOf(organizationId, projectId))?.delete(name)
  }

  #exact(scope: Projects, name: string): MetricMetadata | null {
    for (const project of scope.projectIds) {
      const found = this.#tenants.get(keyOf(scope.organizationId, project))?.get(name)
      if (found !== undefined) return found
    }
    return null
  }

  #ofFamily(scope: Projects, name: string): MetricMetadata | null {
    for (const suffix of familySuffixes) {
      if (!name.endsWith(suffix)) continue
      const family = this.#exact(scope, name.slice(0, -suffix.length))
      if (family === null || !familyTypes.has(family.type)) continue
      // Counts have no unit; sums and buckets are in the family's.
      return { ...family, name, unit: suffix === '_count' ? '' : family.unit }
    }
    return null
  }

  /** Sorted by name; one entry a name and project. */
  list(scope: Scope, limit: number): MetricMetadata[] {
    const out: MetricMetadata[] = []
    for (const project of new Set(scope.projectIds)) {
      const known = this.#tenants.get(keyOf(scope.organizationId, project))
      if (known !== undefined) out.push(...known.values())
    }
    return out.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).slice(0, limit)
  }

  /** Reads the engine's table. Errors: the engine's. */
  async load(engine: Pick<ClickHouse, 'queryNative'>, signal: AbortSignal): Promise<void> {
    const sql = 'SELECT org, project, name, type, unit, help FROM metric_metadata FINAL'
    for await (const block of engine.queryNative({ sql, class: 'internal', signal })) {
      const [org, project, name, type, unit, help] = block.columns
      if (org?.kind !== 'u32' || project?.kind !== 'u32') throw new Error('unexpected columns of metric_metadata')
      if (name?.kind !== 'string' || type?.kind !== 'string' || unit?.kind !== 'string' || help?.kind !== 'string') {
        throw new Error('unexpected columns of metric_metadata')
      }
      for (let row = 0; row < block.rows; row++) {
        const tenant = { organizationId: org.data[row] ?? 0, projectId: project.data[row] ?? 0 }
        this.put(tenant, [
          { name: name.data[row] ?? '', type: toMetricType(type.data[row] ?? ''), unit: unit.data[row] ?? '', help: help.data[row] ?? '' },
        ])
      }
    }
  }
}

function keyOf(organizationId: number, projectId: number): string {
  return `${organizationId}/${projectId}`
}

function isSame(a: MetricMetadata, b: MetricMetadata): boolean {
  return a.type === b.type && a.unit === b.unit && a.help === b.help
}
