/** The tenants that have series in the index, and how far back the index knows all of theirs. */
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { TenantPostings } from './postings.ts'
import type { SymbolTable } from './symbols.ts'

/** One tenant's part of the index. */
export interface TenantSeries {
  /** Dense number of the tenant in this process. */
  readonly index: number
  readonly tenant: Tenant
  /** Stands for the tenant in what is known by its bytes on the wire; a new number makes all of that unreachable. No other tenant ever had it. */
  wireKey: number
  readonly postings: TenantPostings
  /** Series in the index. */
  count: number
  /** Every series of the tenant that has samples from this minute (since 1970) on is in the index; of those before, some may be in the engine only. -1: all are. */
  knownFromMinute: number
  /** Moves on whenever a series leaves the index. */
  epoch: number
  /** Requests during which none of its series leaves. */
  keptBy: number
}

export class SeriesTenants {
  readonly all: TenantSeries[] = []
  readonly #symbols: SymbolTable
  readonly #byOrganization = new Map<number, Map<number, TenantSeries>>()
  #last: TenantSeries | null = null
  #wireKeys = 0
  loadedFromMinute = -1

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols
  }

  /** Made when new. */
  of(tenant: Tenant): TenantSeries {
    const last = this.#last
    if (last !== null && last.tenant.projectId === tenant.projectId && last.tenant.organizationId === tenant.organizationId) return last
    let projects = this.#byOrganization.get(tenant.organizationId)
    if (projects === undefined) this.#byOrganization.set(tenant.organizationId, (projects = new Map()))
    let found = projects.get(tenant.projectId)
    if (found === undefined) {
      found = {
        index: this.all.length,
        tenant: { ...tenant },
        wireKey: this.#wireKeys++,
        postings: new TenantPostings(this.#symbols),
        count: 0,
        knownFromMinute: this.loadedFromMinute,
        epoch: 0,
        keptBy: 0,
      }
      this.all.push(found)
      projects.set(tenant.projectId, found)
    }
    this.#last = found
    return found
  }

  /** Nothing of the tenant is known by its bytes any more; the caches drop what is there as it ages. */
  renewWireKey(tenant: TenantSeries): void {
    tenant.wireKey = this.#wireKeys++
  }

  /** Those of the scope that have or had series. */
  ofScope({ organizationId, projectIds }: Scope): TenantSeries[] {
    const projects = this.#byOrganization.get(organizationId)
    const out: TenantSeries[] = []
    for (const id of new Set(projectIds)) {
      const tenant = projects?.get(id)
      if (tenant !== undefined) out.push(tenant)
    }
    return out
  }

  /** Series without samples from this minute on were not read into the index, of any tenant. */
  loadedFrom(minute: number): void {
    this.loadedFromMinute = Math.max(this.loadedFromMinute, minute)
    for (const tenant of this.all) tenant.knownFromMinute = Math.max(tenant.knownFromMinute, minute)
  }

  get pairCount(): number {
    let pairs = 0
    for (const { postings } of this.all) pairs += postings.pairCount
    return pairs
  }
}
