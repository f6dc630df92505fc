/**
 * Deploys in PostgreSQL: those that are told, and those that show themselves by a version that a service's spans never had. The first
 * version of a service is remembered, so that the next one is known as new, but it is no deploy.
 */
import type { Pool } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import type { Tenant } from '../kernel/scope.ts'
import { guarded, inTransaction } from './database.ts'
import { deploysMax, deploysShownMax } from './limits.ts'
import type { Deploy, DeployDraft, SeenVersion } from './ports.ts'

interface DeployRow {
  readonly id: number
  readonly version: string
  readonly service: string | null
  readonly environment: string | null
  readonly at: Date
  readonly source: 'api' | 'spans'
  readonly url: string | null
  readonly note: string
  readonly created_by: string | null
}

/** A told deploy and a version seen so close to it are one. */
const sameMs = 3_600_000

export class DeployStore {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Newest first. Errors by code: `performance.unavailable`. */
  async list({ organizationId, projectId }: Tenant, range: { fromMs: number; toMs: number }, service: string | null): Promise<Deploy[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<DeployRow>(
        `select * from deploys where organization_id = $1 and project_id = $2 and not is_first and at >= $3 and at < $4
          and ($5::text is null or service is null or service = $5) order by at desc, id desc limit $6`,
        [organizationId, projectId, new Date(range.fromMs), new Date(range.toMs), service, deploysShownMax],
      ),
    )
    return rows.map(toDeploy)
  }

  /** A version that its spans have shown already is told of, not doubled. Errors by code: `performance.unavailable`. */
  async add(access: Access, tenant: Tenant, draft: DeployDraft & { readonly atMs: number }): Promise<Deploy> {
    const at = new Date(draft.atMs)
    return await inTransaction(this.#pool, async (client) => {
      await client.query(
        `delete from deploys where organization_id = $1 and project_id = $2 and source = 'spans' and not is_first and version = $3
          and ($4::text is null or service = $4) and at between $5::timestamptz - interval '1 hour' and $5::timestamptz + interval '1 hour'`,
        [tenant.organizationId, tenant.projectId, draft.version, draft.service, at],
      )
      const { rows } = await client.query<DeployRow>(
        `insert into deploys (organization_id, project_id, version, service, environment, at, source, url, note, created_by)
          values ($1, $2, $3, $4, $5, $6, 'api', $7, $8, $9) returning *`,
        [
          tenant.organizationId,
          tenant.projectId,
          draft.version,
          draft.service,
          draft.environment,
          at,
          draft.url,
          draft.note,
          access.caller.name,
        ],
      )
      const [row] = rows
      if (row === undefined) throw new Error('a deploy that was written is not there')
      await prune(client, tenant)
      const detail = { version: draft.version, service: draft.service ?? 'all' }
      await writeAuditEntry(client, access, { action: 'deploy.create', target: `deploy:${row.id}`, detail })
      return toDeploy(row)
    })
  }

  /** Remembers versions; the deploys that they make known. Errors by code: `performance.unavailable`. */
  async see(tenant: Tenant, versions: readonly SeenVersion[]): Promise<Deploy[]> {
    if (versions.length === 0) return []
    const { organizationId, projectId } = tenant
    return await inTransaction(this.#pool, async (client) => {
      // Two programs that look at the same time tell of it once.
      await client.query('select 1 from projects where id = $1 for update', [projectId])
      const { rows: known } = await client.query<{ service: string; version: string; environment: string; at: Date; source: string }>(
        `select coalesce(service, '') as service, version, coalesce(environment, '') as environment, at, source from deploys
          where organization_id = $1 and project_id = $2`,
        [organizationId, projectId],
      )
      const seen = known.filter(({ source }) => source === 'spans')
      const made: Deploy[] = []
      for (const { service, version, environment, firstMs } of versions) {
        if (seen.some((old) => old.service === service && old.version === version && old.environment === environment)) continue
        const isFirst = !seen.some((old) => old.service === service && old.environment === environment)
        const isTold = known.some(
          (old) =>
            old.source === 'api' &&
            old.version === version &&
            (old.service === '' || old.service === service) &&
            Math.abs(old.at.getTime() - firstMs) < sameMs,
        )
        const { rows } = await client.query<DeployRow>(
          `insert into deploys (organization_id, project_id, version, service, environment, at, source, is_first, note)
            values ($1, $2, $3, $4, $5, $6, 'spans', $7, '') on conflict do nothing returning *`,
          [organizationId, projectId, version, service, environment, new Date(firstMs), isFirst || isTold],
        )
        const [row] = rows
        if (row === undefined) continue
        seen.push({ service, version, environment, at: row.at, source: 'spans' })
        if (!isFirst && !isTold) made.push(toDeploy(row))
      }
      if (made.length > 0) await prune(client, tenant)
      return made
    })
  }
}

/** The newest stay; what is known of versions without being a deploy goes with age too. */
async function prune(
  client: { query(sql: string, values: unknown[]): Promise<unknown> },
  { organizationId, projectId }: Tenant,
): Promise<void> {
  await client.query(
    `delete from deploys where organization_id = $1 and project_id = $2 and id in
      (select id from deploys where organization_id = $1 and project_id = $2 order by at desc, id desc offset $3)`,
    [organizationId, projectId, deploysMax],
  )
}

function toDeploy(row: DeployRow): Deploy {
  return {
    id: `${row.id}`,
    version: row.version,
    service: row.service,
    environment: row.environment === '' ? null : row.environment,
    atMs: row.at.getTime(),
    source: row.source,
    url: row.url,
    note: row.note,
    createdBy: row.created_by,
  }
}
