/**
 * The first start: organization `default`, project 1 `default`, its ingest key, an administrator and a one-time sign-in link, in one
 * transaction under a lock, so that of two starts at once one makes everything and the other finds it made.
 */
import { sql } from 'kysely'
import { hashPassword } from 'better-auth/crypto'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { AccountsDatabase, Writer } from './database.ts'
import { firstOrganizationId } from './gatekeeper.ts'
import { newIngestKey, normalizeIngestKey } from './secrets.ts'
import { issueLink } from './sign-in/sign-in.ts'

/** Held while the first objects are made; any number no one else uses. */
const firstRunLock = 0x62_77_66_72
const firstProjectId = 1
const defaultAdminEmail = 'admin@bellwether.local'

export interface FirstRunSettings {
  /** Null: `admin@bellwether.local`. */
  readonly adminEmail: string | null
  /** Null: none; the link is the way in, and the password is chosen there. */
  readonly adminPassword: string | null
  /** 32 hexadecimal digits, or null for a random one. */
  readonly ingestKey: string | null
}

export interface FirstRun {
  readonly created: boolean
  readonly adminEmail: string
  /** Goes into the link `<public URL>/first-run?token=…`; null once the administrator has a password (and this is not the first start). */
  readonly signInToken: string | null
  /** A key of project 1: the configured one, else the oldest in force. */
  readonly ingestKey: string
  readonly anonymousTenant: Tenant
}

const anonymousTenant: Tenant = Object.freeze({ organizationId: firstOrganizationId, projectId: firstProjectId })

async function createAdministrator(trx: Writer, settings: FirstRunSettings): Promise<string> {
  const userId = randomUUID()
  const email = (settings.adminEmail ?? defaultAdminEmail).toLowerCase()
  await trx.insertInto('users').values({ id: userId, name: 'Administrator', email, email_verified: true, image: null }).execute()
  if (settings.adminPassword !== null) {
    const password = await hashPassword(settings.adminPassword)
    // Issuer and account id as better-auth's own sign-up writes them.
    await sql`insert into sign_in_methods (id, issuer, account_id, provider_id, user_id, password)
      values (${randomUUID()}, ${credentialIssuer}, ${userId}, 'credential', ${userId}, ${password})`.execute(trx)
  }
  await trx.insertInto('members').values({ organization_id: firstOrganizationId, user_id: userId, role: 'owner' }).execute()
  return userId
}

/** better-auth's issuer of accounts with a password; a test signs in with the result. */
const credentialIssuer = 'local:credential'

/** The configured key is made to exist at every start (once revoked it stays so); without one the first start makes a random one. */
async function ensureKey(trx: Writer, configured: string | null): Promise<string> {
  const wanted = configured === null ? null : normalizeIngestKey(configured)
  if (configured !== null && wanted === null) throw new Error('the configured ingest key must be 32 hexadecimal digits')
  if (wanted === null) {
    const oldest = await trx
      .selectFrom('ingest_keys')
      .select('key')
      .where('project_id', '=', firstProjectId)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst()
    if (oldest !== undefined) return oldest.key
  }
  const key = wanted ?? newIngestKey()
  await trx
    .insertInto('ingest_keys')
    .values({ project_id: firstProjectId, name: wanted === null ? 'Default' : 'From the settings', key, revoked_at: null })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
  return key
}

async function createFirstObjects(trx: Writer, settings: FirstRunSettings): Promise<void> {
  await trx.insertInto('organizations').values({ id: firstOrganizationId, slug: 'default', name: 'default' }).execute()
  await trx
    .insertInto('projects')
    .values({ id: firstProjectId, organization_id: firstOrganizationId, slug: 'default', name: 'default' })
    .execute()
  // Explicit ids, because project 1 is a contract and a sequence may skip; the sequences go on after them.
  await sql`select setval(pg_get_serial_sequence('organizations', 'id'), ${firstOrganizationId}),
    setval(pg_get_serial_sequence('projects', 'id'), ${firstProjectId})`.execute(trx)
  const userId = await createAdministrator(trx, settings)
  await trx
    .insertInto('audit_entries')
    .values({
      organization_id: firstOrganizationId,
      actor_kind: 'system',
      actor_id: 'first-run',
      actor_name: 'First start',
      action: 'organization.create',
      target: `organization:${firstOrganizationId}`,
      detail: JSON.stringify({ project: String(firstProjectId), administrator: userId }),
    })
    .execute()
}

/** Errors by code: `accounts.unavailable`. */
export function ensureFirstRun(database: AccountsDatabase, settings: FirstRunSettings, clock: Clock): Promise<FirstRun> {
  return database.change(async (trx) => {
    await sql`select pg_advisory_xact_lock(${firstRunLock})`.execute(trx)
    const existing = await trx.selectFrom('organizations').select('id').where('id', '=', firstOrganizationId).executeTakeFirst()
    if (existing === undefined) await createFirstObjects(trx, settings)
    const ingestKey = await ensureKey(trx, settings.ingestKey)
    const owner = await trx
      .selectFrom('members as m')
      .innerJoin('users as u', 'u.id', 'm.user_id')
      .select(['u.id', 'u.email'])
      .where('m.organization_id', '=', firstOrganizationId)
      .where('m.role', '=', 'owner')
      .orderBy('m.created_at')
      .limit(1)
      .executeTakeFirst()
    // Whoever lost the first link has no other way in: there is a new one at every start until a password is chosen.
    const needsLink = owner !== undefined && (existing === undefined || !(await hasPassword(trx, owner.id)))
    const signInToken = needsLink ? await issueLink(trx, { userId: owner.id, ttlMs: null, nowMs: clock.nowMs() }) : null
    return { created: existing === undefined, adminEmail: owner?.email ?? '', signInToken, ingestKey, anonymousTenant }
  })
}

async function hasPassword(trx: Writer, userId: string): Promise<boolean> {
  const { rows } = await sql`select 1 from sign_in_methods where user_id = ${userId} and provider_id = 'credential' limit 1`.execute(trx)
  return rows.length > 0
}
