/** Remembers what was said about each metric, so that its description enters a batch only when it is new or has changed. */
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricMetadata, MetricsBatch } from '../../metrics/index.ts'

export class MetadataMemo {
  readonly #metricsMax: number
  readonly #known = new Map<string, MetricMetadata>()

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
    for (const metadata of batch.metadata) this.#known.delete(keyOf(batch.tenant, metadata.name))
  }
}

function keyOf(tenant: Tenant, name: string): string {
  return `${tenant.organizationId}/${tenant.projectId}/${name}`
}
