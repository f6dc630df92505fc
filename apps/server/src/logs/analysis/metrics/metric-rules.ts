/**
 * Metrics from logs in PostgreSQL. Rules in force are read again after each change here, and every ten seconds for changes made through
 * another program. While the database is away the last known ones stay in force.
 */
import type { LogMetric, LogMetricInput, LogMetricKind } from '@bellwether/protocol'
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../../../accounts/index.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Logger } from '../../../kernel/log.ts'
import type { Tenant } from '../../../kernel/scope.ts'
import { compileSearch, type SearchFields } from '../../../search/index.ts'
import { badLogMetric, guarded, logMetricExists, logMetricNotFound, tooManyLogMetrics } from '../errors.ts'
import type { LogMetrics } from '../ports.ts'
import { inTransaction, isRowId } from '../transaction.ts'
import { labelOf, type ActiveLogMetric, type LogMetricObserver } from './metric-observer.ts'

export interface LogMetricRulesDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly clock: Pick<Clock, 'every' | 'nowMs'>
  readonly logger: Logger
  readonly observer: LogMetricObserver
  /** What rows can be asked in memory; no reader, so no scope. */
  readonly fields: SearchFields
}

/** Rules of one project; each costs a look at every row. */
const rulesPerProjectMax = 50
const refreshMs = 10_000
const namePattern = /^[A-Za-z_:][A-Za-z0-9_:.]*$/

interface RuleRow {
  readonly id: number
  readonly organization_id: number
  readonly project_id: number
  readonly name: string
  readonly query: string
  readonly kind: LogMetricKind
  readonly field: string | null
  readonly tags: string[]
  readonly unit: string
  readonly is_enabled: boolean
  readonly created_by: string
  readonly created_at: Date
  readonly updated_at: Date
}

export class LogMetricRules implements LogMetrics, AsyncDisposable {
  readonly #deps: LogMetricRulesDeps
  /** What each project was told last. */
  readonly #told = new Map<string, { readonly tenant: Tenant; readonly text: string }>()
  #timer: Disposable | null = null
  #reading: Promise<void> = Promise.resolve()

  constructor(deps: LogMetricRulesDeps) {
    this.#deps = deps
  }

  /** Reads the rules in force. Errors by code: `logs.analysis_unavailable`. */
  async open(): Promise<void> {
    await this.refresh()
    this.#timer = this.#deps.clock.every(refreshMs, () => {
      this.refresh().catch((error: unknown) =>
        this.#deps.logger.warn('metrics from logs could not be read; the last known ones stay', { error }),
      )
    })
  }

  refresh(): Promise<void> {
    const next = this.#reading.then(() => this.#load())
    this.#reading = next.catch(() => undefined)
    return next
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.#reading
  }

  async list(access: Access): Promise<LogMetric[]> {
    const { rows } = await guarded(() =>
      this.#deps.pool.query<RuleRow>('select * from log_metrics where organization_id = $1 and project_id = any($2) order by name, id', [
        access.scope.organizationId,
        access.scope.projectIds,
      ]),
    )
    return rows.map((row) => this.#toMetric(row))
  }

  async create(access: Access, rule: LogMetricInput): Promise<LogMetric> {
    this.#check(rule)
    const row = await inTransaction(this.#deps.pool, async (client) => {
      const { organizationId, projectIds } = access.scope
      // Two at once are counted one after the other.
      await client.query('select 1 from projects where id = $1 for update', [projectIds[0]])
      const { rows: there } = await client.query<{ name: string }>('select name from log_metrics where project_id = $1', [projectIds[0]])
      if (there.length >= rulesPerProjectMax) throw new AppError(tooManyLogMetrics)
      if (there.some(({ name }) => name === rule.name)) throw new AppError(logMetricExists)
      const { rows } = await client.query<RuleRow>(
        `insert into log_metrics (organization_id, project_id, name, query, kind, field, tags, unit, is_enabled, created_by)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning *`,
        [organizationId, projectIds[0], ...valuesOf(rule), access.caller.name],
      )
      return await audited(client, access, { change: 'create', row: rows[0] })
    })
    await this.refresh()
    return this.#toMetric(row)
  }

  async replace(access: Access, id: string, rule: LogMetricInput): Promise<LogMetric> {
    this.#check(rule)
    const row = await inTransaction(this.#deps.pool, async (client) => {
      const known = await mustFind(client, access, id)
      const { rows: others } = await client.query('select 1 from log_metrics where project_id = $1 and name = $2 and id <> $3', [
        known.project_id,
        rule.name,
        known.id,
      ])
      if (others.length > 0) throw new AppError(logMetricExists)
      const { rows } = await client.query<RuleRow>(
        `update log_metrics set name = $2, query = $3, kind = $4, field = $5, tags = $6, unit = $7, is_enabled = $8, updated_at = now()
          where id = $1 returning *`,
        [known.id, ...valuesOf(rule)],
      )
      return await audited(client, access, { change: 'change', row: rows[0] })
    })
    await this.refresh()
    return this.#toMetric(row)
  }

  async remove(access: Access, id: string): Promise<void> {
    await inTransaction(this.#deps.pool, async (client) => {
      const known = await mustFind(client, access, id)
      const { rows } = await client.query<RuleRow>('delete from log_metrics where id = $1 returning *', [known.id])
      await audited(client, access, { change: 'delete', row: rows[0] })
    })
    this.#deps.observer.forget(id)
    await this.refresh()
  }

  /** Throws `logs.bad_metric`, `search.invalid`, `search.pattern`. */
  #check(rule: LogMetricInput): void {
    const fail = (publicText: string, hint?: string): never => {
      throw new AppError(badLogMetric, { publicText, ...(hint === undefined ? {} : { hint }) })
    }
    if (!namePattern.test(rule.name)) {
      fail(`“${rule.name}” cannot be the name of a metric.`, 'Letters, digits, _ . and : are allowed, and no digit in front.')
    }
    if (rule.kind !== 'counter' && rule.field === null) fail(`A ${rule.kind} needs a field to take its values from.`)
    const labels = rule.tags.map(labelOf)
    if (new Set(labels).size < labels.length) fail('Two tags have the same label.', `The labels are ${labels.join(', ')}.`)
    if (labels.includes('__name__')) fail('A tag cannot be called __name__.')
    compileSearch(rule.query, this.#deps.fields, { nowMs: this.#deps.clock.nowMs() }).matcher()
  }

  #toMetric(row: RuleRow): LogMetric {
    const { matched, skipped, problem } = this.#deps.observer.state(String(row.id))
    const times = { createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString() }
    const { name, query, kind, field, tags, unit } = row
    const counts = { matched, skipped, problem }
    return {
      id: String(row.id),
      name,
      metric: name,
      query,
      kind,
      field,
      tags,
      unit,
      isEnabled: row.is_enabled,
      createdBy: row.created_by,
      ...times,
      ...counts,
    }
  }

  async #load(): Promise<void> {
    const { rows } = await guarded(() => this.#deps.pool.query<RuleRow>('select * from log_metrics where is_enabled order by id'))
    const byProject = new Map<string, { readonly tenant: Tenant; readonly rows: RuleRow[] }>()
    for (const [key, { tenant }] of this.#told) byProject.set(key, { tenant, rows: [] })
    for (const row of rows) {
      const tenant = { organizationId: row.organization_id, projectId: row.project_id }
      const key = `${tenant.organizationId}/${tenant.projectId}`
      const own = byProject.get(key) ?? { tenant, rows: [] }
      own.rows.push(row)
      byProject.set(key, own)
    }
    for (const [key, { tenant, rows: own }] of byProject) {
      const text = JSON.stringify(own)
      if (this.#told.get(key)?.text === text) continue
      if (own.length === 0) this.#told.delete(key)
      else this.#told.set(key, { tenant, text })
      this.#deps.observer.setRules(
        tenant,
        own.flatMap((row) => this.#active(row)),
      )
    }
  }

  /** A rule that was good once may be so no more: it rests, and says why. */
  #active(row: RuleRow): ActiveLogMetric[] {
    const { fields, clock, logger } = this.#deps
    try {
      const matches = compileSearch(row.query, fields, { nowMs: clock.nowMs() }).matcher()
      const { name, kind, field, tags } = row
      return [{ id: String(row.id), name, kind, field, tags, unit: row.unit === 'none' ? '' : row.unit, matches, fields }]
    } catch (error) {
      logger.warn('a metric from logs rests: its search is not valid', { name: row.name, error })
      return []
    }
  }
}

function valuesOf(rule: LogMetricInput): (string | boolean | null)[] {
  const field = rule.kind === 'counter' && rule.field === '' ? null : rule.field
  return [rule.name, rule.query, rule.kind, field, JSON.stringify(rule.tags), rule.unit, rule.isEnabled]
}

async function mustFind(client: PoolClient, access: Access, id: string): Promise<RuleRow> {
  if (!isRowId(id)) throw new AppError(logMetricNotFound)
  const { rows } = await client.query<RuleRow>(
    'select * from log_metrics where id = $1 and organization_id = $2 and project_id = any($3) for update',
    [id, access.scope.organizationId, access.scope.projectIds],
  )
  const [row] = rows
  if (row === undefined) throw new AppError(logMetricNotFound)
  return row
}

async function audited(
  client: PoolClient,
  access: Access,
  { change, row }: { readonly change: 'create' | 'change' | 'delete'; readonly row: RuleRow | undefined },
): Promise<RuleRow> {
  if (row === undefined) throw new Error('a rule that was written is not there')
  const detail = { name: row.name, query: row.query, kind: row.kind }
  await writeAuditEntry(client, access, { action: `log-metric.${change}`, target: `log-metric:${row.id}`, detail })
  return row
}
