/** Budgets of queries by class. Who waits at a screen is `interactive`; rules and reports are `background`. */

export type QueryClass = 'interactive' | 'background'

export interface ClassLimits {
  /** Samples all selectors of one query may read together. */
  readonly samplesMax: number
  /** Series one selector may match. */
  readonly seriesMax: number
  /** Points of one series in the answer of a range query. */
  readonly stepsMax: number
  readonly timeoutMs: number
  /** How far back an instant selector looks for the last sample. */
  readonly lookbackMs: number
  /** Queries evaluated at once; they share one thread, so more only makes each slower. */
  readonly runningMax: number
  /** Queries that may wait for their turn; one more is refused. */
  readonly queuedMax: number
  /** Longest wait for a turn. */
  readonly queueMsMax: number
}

export type QueryLimitsByClass = Readonly<Record<QueryClass, ClassLimits>>

/** Prometheus allows 11,000 steps beside the first point. */
export const stepsMax = 11_001

export const defaultQueryLimits: QueryLimitsByClass = {
  interactive: {
    samplesMax: 50_000_000,
    seriesMax: 500_000,
    stepsMax,
    timeoutMs: 60_000,
    lookbackMs: 300_000,
    runningMax: 8,
    queuedMax: 100,
    queueMsMax: 15_000,
  },
  background: {
    samplesMax: 50_000_000,
    seriesMax: 500_000,
    stepsMax,
    timeoutMs: 30_000,
    lookbackMs: 300_000,
    runningMax: 2,
    queuedMax: 1000,
    queueMsMax: 60_000,
  },
}

/** Series that a catalog request looks at, and names it answers at most. */
export const catalogLimitMax = 50_000
