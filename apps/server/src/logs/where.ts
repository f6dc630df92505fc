/** The one place where reads of logs get their tenant: every statement's condition begins with what `rowsOf` gives. */
import type { Scope } from '../kernel/scope.ts'
import { compileSearch, type CompiledSearch, type SearchFields } from '../search/index.ts'
import { bucketSec, nsOfMs, resourcesTable } from '../signals/index.ts'
import { searchFieldsOf } from './fields.ts'
import type { Shown, TimeRange } from './ports.ts'

/** Rows of the reader's projects. Of one project as an equality: only then rows are in the key's order for what is asked by time. */
export function tenantSql({ organizationId, projectIds }: Scope): string {
  const [only] = projectIds
  const projects = only !== undefined && projectIds.length === 1 ? `= ${only}` : `IN (${projectIds.join(', ')})`
  return `org = ${organizationId} AND project ${projects}`
}

/** A condition on the columns of `logs`: the reader's rows in the range, those that retention hides left out. */
export function rowsOf(scope: Scope, range: TimeRange, shown: Shown): string {
  const [first, last] = [range.fromMs, range.toMs].map((ms) => Math.floor(ms / 1000 / bucketSec))
  const parts = [
    tenantSql(scope),
    `bucket BETWEEN ${first} AND ${last}`,
    `ts >= ${nsOfMs(range.fromMs)} AND ts < ${nsOfMs(range.toMs)}`,
    shown.shownSql(scope, range, 'rows'),
  ]
  return parts.filter((part) => part !== null).join(' AND ')
}

/** What the reader can ask of logs. */
export function logFieldsFor(scope: Scope): SearchFields {
  return searchFieldsOf((condition) => `resource IN (SELECT fingerprint FROM ${resourcesTable} WHERE ${tenantSql(scope)} AND ${condition})`)
}

/** Errors: `search.invalid`, `search.pattern`. */
export function searchFor(scope: Scope, query: string, nowMs: number): CompiledSearch {
  return compileSearch(query, logFieldsFor(scope), { nowMs })
}

/** Both conditions; an empty search adds none. */
export function both(rows: string, search: CompiledSearch): string {
  return search.isEmpty ? rows : `${rows} AND ${search.sql()}`
}
