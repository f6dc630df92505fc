/** The plainest sliding windows: a list of everything that was ever used, added up for every question. */
import type { AcquiredQuotas, GrantedQuota, Quota, RequestedQuota } from '../ports.ts'

interface Use {
  readonly name: string
  readonly atSeconds: number
  count: number
}

function nameOf(quota: Quota, prefix: string): string {
  return [quota.prefixOverride ?? prefix, quota.windowSeconds, quota.granularitySeconds].join('|')
}

export class NaiveWindows {
  #uses: Use[] = []

  acquire(requests: readonly RequestedQuota[], nowSeconds: number): AcquiredQuotas {
    const grants = requests.map((request) => this.#one(request, nowSeconds))
    return { timestampSeconds: nowSeconds, grants }
  }

  release({ timestampSeconds, grants }: AcquiredQuotas, unused: readonly number[]): void {
    grants.forEach(({ prefix, granted, quotas }, i) => {
      for (const name of new Set(quotas.map((quota) => nameOf(quota, prefix)))) {
        this.#uses.push({ name, atSeconds: timestampSeconds, count: -Math.min(granted, unused[i] ?? 0) })
      }
    })
  }

  #one({ prefix, requested, quotas }: RequestedQuota, nowSeconds: number): GrantedQuota {
    let granted = requested
    const reachedQuotas: Quota[] = []
    for (const quota of quotas) {
      const left = Math.max(quota.limit - this.#used(quota, prefix, nowSeconds), 0)
      if (left >= granted) continue
      granted = left
      reachedQuotas.push(quota)
    }
    for (const name of new Set(quotas.map((quota) => nameOf(quota, prefix))))
      this.#uses.push({ name, atSeconds: nowSeconds, count: granted })
    return { prefix, granted, reachedQuotas, quotas }
  }

  #used(quota: Quota, prefix: string, nowSeconds: number): number {
    const granule = (seconds: number): number => Math.floor(seconds / quota.granularitySeconds)
    const oldest = granule(nowSeconds) - quota.windowSeconds / quota.granularitySeconds + 1
    let sum = 0
    for (const { name, atSeconds, count } of this.#uses) {
      if (name === nameOf(quota, prefix) && granule(atSeconds) >= oldest) sum += count
    }
    return sum
  }
}
