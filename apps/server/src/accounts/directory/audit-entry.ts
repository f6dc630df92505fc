/** Audit entries of other domains, written by their own transaction on the same database. */
import type { PoolClient } from 'pg'
import { auditDetailLengthMax } from '../limits.ts'
import type { Access } from '../ports.ts'
import type { AuditedChange } from './audit.ts'

/** As `writeAudit`, for a transaction that is not the accounts' own. */
export async function writeAuditEntry(client: PoolClient, access: Access, { action, target, detail }: AuditedChange): Promise<void> {
  const short = Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, value.slice(0, auditDetailLengthMax)]))
  await client.query(
    `insert into audit_entries (organization_id, actor_kind, actor_id, actor_name, action, target, detail) values ($1, $2, $3, $4, $5, $6, $7)`,
    [access.scope.organizationId, access.caller.kind, access.caller.id, access.caller.name, action, target, JSON.stringify(short)],
  )
}
