/**
 * How many distinct series were seen within a sliding window, and whether a new one may join: at once for everybody, for the
 * organization, for its use case, and for the metric.
 */

/** Most distinct series within the window. */
export interface CardinalityLimits {
  readonly global: number
  readonly organization: number
  /** Of one use case of one organization. */
  readonly useCase: number
  /** Of one metric of one project. */
  readonly metric: number
}

export type CardinalityScope = keyof CardinalityLimits

export interface CardinalityQuotas {
  readonly windowSec: number
  /** Divides the window. A series leaves the count between `windowSec - granularitySec` and `windowSec` after it was last seen. */
  readonly granularitySec: number
  readonly limits: CardinalityLimits
  /** Most distinct series of some use cases of one organization, in place of `limits.useCase`. */
  readonly useCases?: Readonly<Record<string, number>>
}

/** Series of one metric. A hash belongs to one metric of one project for ever. */
export interface CardinalityRequest {
  readonly organizationId: number
  readonly projectId: number
  readonly useCase: string
  readonly metric: string
  /** Low and high halves of the 64-bit hash of each series in turn. */
  readonly hashes: Uint32Array
}

/** What was refused of one request. */
export interface CardinalityVerdict {
  /** Positions of series (not of halves), ascending. */
  readonly refused: readonly number[]
  /** The widest scope that had no room; null when nothing was refused. */
  readonly reached: CardinalityScope | null
}

export interface CardinalityLimiter {
  readonly quotas: CardinalityQuotas
  /**
   * A verdict for each request. A series seen within the window passes; a new one joins while every scope has room. Never rejects. A promise
   * only where others share the count and have to be asked.
   */
  judge(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] | Promise<readonly CardinalityVerdict[]>
  /** The same by what this program knows, at once; what others share is told later. */
  judgeNow(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[]
  /** These series are there, whatever the limits say. */
  note(requests: readonly CardinalityRequest[]): void | Promise<void>
  /** Distinct series of a metric that this program knows of within the window. */
  metricCount(metric: Omit<CardinalityRequest, 'hashes'>): number
  /** Distinct series that this program knows of within the window. */
  readonly count: number
}
