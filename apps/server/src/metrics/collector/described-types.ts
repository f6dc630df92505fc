/** What a project's metric is by its stored description, whichever protocol brought it. */
import type { Tenant } from '../../kernel/scope.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { MetricType } from '../model.ts'
import { metricHashOf } from '../series/series-id.ts'
import type { SetsHead } from '../sets/sets-head.ts'

export interface DescribedTypesDeps {
  readonly metadata: Pick<MetadataStore, 'ofTenant'>
  readonly sets: Pick<SetsHead, 'metrics'>
}

/** Null when nothing describes it. */
export type DescribedTypeOf = (tenant: Tenant, storedName: string) => MetricType | 'set' | null

export function createDescribedTypes({ metadata, sets }: DescribedTypesDeps): DescribedTypeOf {
  return (tenant, storedName) => {
    if (sets.metrics.has(tenant.organizationId, tenant.projectId, metricHashOf(storedName))) return 'set'
    return metadata.ofTenant(tenant, storedName)?.type ?? null
  }
}
