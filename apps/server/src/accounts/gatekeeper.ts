/**
 * Decides who is calling and what they may reach; the only place that makes a `Scope`.
 * A `Caller` is a name tag without power: what it may do is looked up by identity in a private map (so a made-up caller is nobody)
 * and then in the database on every request, so that a revoked right is gone at the next request, in every process.
 */
import { sql } from 'kysely'
import { AppError, isAppError } from '../kernel/errors.ts'
import { createScope } from '../kernel/scope.ts'
import type { Clock } from '../kernel/clock.ts'
import type { AccountsDatabase } from './database.ts'
import { forbidden, notFound, unauthenticated, unavailable } from './errors.ts'
import { permissionsOf, roleOfPermissions, seesEveryProject } from './roles.ts'
import { hashSecret, sameHash } from './secrets.ts'
import type { Access, Caller, Credentials, Gatekeeper, NamedProjects, Permission, Role } from './ports.ts'

/** The organization made by the first run. */
export const firstOrganizationId = 1

/** A scope needs a project; ids start at 1, so this one matches nothing. */
const noProject = 0

const idPattern = /^[1-9]\d{0,8}$/
const bearerPattern = /^Bearer +([^\s]{8,512})$/i
const tokenUsedEveryMs = 60_000

type Identity =
  | { readonly kind: 'user'; readonly userId: string }
  | {
      readonly kind: 'token'
      readonly organizationId: number
      readonly projectId: number | null
      readonly permissions: ReadonlySet<Permission>
      readonly role: Role
    }

/** Finds the person behind a session cookie; null when there is none. */
export type SessionReader = (cookie: string) => Promise<{ readonly userId: string; readonly name: string } | null>

export interface GatekeeperDeps {
  readonly database: AccountsDatabase
  readonly clock: Clock
  readonly readSession: SessionReader
  /** `BELLWETHER_ADMIN_TOKEN`, null when not set. */
  readonly adminToken: string | null
}

interface Standing {
  readonly role: Role
  readonly permissions: ReadonlySet<Permission>
  readonly organizationId: number
  readonly projectIds: readonly number[]
}

class DatabaseGatekeeper implements Gatekeeper {
  readonly #deps: GatekeeperDeps
  readonly #adminHash: Buffer | null
  readonly #identities = new WeakMap<Caller, Identity>()

  constructor(deps: GatekeeperDeps) {
    this.#deps = deps
    this.#adminHash = deps.adminToken === null ? null : hashSecret(deps.adminToken)
  }

  async authenticate(credentials: Credentials): Promise<Caller | null> {
    if (credentials.authorization !== null) {
      const token = bearerPattern.exec(credentials.authorization)?.[1]
      // A wrong token is never made up for by a cookie: the caller meant the token.
      return token === undefined ? null : await this.#authenticateToken(token)
    }
    if (credentials.cookie === null) return null
    const person = await this.#deps.readSession(credentials.cookie)
    return person === null
      ? null
      : this.#caller({ kind: 'user', id: person.userId, name: person.name }, { kind: 'user', userId: person.userId })
  }

  async project(caller: Caller | null, project: string, needed: Permission): Promise<Access> {
    const identity = this.#identify(caller)
    if (!idPattern.test(project)) throw new AppError(notFound)
    const projectId = Number(project)
    const standing = await this.#standing(identity, { projectId })
    if (standing === null || !standing.projectIds.includes(projectId)) throw new AppError(notFound)
    return this.#access(caller, { ...standing, projectIds: [projectId] }, needed)
  }

  async organization(caller: Caller | null, organization: string, needed: Permission): Promise<Access> {
    const identity = this.#identify(caller)
    const standing = await this.#standing(identity, wantedOf(organization))
    if (standing === null) throw new AppError(notFound)
    // A token of one project may look at its organization, not change it.
    if (identity.kind === 'token' && identity.projectId !== null && needed !== 'read') throw new AppError(forbidden)
    return this.#access(caller, standing, needed)
  }

  async projects(caller: Caller | null, { organization, projects }: NamedProjects, needed: Permission): Promise<Access[]> {
    const standing = await this.#standing(this.#identify(caller), wantedOf(organization))
    // What there is is not repeated: whoever may not see it learns nothing of it.
    if (standing === null) throw new AppError(notFound, { publicText: 'There is no organization of this name that is yours to see.' })
    const { organizationId, projectIds } = standing
    const rows = await this.#deps.database.read((db) =>
      db.selectFrom('projects').select(['id', 'slug']).where('organization_id', '=', organizationId).orderBy('id').execute(),
    )
    const own = rows.filter(({ id }) => projectIds.includes(id))
    const chosen = projects?.map((name) => own.find(({ id }) => String(id) === name) ?? own.find(({ slug }) => slug === name)) ?? own
    const accesses = new Map<number, Access>()
    for (const project of chosen) {
      if (project === undefined) throw new AppError(notFound, { publicText: 'There is no project of this name that is yours to see.' })
      accesses.set(project.id, this.#access(caller, { ...standing, projectIds: [project.id] }, needed))
    }
    return [...accesses.values()]
  }

  system(caller: Caller | null, needed: Permission): Promise<Access> {
    return this.organization(caller, String(firstOrganizationId), needed)
  }

  async organizations(caller: Caller | null): Promise<string[]> {
    const identity = this.#identify(caller)
    if (identity.kind === 'token') return [String(identity.organizationId)]
    const rows = await this.#deps.database.read((db) =>
      db.selectFrom('members').select('organization_id as id').where('user_id', '=', identity.userId).orderBy('organization_id').execute(),
    )
    return rows.map((row) => String(row.id))
  }

  async defaultProject(caller: Caller | null): Promise<string> {
    const identity = this.#identify(caller)
    const standing = await this.#standing(identity, {})
    const first = standing?.projectIds[0]
    if (first === undefined) throw new AppError(notFound, { publicText: 'There is no project that you may read.' })
    return String(first)
  }

  async #authenticateToken(token: string): Promise<Caller | null> {
    const hash = hashSecret(token)
    if (this.#adminHash !== null && sameHash(hash, this.#adminHash)) {
      const identity: Identity = {
        kind: 'token',
        organizationId: firstOrganizationId,
        projectId: null,
        permissions: permissionsOf('owner'),
        role: 'owner',
      }
      return this.#caller({ kind: 'token', id: 'admin', name: 'BELLWETHER_ADMIN_TOKEN' }, identity)
    }
    const row = await this.#deps.database.read((db) =>
      db
        .selectFrom('api_tokens')
        .select(['id', 'name', 'organization_id', 'project_id', 'permissions', 'expires_at', 'last_used_at'])
        .where('token_hash', '=', hash)
        .where('revoked_at', 'is', null)
        .executeTakeFirst(),
    )
    const nowMs = this.#deps.clock.nowMs()
    if (row === undefined || (row.expires_at !== null && row.expires_at.getTime() <= nowMs)) return null
    if (row.last_used_at === null || nowMs - row.last_used_at.getTime() > tokenUsedEveryMs) await this.#markUsed(row.id, nowMs)
    const given = new Set<Permission>(row.permissions)
    const permissions = given.has('admin') ? permissionsOf('admin') : given
    return this.#caller(
      { kind: 'token', id: String(row.id), name: row.name },
      { kind: 'token', organizationId: row.organization_id, projectId: row.project_id, permissions, role: roleOfPermissions(permissions) },
    )
  }

  /** A database that can be read and not written (its disk is full) must not keep a good token from reading. */
  async #markUsed(id: number, nowMs: number): Promise<void> {
    const used = { last_used_at: new Date(nowMs) }
    try {
      await this.#deps.database.read((db) => db.updateTable('api_tokens').set(used).where('id', '=', id).execute())
    } catch (error) {
      if (!isAppError(error, unavailable.code)) throw error
    }
  }

  #caller(caller: Caller, identity: Identity): Caller {
    Object.freeze(caller)
    this.#identities.set(caller, identity)
    return caller
  }

  #identify(caller: Caller | null): Identity {
    const identity = caller === null ? undefined : this.#identities.get(caller)
    if (identity === undefined) throw new AppError(unauthenticated)
    return identity
  }

  #access(caller: Caller | null, standing: Standing, needed: Permission): Access {
    if (caller === null) throw new AppError(unauthenticated)
    if (!standing.permissions.has(needed)) {
      throw new AppError(forbidden, { publicText: `This needs the permission "${needed}", which ${caller.name} does not have here.` })
    }
    const projectIds = standing.projectIds.length === 0 ? [noProject] : standing.projectIds
    return { caller, role: standing.role, permissions: standing.permissions, scope: createScope(standing.organizationId, projectIds) }
  }

  #standing(identity: Identity, wanted: Wanted): Promise<Standing | null> {
    return identity.kind === 'user' ? this.#standingOfUser(identity.userId, wanted) : this.#standingOfToken(identity, wanted)
  }

  async #standingOfToken(identity: Identity & { kind: 'token' }, wanted: Wanted): Promise<Standing | null> {
    const rows = await this.#deps.database.read((db) =>
      db
        .selectFrom('organizations as o')
        .leftJoin('projects as p', 'p.organization_id', 'o.id')
        .select(['o.slug', 'p.id as project_id'])
        .where('o.id', '=', identity.organizationId)
        .orderBy('p.id')
        .execute(),
    )
    const first = rows[0]
    if (first === undefined) return null
    if (wanted.organizationId !== undefined && wanted.organizationId !== identity.organizationId) return null
    if (wanted.slug !== undefined && wanted.slug !== first.slug) return null
    const ids = rows.flatMap((row) => (row.project_id === null ? [] : [row.project_id]))
    const projectIds = identity.projectId === null ? ids : ids.filter((id) => id === identity.projectId)
    return { role: identity.role, permissions: identity.permissions, organizationId: identity.organizationId, projectIds }
  }

  async #standingOfUser(userId: string, wanted: Wanted): Promise<Standing | null> {
    const rows = await this.#deps.database.read((db) => {
      let query = db
        .selectFrom('members as m')
        .innerJoin('organizations as o', 'o.id', 'm.organization_id')
        .leftJoin('projects as p', 'p.organization_id', 'm.organization_id')
        .select((eb) => [
          'm.organization_id',
          'm.role',
          'p.id as project_id',
          eb
            .selectFrom('project_teams as pt')
            .leftJoin('team_members as tm', (join) => join.onRef('tm.team_id', '=', 'pt.team_id').on('tm.user_id', '=', userId))
            .whereRef('pt.project_id', '=', 'p.id')
            .select(sql<boolean>`count(*) = 0 or bool_or(tm.user_id is not null)`.as('open'))
            .as('open'),
        ])
        .where('m.user_id', '=', userId)
        .orderBy('m.organization_id')
        .orderBy('p.id')
      if (wanted.organizationId !== undefined) query = query.where('o.id', '=', wanted.organizationId)
      if (wanted.slug !== undefined) query = query.where('o.slug', '=', wanted.slug)
      if (wanted.projectId !== undefined) query = query.where('p.id', '=', wanted.projectId)
      return query.execute()
    })
    const first = rows[0]
    if (first === undefined) return null
    const projectIds = rows.flatMap((row) =>
      row.organization_id === first.organization_id && row.project_id !== null && (seesEveryProject(row.role) || row.open === true)
        ? [row.project_id]
        : [],
    )
    return { role: first.role, permissions: permissionsOf(first.role), organizationId: first.organization_id, projectIds }
  }
}

function wantedOf(organization: string): Wanted {
  return idPattern.test(organization) ? { organizationId: Number(organization) } : { slug: organization }
}

/** Which organization is meant; empty: the caller's first. */
interface Wanted {
  readonly organizationId?: number
  readonly slug?: string
  readonly projectId?: number
}

export function createGatekeeper(deps: GatekeeperDeps): Gatekeeper {
  return new DatabaseGatekeeper(deps)
}
