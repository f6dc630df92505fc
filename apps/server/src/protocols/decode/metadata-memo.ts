/** Remembers what was said about each metric, so that its description enters a batch only when it is new or has changed. */
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricMetadata, MetricsBatch } from '../../metrics/index.ts'

/** Descriptions kept of batches that were not stored; what is beyond comes again when the program starts anew. */
const lostPerTenantMax = 1_000
const lostTenantsMax = 1_000

export class MetadataMemo {
  readonly #metricsMax: number
  readonly #known = new Map<string, MetricMetadata>()
  /** Of batches that were not stored, by tenant and name. Decoders that know a series do not describe its metric again by themselves. */
  readonly #lost = new Map<string, Map<string, MetricMetadata>>()

  constructor(metricsMax: number) {
    this.#metricsMax = metricsMax
  }

  /** Puts `metadata` into the batch unless it is what was put last. Keyed by tenant and metric name. */
  describe(batch: MetricsBatch, metadata: MetricMetadata): void {
    const key = keyOf(batch.tenant, metadata.name)
    const known = this.#known.get(key)
    if (known !== undefined && known.type === metadata.type && known.unit === metadata.unit && known.help === metadata.help) return
    if (known === undefined && this.#known.size >= this.#metricsMax) this.#known.clear()
    this.#known.set(key, metadata)
    batch.metadata.push(metadata)
  }

  /** The batch was not stored: its descriptions are new again. */
  forget(batch: MetricsBatch): void {
    for (const metadata of batch.metadata) {
      this.#known.delete(keyOf(batch.tenant, metadata.name))
      this.#keepLost(tenantKey(batch.tenant), metadata)
    }
  }

  /** Puts what was said in batches of this tenant that were not stored into this one. */
  repeat(batch: MetricsBatch): void {
    if (this.#lost.size === 0) return
    const tenant = tenantKey(batch.tenant)
    const lost = this.#lost.get(tenant)
    if (lost === undefined) return
    this.#lost.delete(tenant)
    for (const metadata of lost.values()) if (!this.#known.has(keyOf(batch.tenant, metadata.name))) this.describe(batch, metadata)
  }

  #keepLost(tenant: string, metadata: MetricMetadata): void {
    let lost = this.#lost.get(tenant)
    if (lost === undefined) {
      if (this.#lost.size >= lostTenantsMax) return
      lost = new Map()
      this.#lost.set(tenant, lost)
    }
    if (lost.size < lostPerTenantMax) lost.set(metadata.name, metadata)
  }
}

function tenantKey({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}

function keyOf(tenant: Tenant, name: string): string {
  return `${tenantKey(tenant)}/${name}`
}
