/**
 * Sets: how many distinct members (users, sessions, addresses) a metric saw. Members become 64-bit hashes at the door; the engine keeps a
 * HyperLogLog state per series and minute, and states of any series and minutes can be united. The error is about 1 % (exact for few members).
 */
import type { Scope } from '../../kernel/scope.ts'
import type { Labels, Matcher, ReadBounds } from '../model.ts'

/** Width of the time buckets that members are kept in: ranges and steps are whole minutes. */
export const setBucketMs = 60_000

/** Distinct members of the series that match, per group and step. */
export interface CountUniqueRequest {
  readonly matchers: readonly Matcher[]
  /** `[fromMs, toMs)`; widened to whole minutes. */
  readonly fromMs: number
  readonly toMs: number
  /** Width of a step, a multiple of a minute; null: the whole range is one step. Steps begin at `fromMs`, widened. */
  readonly stepMs: number | null
  /** Names of the labels whose values make a group; none: all series are one group. */
  readonly groupBy: readonly string[]
}

/** Count of group g at step s is `counts[g * starts.length + s]`, 0 where there was no member. Groups without any member are left out. */
export interface UniqueCounts {
  /** Labels of each group: those of `groupBy` that its series have. */
  readonly groups: readonly Labels[]
  /** Start of each step, ms since 1970. */
  readonly startsMs: readonly number[]
  readonly counts: Float64Array
}

export interface UniqueStore {
  /**
   * Sees every acknowledged member. Errors by code: `query.too_many_series` (over `seriesMax` series), `query.too_many_samples` (groups times
   * steps over `samplesMax`), `metrics.bad_regexp`, and the engine's.
   */
  countUnique(scope: Scope, request: CountUniqueRequest, bounds: ReadBounds): Promise<UniqueCounts>
  /** Has the metric of this name members in a project of the scope? The float series of a set looks like any gauge. */
  isSet(scope: Scope, name: string): boolean
}
