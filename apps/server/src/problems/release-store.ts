/** Releases in PostgreSQL as they were told of: when they were made and released, and their commits. Each is of one project. */
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { AppError } from '../kernel/errors.ts'
import { guarded, inTransaction } from './database.ts'
import { isRecord, textOf } from './error-facts.ts'
import { releaseNotFound } from './errors.ts'
import { releaseCommitsMax, releasesMax } from './limits.ts'
import type { ReleaseCommit, ReleaseDraft, Releases, ToldRelease } from './ports.ts'

interface ReleaseRow {
  readonly version: string
  readonly url: string | null
  readonly created_at: Date
  readonly started_at: Date | null
  readonly released_at: Date | null
  readonly is_archived: boolean
  readonly commits: unknown
  readonly created_by: string
}

export class ReleaseStore implements Releases {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list(access: Access, limit: number): Promise<ToldRelease[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<ReleaseRow>(
        `select * from releases where organization_id = $1 and project_id = $2 order by created_at desc, version desc limit $3`,
        [...ownerOf(access), limit],
      ),
    )
    return rows.map(toRelease)
  }

  async having(accesses: readonly Access[], version: string): Promise<Access[]> {
    const [first] = accesses
    if (first === undefined) return []
    const { rows } = await guarded(() =>
      this.#pool.query<{ project_id: number }>(
        'select project_id from releases where organization_id = $1 and project_id = any($2) and version = $3',
        [first.scope.organizationId, accesses.map((access) => ownerOf(access)[1]), version],
      ),
    )
    const projects = new Set(rows.map((row) => row.project_id))
    return accesses.filter((access) => projects.has(ownerOf(access)[1]))
  }

  async get(access: Access, version: string): Promise<ToldRelease | null> {
    const { rows } = await guarded(() =>
      this.#pool.query<ReleaseRow>('select * from releases where organization_id = $1 and project_id = $2 and version = $3', [
        ...ownerOf(access),
        version,
      ]),
    )
    return rows[0] === undefined ? null : toRelease(rows[0])
  }

  async previous(access: Access, version: string): Promise<ToldRelease | null> {
    const { rows } = await guarded(() =>
      this.#pool.query<ReleaseRow>(
        `select * from releases r where organization_id = $1 and project_id = $2 and version <> $3 and commits <> '[]'
          and created_at <= coalesce((select created_at from releases o
            where o.organization_id = $1 and o.project_id = $2 and o.version = $3), now())
          order by created_at desc, version desc limit 1`,
        [...ownerOf(access), version],
      ),
    )
    return rows[0] === undefined ? null : toRelease(rows[0])
  }

  async put(access: Access, version: string, draft: ReleaseDraft): Promise<ToldRelease> {
    return await inTransaction(this.#pool, async (client) => {
      const { rows } = await client.query<ReleaseRow & { readonly is_new: boolean }>(
        `insert into releases as r (organization_id, project_id, version, url, started_at, released_at, is_archived, commits, created_by)
          values ($1, $2, $3, $5, $7, $9, coalesce($10::boolean, false), coalesce($11::jsonb, '[]'), $12)
          on conflict (organization_id, project_id, version) do update set
            url = case when $4 then excluded.url else r.url end,
            started_at = case when $6 then excluded.started_at else r.started_at end,
            released_at = case when $8 then excluded.released_at else r.released_at end,
            is_archived = coalesce($10::boolean, r.is_archived),
            commits = coalesce($11::jsonb, r.commits)
          returning *, xmax = 0 as is_new`,
        [
          ...ownerOf(access),
          version,
          draft.url !== undefined,
          draft.url ?? null,
          draft.startedMs !== undefined,
          dateOf(draft.startedMs),
          draft.releasedMs !== undefined,
          dateOf(draft.releasedMs),
          draft.isArchived ?? null,
          draft.commits === undefined ? null : JSON.stringify(draft.commits.slice(0, releaseCommitsMax)),
          access.caller.name,
        ],
      )
      const [row] = rows
      if (row === undefined) throw new Error('a release that was written is not there')
      if (row.is_new) {
        await prune(client, access)
        await audit(client, access, { action: 'releases.create', version })
      }
      return toRelease(row)
    })
  }

  async remove(access: Access, version: string): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      const { rowCount } = await client.query('delete from releases where organization_id = $1 and project_id = $2 and version = $3', [
        ...ownerOf(access),
        version,
      ])
      if (rowCount === 0) throw new AppError(releaseNotFound)
      await audit(client, access, { action: 'releases.delete', version })
    })
  }
}

function ownerOf({ scope: { organizationId, projectIds } }: Access): [organizationId: number, projectId: number] {
  const [projectId] = projectIds
  if (projectId === undefined || projectIds.length !== 1) throw new Error('a release is of one project')
  return [organizationId, projectId]
}

async function audit(client: PoolClient, access: Access, { action, version }: { action: string; version: string }): Promise<void> {
  await writeAuditEntry(client, access, { action, target: `project:${ownerOf(access)[1]}`, detail: { release: version } })
}

/** The newest stay. */
async function prune(client: PoolClient, access: Access): Promise<void> {
  await client.query(
    `delete from releases where organization_id = $1 and project_id = $2 and version in
      (select version from releases where organization_id = $1 and project_id = $2 order by created_at desc, version desc offset $3)`,
    [...ownerOf(access), releasesMax],
  )
}

function dateOf(ms: number | null | undefined): Date | null {
  return ms === null || ms === undefined ? null : new Date(ms)
}

function toRelease(row: ReleaseRow): ToldRelease {
  return {
    version: row.version,
    url: row.url,
    createdMs: row.created_at.getTime(),
    startedMs: row.started_at?.getTime() ?? null,
    releasedMs: row.released_at?.getTime() ?? null,
    isArchived: row.is_archived,
    commits: (Array.isArray(row.commits) ? row.commits : []).filter(isRecord).map(toCommit),
    createdBy: row.created_by,
  }
}

function toCommit(commit: Readonly<Record<string, unknown>>): ReleaseCommit {
  const atMs = commit['atMs']
  return {
    id: textOf(commit['id']),
    repository: textOf(commit['repository']),
    author: textOf(commit['author']),
    message: textOf(commit['message']),
    atMs: typeof atMs === 'number' ? atMs : null,
  }
}
