/** Who is calling and what they may see. The only maker of `Scope` is this domain. */
import type { Scope, Tenant } from '../kernel/scope.ts'

export type Role = 'owner' | 'admin' | 'member' | 'viewer'

/** What an API token may do; a signed-in person has what their role has. */
export type Permission = 'read' | 'write' | 'admin'

export interface Caller {
  readonly kind: 'user' | 'token'
  /** User or token id. */
  readonly id: string
  readonly name: string
}

/** A caller's right to one organization or project, checked; carries the scope for reading. */
export interface Access {
  readonly caller: Caller
  readonly role: Role
  readonly permissions: ReadonlySet<Permission>
  readonly scope: Scope
}

/** Headers and address of a request, without an HTTP framework in sight. */
export interface Credentials {
  readonly authorization: string | null
  readonly cookie: string | null
}

/** Projects as people name them, by ids or slugs. */
export interface NamedProjects {
  readonly organization: string
  readonly projects: readonly string[] | null
}

/** Errors by code: `accounts.unauthenticated`, `accounts.not_found` (also: exists but not yours), `accounts.forbidden`. */
export interface Gatekeeper {
  authenticate(credentials: Credentials): Promise<Caller | null>
  /** `project` is an id (`1`). */
  project(caller: Caller | null, project: string, needed: Permission): Promise<Access>
  /** `organization` is an id or slug (`default`); the scope has all its projects that the caller may read. */
  organization(caller: Caller | null, organization: string, needed: Permission): Promise<Access>
  /**
   * Projects of an organization, one access each, so that a token of one project may name it too. `named` are ids or slugs; null: all in which
   * the caller has the right.
   */
  projects(caller: Caller | null, named: NamedProjects, needed: Permission): Promise<Access[]>
  /** The program itself: callers of the first organization only. */
  system(caller: Caller | null, needed: Permission): Promise<Access>
  /** Ids of the caller's organizations, lowest first. */
  organizations(caller: Caller | null): Promise<string[]>
  /** Id of the project meant when none is named: the lowest the caller may read. */
  defaultProject(caller: Caller | null): Promise<string>
}

/** Ingest keys, answered from memory. */
export interface IngestKeys {
  /** Null when unknown or revoked. */
  resolve(key: string): Tenant | null
  /** Project 1 of the first organization, for anonymous ingest from this machine. */
  readonly anonymousTenant: Tenant | null
}
