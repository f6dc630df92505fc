/** Ingest keys of one project. A key only lets data in, so it may be shown again; revoked ones stay listed. */
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { AccountsDatabase } from '../database.ts'
import { notFound } from '../errors.ts'
import { keysPerProjectMax } from '../limits.ts'
import { newIngestKey } from '../secrets.ts'
import type { Access } from '../ports.ts'
import { writeAudit } from './audit.ts'
import { checkLimit } from './names.ts'

export interface KeyRecord {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly createdAtMs: number
  readonly revokedAtMs: number | null
}

interface KeyRow {
  id: number
  name: string
  key: string
  created_at: Date
  revoked_at: Date | null
}

const columns = ['id', 'name', 'key', 'created_at', 'revoked_at'] as const

function toRecord(row: KeyRow): KeyRecord {
  return {
    id: String(row.id),
    name: row.name,
    key: row.key,
    createdAtMs: row.created_at.getTime(),
    revokedAtMs: row.revoked_at?.getTime() ?? null,
  }
}

/** The project of an access made for a project. */
function projectOf(access: Access): number {
  const [projectId, more] = access.scope.projectIds
  if (projectId === undefined || more !== undefined) throw new Error('ingest keys need an access to one project')
  return projectId
}

export async function listKeys(database: AccountsDatabase, access: Access): Promise<KeyRecord[]> {
  const rows = await database.read((db) =>
    db.selectFrom('ingest_keys').select(columns).where('project_id', '=', projectOf(access)).orderBy('id').execute(),
  )
  return rows.map(toRecord)
}

export async function createKey(database: AccountsDatabase, access: Access, name: string): Promise<KeyRecord> {
  const projectId = projectOf(access)
  return await database.change(async (trx) => {
    const existing = await trx
      .selectFrom('ingest_keys')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('project_id', '=', projectId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    checkLimit('ingest keys', Number(existing.n), keysPerProjectMax)
    const row = await trx
      .insertInto('ingest_keys')
      .values({ project_id: projectId, name, key: newIngestKey(), revoked_at: null })
      .returning(columns)
      .executeTakeFirstOrThrow()
    await writeAudit(trx, access, { action: 'key.create', target: `key:${row.id}`, detail: { name, project: String(projectId) } })
    return toRecord(row)
  })
}

export async function revokeKey(
  { database, clock }: { readonly database: AccountsDatabase; readonly clock: Clock },
  access: Access,
  keyId: string,
): Promise<void> {
  const projectId = projectOf(access)
  const id = /^[1-9]\d{0,8}$/.test(keyId) ? Number(keyId) : 0
  await database.change(async (trx) => {
    const row = await trx
      .updateTable('ingest_keys')
      .set({ revoked_at: new Date(clock.nowMs()) })
      .where('id', '=', id)
      .where('project_id', '=', projectId)
      .where('revoked_at', 'is', null)
      .returning('name')
      .executeTakeFirst()
    if (row === undefined) throw new AppError(notFound)
    await writeAudit(trx, access, { action: 'key.revoke', target: `key:${id}`, detail: { name: row.name, project: String(projectId) } })
  })
}
