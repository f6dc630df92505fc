/** How long a project keeps its metrics, and deleting some of them. Every change is in the audit log. */
import type { Access } from '../accounts/index.ts'
import type { ErasureCount, Matcher, RetentionPolicy, RetentionPreview } from '../metrics/index.ts'

export interface RetentionState {
  readonly policy: RetentionPolicy
  /** Null: never changed. */
  readonly changedAtMs: number | null
  readonly changedBy: string | null
  /** When room was last made, by this program; null: not since it started. */
  readonly lastRunAtMs: number | null
  /** Rows of the project that it deleted beside whole parts. */
  readonly lastRunRows: number
  /** Why the last attempt failed; null: it did not. */
  readonly failure: string | null
}

export interface MetricDeletion {
  readonly id: string
  readonly match: readonly (readonly Matcher[])[]
  /** Samples up to this time are deleted. */
  readonly beforeMs: number
  /** `running`: nobody sees them any more, and the engine is at it. */
  readonly state: 'running' | 'done'
  readonly series: number
  readonly samples: number
  readonly requestedBy: string
  readonly requestedAtMs: number
  readonly finishedAtMs: number | null
}

/** The access is of one project. Errors by code: `retention.unavailable`, `retention.bad_policy`, `retention.nothing_to_delete`, those of queries. */
export interface Retention {
  get(access: Access): Promise<RetentionState>
  put(access: Access, policy: RetentionPolicy): Promise<RetentionState>
  /** Rows that the policy would make go now. */
  preview(access: Access, policy: RetentionPolicy, signal: AbortSignal): Promise<RetentionPreview>
  /** Newest first. */
  deletions(access: Access): Promise<MetricDeletion[]>
  /** What a deletion would take; changes nothing. */
  count(access: Access, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<ErasureCount>
  /** Hides at once, deletes in the background. */
  delete(access: Access, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<MetricDeletion>
}
