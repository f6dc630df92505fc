/** A token bucket a project: so many requests' bytes or points a second, with a burst. Off unless a rate is configured. */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import { rateBucketsMax } from './limits.ts'

export interface RateLimitOptions {
  readonly perSecond: number
  /** What may come at once; the bucket's size. */
  readonly burst: number
}

interface Bucket {
  tokens: number
  atMs: number
}

export interface RateLimit {
  /** Takes `amount`; 0 when it was there, otherwise the seconds (at least 1) until it will be. */
  take(tenant: Tenant, amount: number): number
}

/** A bucket is full at first. An amount above the burst needs a full bucket and leaves a debt. */
export function createRateLimit(options: RateLimitOptions, clock: Pick<Clock, 'monotonicMs'>): RateLimit {
  const { perSecond, burst } = options
  const buckets = new Map<string, Bucket>()
  return {
    take(tenant, amount) {
      const key = `${tenant.organizationId}/${tenant.projectId}`
      const nowMs = clock.monotonicMs()
      const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs }
      // Taken out and put in again, so that the map's first key is the longest unused.
      buckets.delete(key)
      buckets.set(key, bucket)
      if (buckets.size > rateBucketsMax)
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest)
          break
        }
      bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
      bucket.atMs = nowMs
      const needed = Math.min(amount, burst)
      if (bucket.tokens < needed) return Math.max(1, Math.ceil((needed - bucket.tokens) / perSecond))
      bucket.tokens -= amount
      return 0
    },
  }
}
