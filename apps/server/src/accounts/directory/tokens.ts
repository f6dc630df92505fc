/** API tokens of an organization. Only a hash is kept; the token is shown once. */
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { AccountsDatabase } from '../database.ts'
import { notFound, unknownReference } from '../errors.ts'
import { tokensPerOrganizationMax } from '../limits.ts'
import { hashSecret, newApiToken, tokenPrefix } from '../secrets.ts'
import type { Access, Permission } from '../ports.ts'
import { writeAudit } from './audit.ts'
import { checkLimit, parseIds } from './names.ts'

export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly permissions: readonly Permission[]
  readonly projectId: string | null
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly lastUsedAtMs: number | null
}

export interface NewToken {
  readonly name: string
  readonly permissions: readonly Permission[]
  readonly projectId: string | null
  readonly expiresAtMs: number | null
}

interface TokenRow {
  id: number
  name: string
  prefix: string
  permissions: Permission[]
  project_id: number | null
  created_by: string
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
}

const columns = ['id', 'name', 'prefix', 'permissions', 'project_id', 'created_by', 'created_at', 'expires_at', 'last_used_at'] as const

function toRecord(row: TokenRow): TokenRecord {
  return {
    id: String(row.id),
    name: row.name,
    prefix: row.prefix,
    permissions: row.permissions,
    projectId: row.project_id === null ? null : String(row.project_id),
    createdBy: row.created_by,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    lastUsedAtMs: row.last_used_at?.getTime() ?? null,
  }
}

/** Those not revoked, newest first. */
export async function listTokens(database: AccountsDatabase, access: Access): Promise<TokenRecord[]> {
  const rows = await database.read((db) =>
    db
      .selectFrom('api_tokens')
      .select(columns)
      .where('organization_id', '=', access.scope.organizationId)
      .where('revoked_at', 'is', null)
      .orderBy('id', 'desc')
      .execute(),
  )
  return rows.map(toRecord)
}

export async function createToken(
  database: AccountsDatabase,
  access: Access,
  wanted: NewToken,
): Promise<{ token: TokenRecord; secret: string }> {
  const organizationId = access.scope.organizationId
  const projectId = wanted.projectId === null ? null : (parseIds([wanted.projectId])[0] ?? null)
  if (projectId !== null && !access.scope.projectIds.includes(projectId)) throw new AppError(unknownReference)
  const secret = newApiToken()
  const row = await database.change(async (trx) => {
    const existing = await trx
      .selectFrom('api_tokens')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('organization_id', '=', organizationId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    checkLimit('API tokens', Number(existing.n), tokensPerOrganizationMax)
    const made = await trx
      .insertInto('api_tokens')
      .values({
        organization_id: organizationId,
        project_id: projectId,
        name: wanted.name,
        token_hash: hashSecret(secret),
        prefix: tokenPrefix(secret),
        permissions: [...new Set(wanted.permissions)],
        created_by: access.caller.name,
        expires_at: wanted.expiresAtMs === null ? null : new Date(wanted.expiresAtMs),
        last_used_at: null,
        revoked_at: null,
      })
      .returning(columns)
      .executeTakeFirstOrThrow()
    await writeAudit(trx, access, {
      action: 'token.create',
      target: `token:${made.id}`,
      detail: { name: made.name, permissions: made.permissions.join(' ') },
    })
    return made
  })
  return { token: toRecord(row), secret }
}

export async function revokeToken(
  { database, clock }: { readonly database: AccountsDatabase; readonly clock: Clock },
  access: Access,
  tokenId: string,
): Promise<void> {
  const id = /^[1-9]\d{0,8}$/.test(tokenId) ? Number(tokenId) : 0
  await database.change(async (trx) => {
    const row = await trx
      .updateTable('api_tokens')
      .set({ revoked_at: new Date(clock.nowMs()) })
      .where('id', '=', id)
      .where('organization_id', '=', access.scope.organizationId)
      .where('revoked_at', 'is', null)
      .returning('name')
      .executeTakeFirst()
    if (row === undefined) throw new AppError(notFound)
    await writeAudit(trx, access, { action: 'token.revoke', target: `token:${id}`, detail: { name: row.name } })
  })
}
