/** What a project's metric is by its stored description, whichever protocol brought it. */
import type { Tenant } from '../../kernel/scope.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { MetricType } from '../model.ts'
import { metricHashOf } from '../series/series-id.ts'
import type { SetsHead } from '../sets/sets-head.ts'

export interface DescriptionsDeps {
  readonly metadata: Pick<MetadataStore, 'ofTenant'>
  readonly sets: Pick<SetsHead, 'metrics'>
}

/** A set is described as the gauge that shows it, and is a set all the same. */
export interface StoredDescription {
  readonly type: MetricType | 'set'
  /** As the sender wrote it; '' for none. */
  readonly unit: string
}

/** Null when nothing describes it. */
export type DescriptionOf = (tenant: Tenant, storedName: string) => StoredDescription | null

export function createDescriptions({ metadata, sets }: DescriptionsDeps): DescriptionOf {
  return (tenant, storedName) => {
    const described = metadata.ofTenant(tenant, storedName)
    if (sets.metrics.has(tenant.organizationId, tenant.projectId, metricHashOf(storedName)))
      return { type: 'set', unit: described?.unit ?? '' }
    return described
  }
}
