/**
 * Policies and deletions in PostgreSQL, their effect in memory, and the work in the background: deletions one after the other, room made once
 * an hour. Changes through other programs are seen within seconds. While the database is away, what was known stays in force.
 */
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { inTransaction } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  keepForever,
  type Eraser,
  type ErasureCount,
  type Hidden,
  type Matcher,
  type PendingDeletion,
  type RetentionKeeper,
  type RetentionPolicy,
  type RetentionPreview,
  type RetentionRun,
} from '../metrics/index.ts'
import { badPolicy, nothingToDelete, retentionUnavailable } from './errors.ts'
import type { MetricDeletion, Retention, RetentionState } from './ports.ts'

export interface RetentionDeskDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly hidden: Hidden
  readonly eraser: Pick<Eraser, 'count' | 'hide' | 'erase'>
  readonly keeper: Pick<RetentionKeeper, 'run' | 'preview'>
  readonly clock: Clock
  readonly logger: Logger
}

interface PolicyRow {
  readonly organization_id: number
  readonly project_id: number
  readonly policy: RetentionPolicy
  readonly changed_at: Date
  readonly changed_by: string
}

interface DeletionRow {
  readonly id: number
  readonly organization_id: number
  readonly project_id: number
  readonly match: readonly (readonly Matcher[])[]
  readonly before_ms: string
  readonly state: 'running' | 'done'
  readonly series: string
  readonly samples: string
  readonly requested_by: string
  readonly requested_at: Date
  readonly finished_at: Date | null
}

const refreshMs = 10_000
const runPeriodMs = 3_600_000
const retryMs = 30_000
const rulesMax = 100
const daysMax = 36_500
const deletionsShownMax = 100

export class RetentionDesk implements Retention, AsyncDisposable {
  readonly #deps: RetentionDeskDeps
  readonly #stop = new AbortController()
  /** Projects that were told of a policy, and deletions that are hidden. */
  readonly #told = new Map<string, { readonly tenant: Tenant; readonly text: string }>()
  readonly #running = new Map<number, PendingDeletion>()
  #loops: Promise<void>[] = []
  #wake: () => void = () => {}
  #lastRun: { readonly atMs: number; readonly run: RetentionRun } | null = null
  #failure: string | null = null

  constructor(deps: RetentionDeskDeps) {
    this.#deps = deps
  }

  /** Reads what is in force; from then on it is. Errors by code: `retention.unavailable`, and the engine's. */
  async open(): Promise<void> {
    await this.refresh()
    this.#loops = [this.#every(refreshMs, () => this.refresh()), this.#every(runPeriodMs, () => this.run()), this.#eraseLoop()]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await Promise.all(this.#loops)
  }

  /** Reads policies and running deletions anew. */
  async refresh(): Promise<void> {
    const { pool, hidden, eraser } = this.#deps
    const { policies, deletions } = await guarded(async () => ({
      policies: (await pool.query<PolicyRow>('select * from metric_retention')).rows,
      deletions: (await pool.query<DeletionRow>(`select * from metric_deletions where state = 'running' order by id`)).rows,
    }))
    const seen = new Set<string>()
    for (const { organization_id, project_id, policy } of policies) {
      const tenant = { organizationId: organization_id, projectId: project_id }
      const key = `${organization_id}/${project_id}`
      const text = JSON.stringify(policy)
      seen.add(key)
      if (this.#told.get(key)?.text === text) continue
      hidden.setPolicy(tenant, policy)
      this.#told.set(key, { tenant, text })
    }
    for (const [key, { tenant }] of this.#told) {
      if (seen.has(key)) continue
      hidden.setPolicy(tenant, keepForever)
      this.#told.delete(key)
    }
    for (const row of deletions) {
      const deletion = toPending(row)
      if (this.#running.has(deletion.id)) continue
      await eraser.hide(deletion, this.#stop.signal)
      this.#running.set(deletion.id, deletion)
      this.#wake()
    }
    // Another program may have finished some.
    const still = new Set(deletions.map(({ id }) => id))
    for (const [id, deletion] of this.#running) {
      if (still.has(id)) continue
      hidden.endDeletion(deletion)
      this.#running.delete(id)
    }
  }

  /** Makes room now. Errors: the engine's. */
  async run(): Promise<RetentionRun> {
    const { keeper, clock } = this.#deps
    try {
      const run = await keeper.run(this.#stop.signal)
      this.#lastRun = { atMs: clock.nowMs(), run }
      this.#failure = null
      return run
    } catch (error) {
      this.#failure = isAppError(error) ? error.publicText : 'The last attempt failed.'
      throw error
    }
  }

  async get(access: Access): Promise<RetentionState> {
    const { organizationId, projectId } = tenantOf(access)
    const { rows } = await guarded(() =>
      this.#deps.pool.query<PolicyRow>('select * from metric_retention where organization_id = $1 and project_id = $2', [
        organizationId,
        projectId,
      ]),
    )
    const [row] = rows
    return {
      policy: row?.policy ?? keepForever,
      changedAtMs: row?.changed_at.getTime() ?? null,
      changedBy: row?.changed_by ?? null,
      lastRunAtMs: this.#lastRun?.atMs ?? null,
      lastRunRows: this.#lastRun?.run.deletedRows.get(`${organizationId}/${projectId}`) ?? 0,
      failure: this.#failure,
    }
  }

  async put(access: Access, policy: RetentionPolicy): Promise<RetentionState> {
    checkPolicy(policy)
    const { organizationId, projectId } = tenantOf(access)
    await this.#transaction(async (client) => {
      await client.query(
        `insert into metric_retention (organization_id, project_id, policy, changed_by) values ($1, $2, $3, $4)
          on conflict (organization_id, project_id) do update set policy = excluded.policy, changed_at = now(), changed_by = excluded.changed_by`,
        [organizationId, projectId, JSON.stringify(policy), access.caller.name],
      )
      await writeAuditEntry(client, access, {
        action: 'retention.change',
        target: `project:${projectId}`,
        detail: { policy: JSON.stringify(policy) },
      })
    })
    await this.refresh()
    return await this.get(access)
  }

  preview(access: Access, policy: RetentionPolicy, signal: AbortSignal): Promise<RetentionPreview> {
    checkPolicy(policy)
    return this.#deps.keeper.preview(tenantOf(access), policy, signal)
  }

  async deletions(access: Access): Promise<MetricDeletion[]> {
    const { organizationId, projectId } = tenantOf(access)
    const { rows } = await guarded(() =>
      this.#deps.pool.query<DeletionRow>(
        'select * from metric_deletions where organization_id = $1 and project_id = $2 order by id desc limit $3',
        [organizationId, projectId, deletionsShownMax],
      ),
    )
    return rows.map(toDeletion)
  }

  count(access: Access, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<ErasureCount> {
    return this.#deps.eraser.count(tenantOf(access), match, signal)
  }

  async delete(access: Access, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<MetricDeletion> {
    const { organizationId, projectId } = tenantOf(access)
    const { series, samples } = await this.count(access, match, signal)
    if (series === 0) throw new AppError(nothingToDelete)
    const beforeMs = Math.floor(this.#deps.clock.nowMs())
    const row = await this.#transaction(async (client) => {
      const { rows } = await client.query<DeletionRow>(
        `insert into metric_deletions (organization_id, project_id, match, before_ms, state, series, samples, requested_by)
          values ($1, $2, $3, $4, 'running', $5, $6, $7) returning *`,
        [organizationId, projectId, JSON.stringify(match), beforeMs, series, samples, access.caller.name],
      )
      const [made] = rows
      if (made === undefined) throw new Error('a deletion that was written is not there')
      const detail = { match: JSON.stringify(match), series: `${series}`, samples: `${samples}` }
      await writeAuditEntry(client, access, { action: 'metrics.delete', target: `project:${projectId}`, detail })
      return made
    })
    await this.refresh()
    return toDeletion(row)
  }

  /** Resolves when no deletion is running. */
  async settled(): Promise<void> {
    while (this.#running.size > 0 && !this.#stop.signal.aborted) await this.#deps.clock.sleep(20, this.#stop.signal)
  }

  async #eraseLoop(): Promise<void> {
    const { clock, eraser, logger, pool } = this.#deps
    const { signal } = this.#stop
    while (!signal.aborted) {
      const [next] = this.#running.values()
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          if (signal.aborted || this.#running.size > 0) resolve()
        })
        continue
      }
      try {
        await eraser.erase(next, signal)
        await pool.query(`update metric_deletions set state = 'done', finished_at = now() where id = $1`, [next.id])
        this.#running.delete(next.id)
      } catch (error) {
        if (signal.aborted) return
        logger.warn('metrics could not be deleted yet; nobody sees them meanwhile', { error: String(error) })
        await clock.sleep(retryMs, signal)
      }
    }
  }

  async #every(periodMs: number, work: () => Promise<unknown>): Promise<void> {
    const { clock, logger } = this.#deps
    const { signal } = this.#stop
    while (!signal.aborted) {
      await clock.sleep(periodMs, signal)
      if (signal.aborted) return
      await work().catch((error: unknown) => {
        if (!signal.aborted) logger.debug('retention could not be looked at', { error: String(error) })
      })
    }
  }

  async #transaction<Result>(run: (client: PoolClient) => Promise<Result>): Promise<Result> {
    return await guarded(() => inTransaction(this.#deps.pool, run))
  }
}

function tenantOf({ scope }: Access): Tenant {
  const [projectId] = scope.projectIds
  if (projectId === undefined || scope.projectIds.length !== 1) throw new Error('retention is of one project')
  return { organizationId: scope.organizationId, projectId }
}

async function guarded<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    throw isAppError(error) ? error : new AppError(retentionUnavailable, { cause: error })
  }
}

/** Errors by code: `retention.bad_policy`. */
function checkPolicy({ days, rollupDays, rules }: RetentionPolicy): void {
  const bad = (publicText: string): AppError => new AppError(badPolicy, { publicText })
  const isDays = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= daysMax
  if (days !== null && !isDays(days)) throw bad(`Days are whole numbers from 1 to ${daysMax}.`)
  if (rollupDays !== null && !isDays(rollupDays)) throw bad(`Days of rollups are whole numbers from 1 to ${daysMax}.`)
  if (days !== null && rollupDays !== null && rollupDays < days) throw bad('Rollups are kept at least as long as samples.')
  if (rules.length > rulesMax) throw bad(`At most ${rulesMax} patterns.`)
  for (const rule of rules) {
    if (rule.pattern === '') throw bad('A pattern must not be empty.')
    if (!isDays(rule.days)) throw bad(`Days of ${rule.pattern} are whole numbers from 1 to ${daysMax}.`)
  }
}

function toPending({ id, organization_id, project_id, match, before_ms }: DeletionRow): PendingDeletion {
  return { id, tenant: { organizationId: organization_id, projectId: project_id }, match, beforeMs: Number(before_ms) }
}

function toDeletion(row: DeletionRow): MetricDeletion {
  return {
    id: `${row.id}`,
    match: row.match,
    beforeMs: Number(row.before_ms),
    state: row.state,
    series: Number(row.series),
    samples: Number(row.samples),
    requestedBy: row.requested_by,
    requestedAtMs: row.requested_at.getTime(),
    finishedAtMs: row.finished_at?.getTime() ?? null,
  }
}
