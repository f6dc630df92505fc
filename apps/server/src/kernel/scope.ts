/**
 * Who may see what. Every read of tenant data takes a `Scope`; only `accounts/` makes one
 * (a boundary rule refuses `createScope` elsewhere), so no route can forget the tenant.
 */

const scopeBrand: unique symbol = Symbol('scope')

/** The organization and the projects (at least one) whose data a caller may read. */
export interface Scope {
  readonly [scopeBrand]: true
  readonly organizationId: number
  readonly projectIds: readonly number[]
}

/** Where written data belongs. Comes from an ingest key. */
export interface Tenant {
  readonly organizationId: number
  readonly projectId: number
}

/** Only for `accounts/` and tests. */
export function createScope(organizationId: number, projectIds: readonly number[]): Scope {
  if (projectIds.length === 0) throw new Error('a scope needs at least one project')
  const scope: Scope = { [scopeBrand]: true, organizationId, projectIds: Object.freeze([...projectIds]) }
  return Object.freeze(scope)
}
