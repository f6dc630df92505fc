/**
 * Limits over sliding windows of time: what is asked, what is granted. A window is a whole number of granules; what was used in its
 * granules counts. Implementations: in process, and in Redis where several programs share it (in process again while it is away).
 */

/** At most `limit` within `windowSeconds`. */
export interface Quota {
  readonly windowSeconds: number
  /** Divides the window. What was used is forgotten by whole granules. */
  readonly granularitySeconds: number
  readonly limit: number
  /** Counted under this name in place of the request's own, so that requests with different prefixes share the quota. */
  readonly prefixOverride?: string
}

/** May `prefix` use `requested` more? Asked of every quota. A prefix holds no `{` or `}`. */
export interface RequestedQuota {
  readonly prefix: string
  /** A whole number from 0. */
  readonly requested: number
  /** At least one. */
  readonly quotas: readonly Quota[]
}

/** The answer to one request, in the order of the requests. */
export interface GrantedQuota {
  readonly prefix: string
  /** Between 0 and what was requested: the least that any of its quotas has left. */
  readonly granted: number
  /** The quotas that made it less than requested. */
  readonly reachedQuotas: readonly Quota[]
  /** What it was charged to. */
  readonly quotas: readonly Quota[]
}

/** Grants of one batch, with the second they were charged to: what `release` needs. */
export interface AcquiredQuotas {
  readonly timestampSeconds: number
  readonly grants: readonly GrantedQuota[]
}

/**
 * Exact under concurrency: looking and using are one step, so that two askers never get the same unit. Requests of one batch are
 * answered in order, each seeing what those before it used. Errors: `RangeError` for a quota or prefix that cannot be (a bug of the caller).
 */
export interface SlidingWindowLimiter {
  acquire(requests: readonly RequestedQuota[]): Promise<AcquiredQuotas>
  /**
   * Gives back what the guarded work did not use: `unused[i]` of grant `i`, all of it when not given. To be called at most once for
   * each acquisition. Never fails: what cannot be given back is forgotten with its window.
   */
  release(acquired: AcquiredQuotas, unused?: readonly number[]): Promise<void>
}

/** The same for callers that cannot wait: by what this process alone used. */
export interface LocalSlidingWindowLimiter extends SlidingWindowLimiter {
  acquireNow(requests: readonly RequestedQuota[]): AcquiredQuotas
  releaseNow(acquired: AcquiredQuotas, unused?: readonly number[]): void
}
