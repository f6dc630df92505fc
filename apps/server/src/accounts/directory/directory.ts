/** Everything people decide about an organization, as one object. Each method takes an `Access` that the gatekeeper gave. */
import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { AccountsDatabase } from '../database.ts'
import { newIngestKey } from '../secrets.ts'
import { issueLink } from '../sign-in/sign-in.ts'
import type { Access, Caller, Gatekeeper, Role } from '../ports.ts'
import { listAudit, type AuditRecord, type Listed, type ListPage } from './audit.ts'
import { createKey, listKeys, revokeKey, type KeyRecord } from './keys.ts'
import { addMember, changeMemberRole, issueMemberLink, listMembers, removeMember, type MemberRecord, type NewMember } from './members.ts'
import { slugOf } from './names.ts'
import { createProject, listProjects, type NewProject, type ProjectRecord } from './projects.ts'
import { describeCaller, type CallerStanding } from './standing.ts'
import { createTeam, listTeams, type NewTeam, type TeamRecord } from './teams.ts'
import { createToken, listTokens, revokeToken, type NewToken, type TokenRecord } from './tokens.ts'

/**
 * Errors by code: `accounts.not_found`, `accounts.conflict`, `accounts.last_owner`, `accounts.unknown_reference`, `accounts.limit_reached`,
 * `accounts.forbidden`, `accounts.unavailable`. The right asked of the gatekeeper is the route's business, the rest is checked here.
 */
export interface Directory {
  describe(caller: Caller): Promise<CallerStanding>
  projects(access: Access): Promise<ProjectRecord[]>
  createProject(access: Access, project: NewProject): Promise<ProjectRecord>
  members(access: Access): Promise<MemberRecord[]>
  addMember(access: Access, member: NewMember): Promise<{ member: MemberRecord; linkToken: string | null }>
  changeMemberRole(access: Access, userId: string, role: Role): Promise<MemberRecord>
  removeMember(access: Access, userId: string): Promise<void>
  /** Also `accounts.link_not_yours`. */
  issueMemberLink(access: Access, userId: string): Promise<{ member: MemberRecord; linkToken: string }>
  teams(access: Access): Promise<TeamRecord[]>
  createTeam(access: Access, team: NewTeam): Promise<TeamRecord>
  tokens(access: Access): Promise<TokenRecord[]>
  createToken(access: Access, token: NewToken): Promise<{ token: TokenRecord; secret: string }>
  revokeToken(access: Access, tokenId: string): Promise<void>
  /** Keys belong to a project: these three take an access made for one. */
  keys(access: Access): Promise<KeyRecord[]>
  createKey(access: Access, name: string): Promise<KeyRecord>
  revokeKey(access: Access, keyId: string): Promise<void>
  audit(access: Access, page: ListPage): Promise<Listed<AuditRecord>>
}

export interface DirectoryDeps {
  readonly database: AccountsDatabase
  readonly clock: Clock
  readonly gatekeeper: Gatekeeper
  /** After a change of keys: makes it count here at once; other processes hear of it from the database. */
  readonly keysChanged: () => Promise<void>
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { database, gatekeeper, keysChanged } = deps
  return {
    describe: (caller) => describeCaller({ database, gatekeeper }, caller),
    projects: (access) => listProjects(database, access),
    async createProject(access, project) {
      const made = await createProject(database, access, project)
      await keysChanged()
      return made
    },
    members: (access) => listMembers(database, access),
    addMember: (access, member) => addMember(deps, access, member),
    changeMemberRole: (access, userId, role) => changeMemberRole(database, access, { userId, role }),
    removeMember: (access, userId) => removeMember(database, access, userId),
    issueMemberLink: (access, userId) => issueMemberLink(deps, access, userId),
    teams: (access) => listTeams(database, access),
    createTeam: (access, team) => createTeam(database, access, team),
    tokens: (access) => listTokens(database, access),
    createToken: (access, token) => createToken(database, access, token),
    revokeToken: (access, tokenId) => revokeToken(deps, access, tokenId),
    keys: (access) => listKeys(database, access),
    async createKey(access, name) {
      const made = await createKey(database, access, name)
      await keysChanged()
      return made
    },
    async revokeKey(access, keyId) {
      await revokeKey(deps, access, keyId)
      await keysChanged()
    },
    audit: (access, page) => listAudit(database, access, page),
  }
}

export interface NewOrganization {
  readonly name: string
  readonly ownerEmail: string
  readonly ownerName: string
  readonly projectName: string
}

export interface OrganizationMade {
  readonly organizationId: string
  readonly projectId: string
  readonly ingestKey: string
  /** One-time sign-in link token of the owner. */
  readonly linkToken: string
}

/** A further organization with a project and its owner; for the one who runs the program (`bellwether token`, tests), not for a route. */
export async function createOrganization(database: AccountsDatabase, clock: Clock, wanted: NewOrganization): Promise<OrganizationMade> {
  return await database.change(async (trx) => {
    const { id } = await trx
      .insertInto('organizations')
      .values({ slug: slugOf(wanted.name), name: wanted.name })
      .returning('id')
      .executeTakeFirstOrThrow()
    const email = wanted.ownerEmail.toLowerCase()
    const owner = await trx
      .insertInto('users')
      .values({ id: sql<string>`gen_random_uuid()::text`, name: wanted.ownerName, email, image: null })
      .onConflict((existing) => existing.column('email').doUpdateSet({ updated_at: new Date(clock.nowMs()) }))
      .returning('id')
      .executeTakeFirstOrThrow()
    await trx.insertInto('members').values({ organization_id: id, user_id: owner.id, role: 'owner' }).execute()
    const project = await trx
      .insertInto('projects')
      .values({ organization_id: id, slug: slugOf(wanted.projectName), name: wanted.projectName })
      .returning('id')
      .executeTakeFirstOrThrow()
    const ingestKey = newIngestKey()
    await trx.insertInto('ingest_keys').values({ project_id: project.id, name: 'Default', key: ingestKey, revoked_at: null }).execute()
    const linkToken = await issueLink(trx, { userId: owner.id, ttlMs: null, nowMs: clock.nowMs() })
    await trx
      .insertInto('audit_entries')
      .values({
        organization_id: id,
        actor_kind: 'system',
        actor_id: 'operator',
        actor_name: 'Operator',
        action: 'organization.create',
        target: `organization:${id}`,
        detail: JSON.stringify({ owner: email }),
      })
      .execute()
    return { organizationId: String(id), projectId: String(project.id), ingestKey, linkToken }
  })
}
