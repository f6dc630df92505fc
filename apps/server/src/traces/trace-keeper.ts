/**
 * How long projects keep their spans. What comes is stored with its days, and goes as whole parts when they are over; fewer days hide older
 * spans at once, more days hold for what comes from then on. While the database is away, what was known stays in force.
 */
import type { Pool } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { inTransaction } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import { keepDaysDefault } from '../signals/index.ts'
import { traceRetentionUnavailable } from './errors.ts'
import type { TraceKeeping } from './ports.ts'

export interface TraceKeeperDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly clock: Pick<Clock, 'sleep'>
  readonly logger: Logger
}

interface KeepRow {
  readonly organization_id: number
  readonly project_id: number
  readonly keep_days: number
}

/** How late a change by another program is seen. */
const refreshMs = 10_000

export class TraceKeeper implements TraceKeeping, AsyncDisposable {
  readonly #deps: TraceKeeperDeps
  readonly #stop = new AbortController()
  #days = new Map<string, number>()
  #loop: Promise<void> = Promise.resolve()

  constructor(deps: TraceKeeperDeps) {
    this.#deps = deps
  }

  /** Reads what is in force; from then on it is. Errors by code: `traces.retention_unavailable`. */
  async open(): Promise<void> {
    await this.refresh()
    this.#loop = this.#refreshing()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  keepDays(organizationId: number, projectId: number): number {
    return this.#days.get(`${organizationId}/${projectId}`) ?? keepDaysDefault
  }

  async refresh(): Promise<void> {
    const { rows } = await guarded(() =>
      this.#deps.pool.query<KeepRow>('select organization_id, project_id, keep_days from trace_retention'),
    )
    this.#days = new Map(rows.map((row) => [`${row.organization_id}/${row.project_id}`, row.keep_days]))
  }

  /** Errors by code: `traces.retention_unavailable`. */
  async set(access: Access, days: number): Promise<void> {
    const [projectId] = access.scope.projectIds
    if (projectId === undefined) throw new Error('retention is of one project')
    await guarded(() =>
      inTransaction(this.#deps.pool, async (client) => {
        await client.query(
          `insert into trace_retention (organization_id, project_id, keep_days, changed_by) values ($1, $2, $3, $4)
            on conflict (organization_id, project_id) do update set keep_days = excluded.keep_days, changed_at = now(), changed_by = excluded.changed_by`,
          [access.scope.organizationId, projectId, days, access.caller.name],
        )
        await writeAuditEntry(client, access, {
          action: 'traces.retention',
          target: `project:${projectId}`,
          detail: { days: String(days) },
        })
      }),
    )
    await this.refresh()
  }

  async #refreshing(): Promise<void> {
    const { clock, logger } = this.#deps
    const { signal } = this.#stop
    while (!signal.aborted) {
      await clock.sleep(refreshMs, signal)
      if (signal.aborted) return
      await this.refresh().catch((error: unknown) => logger.debug('the days of traces could not be read', { error: String(error) }))
    }
  }
}

async function guarded<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    throw isAppError(error) ? error : new AppError(traceRetentionUnavailable, { cause: error })
  }
}
