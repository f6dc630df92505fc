/**
 * What both sliding-window limiters share: which quotas can be, and under which names counters and granules go. Granules are numbered
 * from `floor(seconds / granularity) - 1`, the newest, downwards.
 */
import type { AcquiredQuotas, Quota, RequestedQuota } from './ports.ts'

/** Start of every key in Redis: `<this>:<override or prefix>:<window>:<granularity>:<granule>`. */
const keyPrefix = 'sliding-window-rate-limit'

/** Granules of a window. */
export function granuleCount({ windowSeconds, granularitySeconds }: Quota): number {
  return windowSeconds / granularitySeconds
}

export function newestGranule({ granularitySeconds }: Quota, timestampSeconds: number): number {
  return Math.floor(timestampSeconds / granularitySeconds) - 1
}

/** What quota and prefix count in, the granule aside: quotas with equal names share what was used, whatever their limits. */
export function counterName(quota: Quota, prefix: string): string {
  return `${quota.prefixOverride ?? prefix}:${quota.windowSeconds}:${quota.granularitySeconds}`
}

export function granuleKey(counter: string, granule: number): string {
  return `${keyPrefix}:${counter}:${granule}`
}

/** Throws `RangeError`. */
export function checkRequests(requests: readonly RequestedQuota[]): void {
  for (const { prefix, requested, quotas } of requests) {
    checkPrefix(prefix)
    if (!Number.isSafeInteger(requested) || requested < 0) throw new RangeError(`cannot request ${requested} of a quota`)
    if (quotas.length === 0) throw new RangeError(`a request for '${prefix}' without quotas`)
    for (const quota of quotas) checkQuota(quota)
  }
}

/** Throws `RangeError`. */
export function checkQuota({ windowSeconds, granularitySeconds, limit, prefixOverride }: Quota): void {
  if (!Number.isSafeInteger(granularitySeconds) || granularitySeconds < 1) {
    throw new RangeError(`a granularity of ${granularitySeconds} seconds; it must be a whole number from 1`)
  }
  if (!Number.isSafeInteger(windowSeconds) || windowSeconds < 1 || windowSeconds % granularitySeconds !== 0) {
    throw new RangeError(`a window of ${windowSeconds} seconds; it must be a multiple of the granularity, ${granularitySeconds}`)
  }
  if (!Number.isSafeInteger(limit) || limit < 0) throw new RangeError(`a limit of ${limit}; it must be a whole number from 0`)
  if (prefixOverride !== undefined) checkPrefix(prefixOverride)
}

/** Braces would choose the node of a Redis cluster. */
function checkPrefix(prefix: string): void {
  if (/[{}]/.test(prefix)) throw new RangeError(`the prefix '${prefix}' holds a brace`)
}

/** One counter's use by one acquisition. */
export interface CounterUse {
  readonly counter: string
  readonly quota: Quota
  readonly count: number
}

/** What each grant took from which counter, or what of it was not used. A counter that several quotas of a request share counts once. */
export function usesOf({ grants }: AcquiredQuotas, unused?: readonly number[]): CounterUse[] {
  const uses: CounterUse[] = []
  grants.forEach(({ prefix, granted, quotas }, i) => {
    const count = Math.min(granted, Math.max(unused === undefined ? granted : (unused[i] ?? 0), 0))
    if (count === 0) return
    const seen = new Set<string>()
    for (const quota of quotas) {
      const counter = counterName(quota, prefix)
      if (seen.has(counter)) continue
      seen.add(counter)
      uses.push({ counter, quota, count })
    }
  })
  return uses
}
