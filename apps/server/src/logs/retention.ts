/**
 * How long logs are kept, by project and severity. The days go into every row as it is accepted, and the engine drops partitions whose rows
 * are all too old; a policy that is shortened hides at once what it would not keep. Policies are in PostgreSQL and read anew now and then, so
 * that changes through other programs are seen; while it is away, what was known stays in force.
 */
import type { Pool } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { inTransaction, type ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import { bucketSec, nsOfMs, numbersIn, type SignalBatch, type SignalStage } from '../signals/index.ts'
import { logRetentionUnavailable } from './errors.ts'
import { severityNames, type SeverityName } from './fields.ts'
import { logDaysDefault, logDaysMax } from './limits.ts'
import type { LogRetentionPolicy, LogTable, Shown, TimeRange } from './ports.ts'
import { LogsBatch } from './schema.ts'
import { countsTable } from './tables.ts'
import { tenantSql } from './where.ts'

export const logRetentionMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  {
    id: 'logs-001',
    up: [
      `create table if not exists log_retention (
        organization_id integer not null,
        project_id integer not null,
        policy jsonb not null,
        changed_at timestamptz not null default now(),
        changed_by text not null,
        primary key (organization_id, project_id),
        foreign key (project_id, organization_id) references projects (id, organization_id) on delete cascade
      )`,
    ],
  },
]

export interface LogRetentionState {
  readonly policy: LogRetentionPolicy
  readonly changedAtMs: number | null
  readonly changedBy: string | null
  readonly rows: number
  readonly oldestMs: number | null
}

export interface LogRetentionDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly engine: ClickHouse
  readonly clock: Clock
  readonly logger: Logger
}

interface PolicyRow {
  readonly organization_id: number
  readonly project_id: number
  readonly policy: LogRetentionPolicy
  readonly changed_at: Date
  readonly changed_by: string
}

/** Days of each group of four severities, `unknown` first. */
type DaysByGroup = readonly number[]

const defaultPolicy: LogRetentionPolicy = { days: logDaysDefault, severities: [] }
const defaultDays: DaysByGroup = severityNames.map(() => logDaysDefault)
const refreshMs = 10_000
const dayMs = 86_400_000

export class LogRetention implements Shown, SignalStage, Disposable {
  readonly #deps: LogRetentionDeps
  #byProject = new Map<string, DaysByGroup>()
  #timer: Disposable | null = null

  constructor(deps: LogRetentionDeps) {
    this.#deps = deps
  }

  /** Reads what is in force; from then on it is. Errors by code: `logs.retention_unavailable`. */
  async open(): Promise<void> {
    await this.refresh()
    const { clock, logger } = this.#deps
    this.#timer = clock.every(refreshMs, () => {
      this.refresh().catch((error: unknown) => logger.debug('how long logs are kept could not be read', { error: String(error) }))
    })
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  async refresh(): Promise<void> {
    const rows = await this.#rows('select * from log_retention', [])
    this.#byProject = new Map(rows.map((row) => [`${row.organization_id}/${row.project_id}`, daysOf(row.policy)]))
  }

  /** The longest that any row of the tenant is kept: nothing older is taken. */
  longestDays(tenant: Tenant): number {
    return Math.max(...this.#daysOf(tenant.organizationId, tenant.projectId))
  }

  /** Writes into each row how long it is kept. */
  apply(batch: SignalBatch): void {
    if (!(batch instanceof LogsBatch)) return
    const days = this.#byProject.get(`${batch.tenant.organizationId}/${batch.tenant.projectId}`) ?? defaultDays
    const { keep, severity, rows } = batch
    const { bytes } = keep.data
    for (let row = 0; row < rows; row++) {
      const kept = days[(severity.u8(row) + 3) >> 2] ?? logDaysDefault
      bytes[row * 2] = kept
      bytes[row * 2 + 1] = kept >>> 8
    }
  }

  shownSql(scope: Scope, range: TimeRange, table: LogTable): string | null {
    const nowMs = this.#deps.clock.nowMs()
    // Nothing younger than a day is ever hidden.
    if (range.fromMs >= nowMs - dayMs) return null
    const bucket = table === 'counts' ? 'intDiv(minute, 10)' : 'bucket'
    const parts = [`${bucket} + toUInt32(keep) * 144 >= ${Math.floor(nowMs / 1000 / bucketSec)}`]
    for (const projectId of scope.projectIds) {
      const days = this.#byProject.get(`${scope.organizationId}/${projectId}`)
      if (days !== undefined) parts.push(`(project != ${projectId} OR ${keptSql(days, table, nowMs)})`)
    }
    return parts.join(' AND ')
  }

  async get(access: Access, signal: AbortSignal): Promise<LogRetentionState> {
    const { organizationId, projectId } = tenantOf(access)
    const [row] = await this.#rows('select * from log_retention where organization_id = $1 and project_id = $2', [
      organizationId,
      projectId,
    ])
    return {
      policy: row?.policy ?? defaultPolicy,
      changedAtMs: row?.changed_at.getTime() ?? null,
      changedBy: row?.changed_by ?? null,
      ...(await this.#stored(access.scope, signal)),
    }
  }

  async put(access: Access, policy: LogRetentionPolicy, signal: AbortSignal): Promise<LogRetentionState> {
    const { organizationId, projectId } = tenantOf(access)
    await guarded(() =>
      inTransaction(this.#deps.pool, async (client) => {
        await client.query(
          `insert into log_retention (organization_id, project_id, policy, changed_by) values ($1, $2, $3, $4)
            on conflict (organization_id, project_id) do update set policy = excluded.policy, changed_at = now(), changed_by = excluded.changed_by`,
          [organizationId, projectId, JSON.stringify(policy), access.caller.name],
        )
        const detail = { policy: JSON.stringify(policy) }
        await writeAuditEntry(client, access, { action: 'log-retention.change', target: `project:${projectId}`, detail })
      }),
    )
    await this.refresh()
    return await this.get(access, signal)
  }

  /** Counted by minute, so it costs next to nothing. */
  async #stored(scope: Scope, signal: AbortSignal): Promise<{ rows: number; oldestMs: number | null }> {
    const hidden = this.shownSql(scope, { fromMs: 0, toMs: this.#deps.clock.nowMs() }, 'counts')
    const sql = `SELECT toFloat64(sum(rows)) AS rows, min(minute) AS oldest FROM ${countsTable} WHERE ${tenantSql(scope)}${hidden === null ? '' : ` AND ${hidden}`}`
    let stored: { rows: number; oldestMs: number | null } = { rows: 0, oldestMs: null }
    // Read to its end: an answer that is left early costs its connection.
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const rows = block.rows === 0 ? 0 : (numbersIn(block, 'rows')[0] ?? 0)
      if (rows > 0) stored = { rows, oldestMs: (numbersIn(block, 'oldest')[0] ?? 0) * 60_000 }
    }
    return stored
  }

  #daysOf(organizationId: number, projectId: number): DaysByGroup {
    return this.#byProject.get(`${organizationId}/${projectId}`) ?? defaultDays
  }

  async #rows(sql: string, values: readonly unknown[]): Promise<readonly PolicyRow[]> {
    return await guarded(async () => (await this.#deps.pool.query<PolicyRow>(sql, [...values])).rows)
  }
}

function daysOf({ days, severities }: LogRetentionPolicy): DaysByGroup {
  const bySeverity = new Map<SeverityName, number>(severities.map((one) => [one.severity, one.days]))
  return severityNames.map((name) => Math.min(logDaysMax, bySeverity.get(name) ?? days))
}

/** Rows that the policy keeps, by the columns that the table has. Facets know no severities: what any of them keeps stays. */
function keptSql(days: DaysByGroup, table: LogTable, nowMs: number): string {
  if (table === 'facets') return `bucket >= ${Math.floor((nowMs - Math.max(...days) * dayMs) / 1000 / bucketSec)}`
  const after = (kept: number): string =>
    table === 'rows' ? `ts >= ${nsOfMs(nowMs - kept * dayMs)}` : `minute >= ${Math.floor((nowMs - kept * dayMs) / 60_000)}`
  const groups = new Map<number, number[]>()
  days.forEach((kept, group) => groups.set(kept, [...(groups.get(kept) ?? []), group]))
  const parts = [...groups].map(([kept, of]) =>
    of.length === days.length ? after(kept) : `(intDiv(severity + 3, 4) IN (${of.join(', ')}) AND ${after(kept)})`,
  )
  return parts.length === 1 ? (parts[0] ?? '1') : `(${parts.join(' OR ')})`
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
    throw isAppError(error) ? error : new AppError(logRetentionUnavailable, { cause: error })
  }
}
