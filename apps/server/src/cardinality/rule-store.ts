/**
 * Rules in PostgreSQL. A change, its version and its entry in the audit log are one transaction; rules in force are read again after each
 * change here, and every ten seconds for changes made through another program. While the database is away the last known ones stay in force.
 */
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { inTransaction } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import { nothingToUndo, ruleNotFound, rulesUnavailable, tooManyRules } from './errors.ts'
import { rulesPerProjectMax } from './limits.ts'
import type { CardinalityRule, CardinalityRules, RuleAction, RuleChange, RuleDraft, RuleState } from './ports.ts'
import { toRule, type RuleRow } from './rule-row.ts'
import { checkDraft, type ActiveRule } from './rule-set.ts'

export interface RuleStoreDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly clock: Pick<Clock, 'every'>
  readonly logger: Logger
  /** The rules of a project are these from now on; called once for each project when they are first read, and after each change. */
  readonly onRules: (tenant: Tenant, rules: readonly ActiveRule[]) => void
}

/** How often changes through other programs are looked for. */
const refreshMs = 10_000

interface NextVersion {
  readonly change: string
  readonly state: RuleState
  readonly action: RuleAction
  readonly note: string
}

export class RuleStore implements CardinalityRules, AsyncDisposable {
  readonly #deps: RuleStoreDeps
  /** What each project was told last. */
  readonly #told = new Map<string, string>()
  #timer: Disposable | null = null
  #reading: Promise<void> = Promise.resolve()
  #isQuiet = false

  constructor(deps: RuleStoreDeps) {
    this.#deps = deps
  }

  /** Reads the rules in force. Errors by code: `cardinality.unavailable`. */
  async open(): Promise<void> {
    await this.refresh()
    this.#timer = this.#deps.clock.every(refreshMs, () => this.#refreshLater())
  }

  refresh(): Promise<void> {
    const next = this.#reading.then(() => this.#load())
    this.#reading = next.catch(() => undefined)
    return next
  }

  async list(access: Access): Promise<CardinalityRule[]> {
    const { rows } = await guarded(() =>
      this.#deps.pool.query<RuleRow>(
        `select * from cardinality_rules where organization_id = $1 and project_id = any($2) and state <> 'deleted' order by id`,
        [access.scope.organizationId, access.scope.projectIds],
      ),
    )
    return rows.map(toRule)
  }

  async create(access: Access, draft: RuleDraft): Promise<CardinalityRule> {
    checkDraft(draft)
    return await this.#change(async (client) => {
      const { organizationId, projectIds } = access.scope
      // Two at once are counted one after the other.
      await client.query('select 1 from projects where id = $1 for update', [projectIds[0]])
      const { rows: counted } = await client.query<{ count: string }>(
        `select count(*) as count from cardinality_rules where project_id = $1 and state <> 'deleted'`,
        [projectIds[0]],
      )
      if (Number(counted[0]?.count) >= rulesPerProjectMax) throw new AppError(tooManyRules)
      const { rows } = await client.query<RuleRow>(
        `insert into cardinality_rules
          (organization_id, project_id, match_kind, match_value, action, note, state, version, changed_by, last_change)
          values ($1, $2, $3, $4, $5, $6, 'active', 1, $7, 'create') returning *`,
        [organizationId, projectIds[0], draft.match.kind, draft.match.value, JSON.stringify(draft.action), draft.note, access.caller.name],
      )
      return await written(client, access, rows[0])
    })
  }

  change(access: Access, id: string, { state, action, note }: RuleChange): Promise<CardinalityRule> {
    return this.#next(access, id, (rule) => {
      if (rule.state === 'deleted') throw new AppError(ruleNotFound)
      const next = { state: state ?? rule.state, action: action ?? rule.action, note: note ?? rule.note }
      checkDraft({ match: rule.match, action: next.action })
      const isOnlyState = action === undefined && note === undefined
      const word = next.state === 'paused' ? 'pause' : 'resume'
      return { ...next, change: isOnlyState ? word : 'change' }
    })
  }

  async remove(access: Access, id: string): Promise<void> {
    await this.#next(access, id, (rule) => {
      if (rule.state === 'deleted') throw new AppError(ruleNotFound)
      return { change: 'delete', state: 'deleted', action: rule.action, note: rule.note }
    })
  }

  undo(access: Access, id: string): Promise<CardinalityRule> {
    return this.#next(access, id, async (rule, client) => {
      if (rule.version === 1) return { change: 'undo', state: 'deleted', action: rule.action, note: rule.note }
      const { rows } = await client.query<Pick<RuleRow, 'state' | 'action' | 'note'>>(
        'select state, action, note from cardinality_rule_versions where rule_id = $1 and version = $2',
        [rule.id, rule.version - 1],
      )
      const [before] = rows
      if (before === undefined) throw new AppError(nothingToUndo)
      const { state, action, note } = toRule({ ...rowOf(rule), ...before })
      return { change: 'undo', state, action, note }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isQuiet = true
    this.#timer?.[Symbol.dispose]()
    await this.#reading
  }

  async #next(
    access: Access,
    id: string,
    decide: (rule: CardinalityRule, client: PoolClient) => NextVersion | Promise<NextVersion>,
  ): Promise<CardinalityRule> {
    if (!/^\d{1,9}$/.test(id)) throw new AppError(ruleNotFound)
    return await this.#change(async (client) => {
      const { rows } = await client.query<RuleRow>(
        'select * from cardinality_rules where id = $1 and organization_id = $2 and project_id = any($3) for update',
        [id, access.scope.organizationId, access.scope.projectIds],
      )
      const [row] = rows
      if (row === undefined) throw new AppError(ruleNotFound)
      const { change, state, action, note } = await decide(toRule(row), client)
      const { rows: changed } = await client.query<RuleRow>(
        `update cardinality_rules set state = $2, action = $3, note = $4, version = version + 1, changed_at = now(), changed_by = $5,
          last_change = $6 where id = $1 returning *`,
        [id, state, JSON.stringify(action), note, access.caller.name, change],
      )
      return await written(client, access, changed[0])
    })
  }

  /** In force here as soon as it is committed. */
  async #change(run: (client: PoolClient) => Promise<CardinalityRule>): Promise<CardinalityRule> {
    const made = await guarded(() => inTransaction(this.#deps.pool, run))
    await this.refresh()
    return made
  }

  async #load(): Promise<void> {
    if (this.#isQuiet) return
    const { rows } = await guarded(() =>
      this.#deps.pool.query<RuleRow>(`select * from cardinality_rules where state = 'active' order by id`),
    )
    const byProject = new Map<string, { tenant: Tenant; rules: ActiveRule[] }>()
    for (const key of this.#told.keys()) {
      const [organizationId, projectId] = key.split('/').map(Number)
      byProject.set(key, { tenant: { organizationId: organizationId ?? 0, projectId: projectId ?? 0 }, rules: [] })
    }
    for (const row of rows) {
      const tenant = { organizationId: row.organization_id, projectId: row.project_id }
      const key = `${tenant.organizationId}/${tenant.projectId}`
      const { id, version, match, action } = toRule(row)
      const own = byProject.get(key) ?? { tenant, rules: [] }
      own.rules.push({ id, version, match, action })
      byProject.set(key, own)
    }
    for (const [key, { tenant, rules }] of byProject) {
      const text = JSON.stringify(rules)
      if (this.#told.get(key) === text) continue
      this.#told.set(key, text)
      this.#deps.onRules(tenant, rules)
    }
  }

  #refreshLater(): void {
    this.refresh().catch((error: unknown) =>
      this.#deps.logger.warn('cardinality rules could not be read; the last known ones stay', { error }),
    )
  }
}

function rowOf(rule: CardinalityRule): RuleRow {
  return {
    id: Number(rule.id),
    organization_id: 0,
    project_id: 0,
    match_kind: rule.match.kind,
    match_value: rule.match.value,
    action: rule.action,
    note: rule.note,
    state: rule.state,
    version: rule.version,
    created_at: new Date(rule.createdAtMs),
    changed_at: new Date(rule.changedAtMs),
    changed_by: rule.changedBy,
    last_change: rule.lastChange,
  }
}

/** Writes the version and the audit entry of a change. */
async function written(client: PoolClient, access: Access, row: RuleRow | undefined): Promise<CardinalityRule> {
  if (row === undefined) throw new Error('a rule that was written is not there')
  const { caller } = access
  await client.query(
    `insert into cardinality_rule_versions (rule_id, version, actor_kind, actor_id, actor_name, change, state, action, note)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [row.id, row.version, caller.kind, caller.id, caller.name, row.last_change, row.state, JSON.stringify(row.action), row.note],
  )
  const detail = {
    metric: `${row.match_kind} ${row.match_value}`,
    action: JSON.stringify(row.action),
    state: row.state,
    version: `${row.version}`,
  }
  await writeAuditEntry(client, access, { action: `cardinality-rule.${row.last_change}`, target: `cardinality-rule:${row.id}`, detail })
  return toRule(row)
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isAppError(error)) throw error
    throw new AppError(rulesUnavailable, { cause: error, detail: error instanceof Error ? error.message : String(error) })
  }
}
