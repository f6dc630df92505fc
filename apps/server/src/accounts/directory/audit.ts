/** Who changed what. An entry is written in the transaction of the change itself: no change without its entry. */
import type { AccountsDatabase, Writer } from '../database.ts'
import { auditDetailLengthMax } from '../limits.ts'
import type { Access } from '../ports.ts'

export interface AuditRecord {
  readonly id: string
  readonly atMs: number
  readonly actor: { readonly kind: 'user' | 'token' | 'system'; readonly id: string; readonly name: string }
  readonly action: string
  readonly target: string
  readonly detail: Readonly<Record<string, string>>
}

export interface ListPage {
  /** 1 to 1,000. */
  readonly limit: number
  readonly cursor: string | null
}

export interface Listed<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

export interface AuditedChange {
  /** `member.add`, `key.revoke`, ... */
  readonly action: string
  /** `member:<id>`, `key:<id>`, ... */
  readonly target: string
  /** Never a secret. */
  readonly detail: Readonly<Record<string, string>>
}

export async function writeAudit(trx: Writer, access: Access, { action, target, detail }: AuditedChange): Promise<void> {
  const short = Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, value.slice(0, auditDetailLengthMax)]))
  await trx
    .insertInto('audit_entries')
    .values({
      organization_id: access.scope.organizationId,
      actor_kind: access.caller.kind,
      actor_id: access.caller.id,
      actor_name: access.caller.name,
      action,
      target,
      detail: JSON.stringify(short),
    })
    .execute()
}

function actorKind(kind: string): 'user' | 'token' | 'system' {
  return kind === 'user' || kind === 'token' ? kind : 'system'
}

const entryIdPattern = /^\d{1,18}$/

/** Newest first; the cursor is the id of the last entry seen. */
export async function listAudit(database: AccountsDatabase, access: Access, page: ListPage): Promise<Listed<AuditRecord>> {
  const rows = await database.read((db) => {
    let query = db.selectFrom('audit_entries').selectAll().where('organization_id', '=', access.scope.organizationId)
    if (page.cursor !== null && entryIdPattern.test(page.cursor)) query = query.where('id', '<', page.cursor)
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute()
  })
  const items = rows.slice(0, page.limit).map((row) => ({
    id: row.id,
    atMs: row.at.getTime(),
    actor: { kind: actorKind(row.actor_kind), id: row.actor_id, name: row.actor_name },
    action: row.action,
    target: row.target,
    detail: row.detail,
  }))
  return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null }
}
