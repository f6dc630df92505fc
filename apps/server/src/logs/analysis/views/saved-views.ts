/** Saved views in PostgreSQL: a search, its columns and its range under a name. Those that are not shared are seen by who made them. */
import type { SavedView, SavedViewInput, SearchSignal } from '@bellwether/protocol'
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../../../accounts/index.ts'
import { AppError } from '../../../kernel/errors.ts'
import { guarded, tooManyViews, viewNotFound } from '../errors.ts'
import type { SavedViews } from '../ports.ts'
import { inTransaction, isRowId } from '../transaction.ts'

/** Views of one project, shared or not. */
const viewsPerProjectMax = 500

interface ViewRow {
  readonly id: number
  readonly signal: SearchSignal
  readonly name: string
  readonly query: string
  readonly range_from: string | null
  readonly columns: string[]
  readonly is_shared: boolean
  readonly owner_kind: string
  readonly owner_id: string
  readonly created_by: string
  readonly created_at: Date
  readonly updated_at: Date
}

export class SavedViewStore implements SavedViews {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list(access: Access, signal: SearchSignal | null): Promise<SavedView[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<ViewRow>(
        `select * from saved_views where organization_id = $1 and project_id = any($2) and ($3::text is null or signal = $3)
          and (is_shared or (owner_kind = $4 and owner_id = $5)) order by lower(name), id`,
        [access.scope.organizationId, access.scope.projectIds, signal, access.caller.kind, access.caller.id],
      ),
    )
    return rows.map((row) => toView(access, row))
  }

  create(access: Access, view: SavedViewInput): Promise<SavedView> {
    return inTransaction(this.#pool, async (client) => {
      const { organizationId, projectIds } = access.scope
      // Two at once are counted one after the other.
      await client.query('select 1 from projects where id = $1 for update', [projectIds[0]])
      const { rows: counted } = await client.query<{ count: string }>('select count(*) as count from saved_views where project_id = $1', [
        projectIds[0],
      ])
      if (Number(counted[0]?.count) >= viewsPerProjectMax) throw new AppError(tooManyViews)
      const { rows } = await client.query<ViewRow>(
        `insert into saved_views
          (organization_id, project_id, signal, name, query, range_from, columns, is_shared, owner_kind, owner_id, created_by)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning *`,
        [organizationId, projectIds[0], ...valuesOf(view), access.caller.kind, access.caller.id, access.caller.name],
      )
      return await audited(client, access, { change: 'create', row: rows[0] })
    })
  }

  replace(access: Access, id: string, view: SavedViewInput): Promise<SavedView> {
    return inTransaction(this.#pool, async (client) => {
      await this.#mustBeThere(client, access, id)
      const { rows } = await client.query<ViewRow>(
        `update saved_views set signal = $2, name = $3, query = $4, range_from = $5, columns = $6, is_shared = $7, updated_at = now()
          where id = $1 returning *`,
        [id, ...valuesOf(view)],
      )
      return await audited(client, access, { change: 'change', row: rows[0] })
    })
  }

  async remove(access: Access, id: string): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      await this.#mustBeThere(client, access, id)
      const { rows } = await client.query<ViewRow>('delete from saved_views where id = $1 returning *', [id])
      await audited(client, access, { change: 'delete', row: rows[0] })
    })
  }

  /** One that the caller may see; shared ones may be changed by everyone who may write. */
  async #mustBeThere(client: PoolClient, access: Access, id: string): Promise<void> {
    if (!isRowId(id)) throw new AppError(viewNotFound)
    const { rows } = await client.query(
      `select 1 from saved_views where id = $1 and organization_id = $2 and project_id = any($3)
        and (is_shared or (owner_kind = $4 and owner_id = $5)) for update`,
      [id, access.scope.organizationId, access.scope.projectIds, access.caller.kind, access.caller.id],
    )
    if (rows.length === 0) throw new AppError(viewNotFound)
  }
}

function valuesOf(view: SavedViewInput): (string | boolean | null)[] {
  return [view.signal, view.name, view.query, view.from, JSON.stringify(view.columns), view.isShared]
}

async function audited(
  client: PoolClient,
  access: Access,
  { change, row }: { readonly change: 'create' | 'change' | 'delete'; readonly row: ViewRow | undefined },
): Promise<SavedView> {
  if (row === undefined) throw new Error('a view that was written is not there')
  const detail = { name: row.name, query: row.query }
  await writeAuditEntry(client, access, { action: `saved-view.${change}`, target: `saved-view:${row.id}`, detail })
  return toView(access, row)
}

function toView(access: Access, row: ViewRow): SavedView {
  return {
    id: String(row.id),
    name: row.name,
    signal: row.signal,
    query: row.query,
    from: row.range_from,
    columns: row.columns,
    isShared: row.is_shared,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    updatedAt: row.updated_at.toISOString(),
    isMine: row.owner_kind === access.caller.kind && row.owner_id === access.caller.id,
  }
}
