/**
 * From single observations (an increment, a gauge set, a measured value, a member of a set) to cumulative series. Senders that observe
 * instead of reporting totals (StatsD, the metrics collector) feed it; every flush interval it becomes samples in the ordinary path.
 */
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels } from '../model.ts'

/**
 * What becomes of the observations of one series:
 * - `counter`: summed; a float series that only grows, with a 0 before its first value, and begins anew after a restart (a counter reset).
 * - `gauge`: the last value; can be set and moved by a signed amount.
 * - `distribution`: a cumulative native histogram of schema 7: any quantile is within 1 % of the exact one.
 * - `set`: the members go to the table of sets (see ../sets/ports.ts); a float series has the distinct members of each flush interval.
 */
export type AggregateType = 'counter' | 'gauge' | 'distribution' | 'set'

/** Why there is no aggregate; counted under these names. */
export type AggregateRefusal =
  /** The metric is one of another type now; `detail` says which. */
  | 'type_changed'
  /** The project, or all projects together, have as many aggregates as are allowed. */
  | 'aggregate_limit'
  /** The series index takes no new series of the project. */
  | 'series_limit'
  /** A rule of the project drops the series. */
  | 'dropped_by_rule'

export type FoundAggregate =
  | { readonly type: 'ok'; readonly handle: number }
  | { readonly type: 'reject'; readonly reason: AggregateRefusal; readonly detail: string }

/**
 * The aggregates of one project. A handle is a plain number, to be remembered beside whatever names the series on the wire; the methods that
 * take one give false when its aggregate has expired meanwhile or rules may have made another of it, and have done nothing: `find` it again.
 */
export interface ProjectAggregates {
  /** The aggregate of these normalized labels (`normalizeLabels`, `__name__` included), made when new. `unit`: of its description. */
  find(type: AggregateType, labels: Labels, unit?: string): FoundAggregate
  /** Counter: adds `amount`, finite and not negative (after division by a sample rate). */
  increment(handle: number, amount: number): boolean
  /** Gauge: sets the value, finite. */
  setGauge(handle: number, value: number): boolean
  /** Gauge: moves the value; one that was never set starts at 0. */
  moveGauge(handle: number, delta: number): boolean
  /**
   * Gauge: a value measured at another time than now, ms since 1970; stored as it is, whatever the gauge's value is now. One too many is dropped
   * and counted (`timed_values_limit`).
   */
  putGauge(handle: number, value: number, timeMs: number): boolean
  /** Distribution: a finite value that stands for `weight` (1 divided by the sample rate) of them. */
  observe(handle: number, value: number, weight: number): boolean
  /** Set: the 64-bit hash of a member (`hashMember` of ../sets). A member too many is dropped and counted (`set_members_limit`). */
  addMember(handle: number, low: number, high: number): boolean
  /**
   * Counts what the sender sent and got no aggregate, for `received = stored + refused + dropped + queued`. The observations themselves are
   * counted by the methods above.
   */
  refuse(reason: string, points: number): void
  /**
   * Writes now what changed, and resolves once everything observed before the call is durable. Calls that meet share a write. Errors: those of
   * `MetricsIngest.accept`; nothing is lost then, the next flush has it again.
   */
  commit(): Promise<void>
}

/** One per process. Flushes all projects at every whole flush interval of the wall clock, and once more when it is disposed of. */
export interface Aggregates extends AsyncDisposable {
  of(tenant: Tenant): ProjectAggregates
  /** Flushes now, all projects; resolves when each is durable or has failed (and waits for the next flush). */
  flush(): Promise<void>
  /** Aggregates of all projects. */
  readonly size: number
}
