/** People of an organization and their roles. Only an owner makes or unmakes owners; one owner always stays. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { AccountsDatabase, Writer } from '../database.ts'
import { conflict, forbidden, lastOwner, linkNotYours, notFound } from '../errors.ts'
import { inviteLinkTtlMs, membersPerOrganizationMax } from '../limits.ts'
import { issueLink } from '../sign-in/sign-in.ts'
import type { Access, Role } from '../ports.ts'
import { writeAudit } from './audit.ts'
import { checkLimit } from './names.ts'
import { count } from './projects.ts'

export interface MemberRecord {
  readonly userId: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly teamIds: readonly string[]
  readonly createdAtMs: number
}

export interface NewMember {
  readonly email: string
  readonly name: string
  readonly role: Role
}

export async function listMembers(database: AccountsDatabase, access: Access): Promise<MemberRecord[]> {
  const organizationId = access.scope.organizationId
  const [members, teams] = await database.read((db) =>
    Promise.all([
      db
        .selectFrom('members as m')
        .innerJoin('users as u', 'u.id', 'm.user_id')
        .select(['u.id', 'u.email', 'u.name', 'm.role', 'm.created_at'])
        .where('m.organization_id', '=', organizationId)
        .orderBy('u.email')
        .execute(),
      db
        .selectFrom('team_members')
        .select(['team_id', 'user_id'])
        .where('organization_id', '=', organizationId)
        .orderBy('team_id')
        .execute(),
    ]),
  )
  return members.map((row) => ({
    userId: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    teamIds: teams.filter((link) => link.user_id === row.id).map((link) => String(link.team_id)),
    createdAtMs: row.created_at.getTime(),
  }))
}

/** Adds a person; one who is new here gets a link token to come in with (7 days, once). */
export async function addMember(
  { database, clock }: { readonly database: AccountsDatabase; readonly clock: Clock },
  access: Access,
  wanted: NewMember,
): Promise<{ member: MemberRecord; linkToken: string | null }> {
  const organizationId = access.scope.organizationId
  mayGive(access, wanted.role)
  const email = wanted.email.toLowerCase()
  return await database.change(async (trx) => {
    checkLimit('members', await count(trx, 'members', organizationId), membersPerOrganizationMax)
    let user = await trx.selectFrom('users').select(['id', 'name']).where('email', '=', email).executeTakeFirst()
    const isNew = user === undefined
    user ??= await trx
      .insertInto('users')
      .values({ id: randomUUID(), name: wanted.name, email, image: null })
      .returning(['id', 'name'])
      .executeTakeFirstOrThrow()
    const row = await trx
      .insertInto('members')
      .values({ organization_id: organizationId, user_id: user.id, role: wanted.role })
      .onConflict((existing) => existing.doNothing())
      .returning('created_at')
      .executeTakeFirst()
    if (row === undefined) throw new AppError(conflict, { publicText: `${email} is a member already.` })
    const linkToken = isNew ? await issueLink(trx, { userId: user.id, ttlMs: inviteLinkTtlMs, nowMs: clock.nowMs() }) : null
    await writeAudit(trx, access, { action: 'member.add', target: `member:${user.id}`, detail: { email, role: wanted.role } })
    return {
      member: { userId: user.id, email, name: user.name, role: wanted.role, teamIds: [], createdAtMs: row.created_at.getTime() },
      linkToken,
    }
  })
}

export async function changeMemberRole(
  database: AccountsDatabase,
  access: Access,
  { userId, role }: { readonly userId: string; readonly role: Role },
): Promise<MemberRecord> {
  mayGive(access, role)
  await database.change(async (trx) => {
    const before = await lockMember(trx, access, userId)
    if (before === 'owner' && role !== 'owner') await keepAnOwner(trx, access.scope.organizationId)
    if (before !== 'owner' && role === 'owner') await voidLinks(trx, userId)
    await trx
      .updateTable('members')
      .set({ role })
      .where('organization_id', '=', access.scope.organizationId)
      .where('user_id', '=', userId)
      .execute()
    await writeAudit(trx, access, { action: 'member.change_role', target: `member:${userId}`, detail: { from: before, to: role } })
  })
  return await findMember(database, access, userId)
}

export async function removeMember(database: AccountsDatabase, access: Access, userId: string): Promise<void> {
  await database.change(async (trx) => {
    const before = await lockMember(trx, access, userId)
    if (before === 'owner') await keepAnOwner(trx, access.scope.organizationId)
    await trx.deleteFrom('members').where('organization_id', '=', access.scope.organizationId).where('user_id', '=', userId).execute()
    await writeAudit(trx, access, { action: 'member.remove', target: `member:${userId}`, detail: { role: before } })
  })
}

/** A new sign-in link for someone who lost the way in. Not for a person of several organizations: it would open the others too. */
export async function issueMemberLink(
  { database, clock }: { readonly database: AccountsDatabase; readonly clock: Clock },
  access: Access,
  userId: string,
): Promise<{ member: MemberRecord; linkToken: string }> {
  const linkToken = await database.change(async (trx) => {
    await lockMember(trx, access, userId)
    const memberships = await trx.selectFrom('members').select('organization_id').where('user_id', '=', userId).execute()
    if (memberships.length !== 1) throw new AppError(linkNotYours)
    const token = await issueLink(trx, { userId, ttlMs: inviteLinkTtlMs, nowMs: clock.nowMs() })
    await writeAudit(trx, access, { action: 'member.issue_link', target: `member:${userId}`, detail: {} })
    return token
  })
  return { member: await findMember(database, access, userId), linkToken }
}

/** An administrator may hold a link they made for a member; nobody but an owner may hold one that signs in an owner. */
async function voidLinks(trx: Writer, userId: string): Promise<void> {
  await trx.deleteFrom('sign_in_links').where('user_id', '=', userId).where('used_at', 'is', null).execute()
}

async function findMember(database: AccountsDatabase, access: Access, userId: string): Promise<MemberRecord> {
  const member = (await listMembers(database, access)).find((entry) => entry.userId === userId)
  if (member === undefined) throw new AppError(notFound)
  return member
}

function mayGive(access: Access, role: Role): void {
  if (role === 'owner' && access.role !== 'owner') throw new AppError(forbidden, { publicText: 'Only an owner can make someone an owner.' })
}

/** The member's role, with the organization locked so that two removals at once cannot leave it without an owner. */
async function lockMember(trx: Writer, access: Access, userId: string): Promise<Role> {
  const organizationId = access.scope.organizationId
  await trx.selectFrom('organizations').select('id').where('id', '=', organizationId).forUpdate().execute()
  const row = await trx
    .selectFrom('members')
    .select('role')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (row === undefined) throw new AppError(notFound)
  if (row.role === 'owner' && access.role !== 'owner') throw new AppError(forbidden, { publicText: 'Only an owner can change an owner.' })
  return row.role
}

async function keepAnOwner(trx: Writer, organizationId: number): Promise<void> {
  const row = await trx
    .selectFrom('members')
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('organization_id', '=', organizationId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow()
  if (Number(row.n) <= 1) throw new AppError(lastOwner)
}
