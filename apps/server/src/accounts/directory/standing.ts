/** What a caller sees of themselves: organizations, roles, projects. */
import type { AccountsDatabase } from '../database.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { Access, Caller, Gatekeeper, Permission, Role } from '../ports.ts'
import { listProjects, type ProjectRecord } from './projects.ts'

export interface OrganizationStanding {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly role: Role
  readonly permissions: readonly Permission[]
  readonly projects: readonly ProjectRecord[]
}

export interface CallerStanding {
  readonly caller: Caller
  /** Null for a token. */
  readonly email: string | null
  readonly passwordIsSet: boolean
  readonly organizations: readonly OrganizationStanding[]
}

interface StandingDeps {
  readonly database: AccountsDatabase
  readonly gatekeeper: Gatekeeper
}

/** `gatekeeper` decides every right, so that this cannot say more than a request would give. */
export async function describeCaller(deps: StandingDeps, caller: Caller): Promise<CallerStanding> {
  const { database, gatekeeper } = deps
  const person = caller.kind === 'user' ? await readPerson(database, caller.id) : null
  const organizations: OrganizationStanding[] = []
  for (const id of await gatekeeper.organizations(caller)) {
    const standing = await readOrganization(deps, caller, id)
    if (standing !== null) organizations.push(standing)
  }
  return { caller, email: person?.email ?? null, passwordIsSet: person === null || person.passwordIsSet, organizations }
}

async function readPerson(database: AccountsDatabase, userId: string): Promise<{ email: string; passwordIsSet: boolean } | null> {
  const row = await database.read((db) =>
    db
      .selectFrom('users as u')
      .leftJoin('sign_in_methods as s', (join) => join.onRef('s.user_id', '=', 'u.id').on('s.provider_id', '=', 'credential'))
      .select(['u.email', 's.password'])
      .where('u.id', '=', userId)
      .executeTakeFirst(),
  )
  return row === undefined ? null : { email: row.email, passwordIsSet: row.password !== null }
}

/** Null for a token that may only write. */
async function readOrganization({ database, gatekeeper }: StandingDeps, caller: Caller, id: string): Promise<OrganizationStanding | null> {
  const access = await accessOrNull(gatekeeper, caller, id)
  if (access === null) return null
  const row = await database.read((db) =>
    db.selectFrom('organizations').select(['slug', 'name']).where('id', '=', Number(id)).executeTakeFirst(),
  )
  if (row === undefined) return null
  const projects = await listProjects(database, access)
  return { id, slug: row.slug, name: row.name, role: access.role, permissions: [...access.permissions], projects }
}

async function accessOrNull(gatekeeper: Gatekeeper, caller: Caller, id: string): Promise<Access | null> {
  try {
    return await gatekeeper.organization(caller, id, 'read')
  } catch (error) {
    if (isAppError(error, 'accounts.forbidden')) return null
    throw error
  }
}
