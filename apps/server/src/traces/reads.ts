/** The one place where reads of traces get their tenant: every statement's condition begins with what is made here. */
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { compileSearch, type CompiledSearch } from '../search/index.ts'
import { bucketSec, nsOfMs, resourcesTable } from '../signals/index.ts'
import { badRange } from './errors.ts'
import type { TimeRange, TraceKeeping, TraceReads } from './ports.ts'
import { spanFieldsOf } from './span-fields.ts'

export interface ReadsDeps {
  readonly keeping: TraceKeeping
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Rows of the reader's projects. */
export function tenantSql(scope: Scope): string {
  return `org = ${scope.organizationId} AND project IN (${scope.projectIds.join(', ')})`
}

export function createTraceReads({ keeping, clock }: ReadsDeps): TraceReads {
  /** The bucket that is not yet past the project's days. */
  const oldestSec = (scope: Scope, projectId: number): number =>
    Math.floor((clock.nowMs() / 1000 - keeping.keepDays(scope.organizationId, projectId) * 86_400) / bucketSec) * bucketSec
  /** What is not past its days: a condition on a column of steps of so many seconds. */
  const shown = (scope: Scope, column: string, stepSec: number): string => {
    const oldest = (projectId: number): number => Math.floor(oldestSec(scope, projectId) / stepSec)
    const all = new Set(scope.projectIds.map(oldest))
    if (all.size === 1) return `${column} >= ${[...all].join('')}`
    return `(${scope.projectIds.map((id) => `(project = ${id} AND ${column} >= ${oldest(id)})`).join(' OR ')})`
  }
  return {
    spans(scope, range) {
      checkRange(range)
      return `${tenantSql(scope)} AND ${withinSql(range)} AND ${shown(scope, 'bucket', bucketSec)}`
    },
    buckets: (scope, first, last) => `${tenantSql(scope)} AND bucket BETWEEN ${first} AND ${last} AND ${shown(scope, 'bucket', bucketSec)}`,
    traces: (scope) => `${tenantSql(scope)} AND ${shown(scope, 'week', 7 * 86_400)}`,
    counts(scope, range, stepSec) {
      checkRange(range)
      const [first, last] = [Math.floor(range.fromMs / 1000 / stepSec), Math.ceil(range.toMs / 1000 / stepSec)]
      return `${tenantSql(scope)} AND step >= ${first} AND step < ${last} AND ${shown(scope, 'step', stepSec)}`
    },
    shownFromMs: (scope) => [...new Set(scope.projectIds.map((id) => oldestSec(scope, id) * 1000))],
  }
}

function checkRange({ fromMs, toMs }: TimeRange): void {
  if (!(fromMs < toMs)) throw new AppError(badRange, { hint: 'The start must be before the end.' })
}

/** A column of time is as much to read as most questions' own columns: where the range ends with a bucket, the bucket says it all. */
function withinSql({ fromMs, toMs }: TimeRange): string {
  const bucketMs = bucketSec * 1000
  const [first, behind] = [Math.floor(fromMs / bucketMs), Math.ceil(toMs / bucketMs)]
  const from = fromMs === first * bucketMs ? '' : ` AND ts >= ${nsOfMs(fromMs)}`
  const to = toMs === behind * bucketMs ? '' : ` AND ts < ${nsOfMs(toMs)}`
  return `bucket BETWEEN ${first} AND ${behind - 1}${from}${to}`
}

/** A search over spans. Errors: `search.invalid`, `search.pattern`. */
export function spanSearch(scope: Scope, query: string, nowMs: number): CompiledSearch {
  const fields = spanFieldsOf((condition) => {
    const rows = `FROM ${resourcesTable} WHERE ${tenantSql(scope)} AND ${condition}`
    // Counted before the statement is planned: mostly there is none, and only then the index on the other side of an OR leaves anything out.
    return `((SELECT count() ${rows}) > 0 AND resource IN (SELECT fingerprint ${rows}))`
  })
  return compileSearch(query, fields, { nowMs })
}

/** Both conditions; an empty search adds none. */
export function both(rows: string, search: CompiledSearch): string {
  return search.isEmpty ? rows : `${rows} AND ${search.sql()}`
}
