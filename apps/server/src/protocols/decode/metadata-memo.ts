/** Remembers what was said about each metric, so that its description enters a batch only when it is new or has changed. */
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricMetadata, MetricsBatch } from '../../metrics/index.ts'

export class MetadataMemo {
  readonly #metricsMax: number
  readonly #known = new Map<string, MetricMetadata>()
  /** Of batches that were not stored. Decoders that know a series do not describe its metric again by themselves. */
  readonly #lost = new Map<string, { readonly tenant: Tenant; readonly metadata: MetricMetadata }>()

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
      const key = keyOf(batch.tenant, metadata.name)
      this.#known.delete(key)
      if (this.#lost.size < this.#metricsMax) this.#lost.set(key, { tenant: batch.tenant, metadata })
    }
  }

  /** Puts what was said in batches that were not stored into this one of the same tenant. */
  repeat(batch: MetricsBatch): void {
    for (const [key, { tenant, metadata }] of this.#lost) {
      if (tenant.organizationId !== batch.tenant.organizationId || tenant.projectId !== batch.tenant.projectId) continue
      this.#lost.delete(key)
      if (!this.#known.has(key)) this.describe(batch, metadata)
    }
  }
}

function keyOf(tenant: Tenant, name: string): string {
  return `${tenant.organizationId}/${tenant.projectId}/${name}`
}
