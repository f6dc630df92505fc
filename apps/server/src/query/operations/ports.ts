/** Operations on metrics: what is asked and answered. A metric is named by its MRI, its public name, or the name it is stored under. */
import type { MetricMetadata } from '../../metrics/index.ts'
import type { Operation, UnitFamily, UseCaseId } from '../../naming/index.ts'
import type { Scope } from '../../kernel/scope.ts'

/** Which values of a tag count; an absent tag has the value ''. */
export interface TagFilter {
  readonly tag: string
  readonly op: '=' | '!=' | 'in' | 'not_in' | 'prefix'
  /** One for `=`, `!=` and `prefix`, at least one for `in` and `not_in`. */
  readonly values: readonly string[]
}

export interface OperationQuery {
  readonly metric: string
  /** Null only for derived metrics, which are their own operation. */
  readonly operation: string | null
  readonly groupBy: readonly string[]
  readonly where: readonly TagFilter[]
  /** RFC 3339 or relative, as `now-1h`. */
  readonly from: string
  readonly to: string
  /** A PromQL duration, as `5m`; null: what gives a readable number of points. */
  readonly interval: string | null
  /** Groups answered one by one; the rest is one more, `other`. */
  readonly groupsMax: number
  /** Apdex: what satisfies, in the metric's unit. Null: 300 ms. */
  readonly threshold: number | null
  /** Failure rate and sessions: the tag that says how it ended. Null: that of the use case. */
  readonly statusTag: string | null
  /** Failure rate: statuses that are no failure. */
  readonly okStatuses: readonly string[]
  /** Buckets of `histogram`. */
  readonly buckets: number
}

/** Observations in `(lower, upper]`. */
export interface CountedBucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** A stored metric as operations see it. */
export interface MetricDescription {
  /** Null for names that no MRI can hold. */
  readonly mri: string | null
  readonly useCase: UseCaseId
  readonly operations: readonly Operation[]
}

/** A number, null where there is nothing to say, buckets for `histogram`. */
export type OperationValue = number | null | readonly CountedBucket[]

export interface OperationGroup {
  /** In the order of `groupBy`; '' for an absent tag. Empty in the group of all the others. */
  readonly tags: readonly (readonly [tag: string, value: string])[]
  readonly isOther: boolean
  /** The operation over the whole range. */
  readonly total: OperationValue
  /** One for each interval. */
  readonly values: readonly OperationValue[]
}

export interface OperationUnit {
  /** `none` for counts, `ratio` for shares. */
  readonly name: string
  readonly family: UnitFamily
  readonly reference: string
  /** A value times this is in the reference unit; null where there is no common one. */
  readonly toReference: number | null
  /** Values are for a second. */
  readonly perSecond: boolean
}

export interface OperationAnswer {
  /** Null when no MRI can hold the stored name. */
  readonly mri: string | null
  readonly name: string
  readonly operation: Operation
  readonly unit: OperationUnit
  /** `from` floored to the interval, `to` raised to a whole one. */
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
  /** The largest first. */
  readonly groups: readonly OperationGroup[]
  /** False when increases were extrapolated from rollups, because the samples of the range are too many to read. */
  readonly isExact: boolean
  readonly warnings: readonly string[]
}

/**
 * Errors by code: `naming.bad_mri`, `naming.operation_not_allowed`, `metrics.not_found`, `query.bad_operation_query`, and those of
 * `MetricsQuery`.
 */
export interface MetricOperations {
  /** What a stored metric is called and may be asked; `name` is one under which series are stored. */
  describe(scope: Scope, name: string, metadata: MetricMetadata | null): MetricDescription
  query(scope: Scope, query: OperationQuery, signal: AbortSignal): Promise<OperationAnswer>
}
