/**
 * Findings in PostgreSQL. A sighting opens a finding, refreshes the open one it belongs to, or brings a resolved one back when what was seen
 * began after it was resolved. States: new (nobody has looked), known, resolved, returned.
 */
import { createHash } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { AppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import { guarded, inTransaction } from './database.ts'
import { badCursor, findingNotFound } from './errors.ts'
import { openFindingsMax, resolvedFindingsMax } from './limits.ts'
import type { Finding, FindingFact, FindingKind, FindingsAsked, FindingState, Levels, Sighting } from './ports.ts'
import { kindOf } from './engine-operations.ts'

interface FindingRow {
  readonly id: number
  readonly fingerprint: string
  readonly finding: FindingKind
  readonly state: FindingState
  readonly service: string
  readonly operation: string
  readonly kind: number
  readonly subject: string
  readonly title: string
  readonly first_seen: Date
  readonly last_seen: Date
  readonly occurrences: string
  readonly change_at: Date | null
  readonly facts: FindingFact[]
  readonly example: Finding['example']
  readonly cause: Finding['cause']
  readonly levels: Levels | null
  readonly state_changed_at: Date
  readonly state_changed_by: string | null
}

/** What is still open, as the background run needs it. */
export interface OpenFinding extends Finding {
  readonly levels: Levels | null
}

/** What became of sightings. `left`: the project has as many open findings as it may have. */
export interface SightingOutcome {
  readonly opened: number
  readonly returned: number
  readonly refreshed: number
  readonly left: number
}

export interface FindingDecision {
  readonly tenant: Tenant
  readonly id: string
  readonly state: 'known' | 'resolved'
}

export class FindingStore {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Errors by code: `performance.unavailable`. */
  async see(tenant: Tenant, sightings: readonly Sighting[], nowMs: number): Promise<SightingOutcome> {
    const outcome = { opened: 0, returned: 0, refreshed: 0, left: 0 }
    if (sightings.length === 0) return outcome
    await inTransaction(this.#pool, async (client) => {
      // Two programs that look at the same time count one after the other.
      await client.query('select 1 from projects where id = $1 for update', [tenant.projectId])
      const { rows } = await client.query<{ count: string }>(
        `select count(*) as count from performance_findings where organization_id = $1 and project_id = $2 and state <> 'resolved'`,
        [tenant.organizationId, tenant.projectId],
      )
      let open = Number(rows[0]?.count)
      for (const sighting of sightings) {
        const known = await findByFingerprint(client, tenant, fingerprintOf(sighting))
        if (known === null || (known.state === 'resolved' && isSince(sighting, known.state_changed_at.getTime()))) {
          if (open >= openFindingsMax) {
            outcome.left++
            continue
          }
          open++
          if (known === null) outcome.opened++
          else outcome.returned++
          await write(client, tenant, { sighting, state: known === null ? 'new' : 'returned', known, nowMs })
        } else if (known.state !== 'resolved') {
          outcome.refreshed++
          await write(client, tenant, { sighting, state: known.state, known, nowMs })
        }
      }
      await client.query(
        `delete from performance_findings where organization_id = $1 and project_id = $2 and id in (select id from performance_findings
          where organization_id = $1 and project_id = $2 and state = 'resolved' order by state_changed_at desc, id desc offset $3)`,
        [tenant.organizationId, tenant.projectId, resolvedFindingsMax],
      )
    })
    return outcome
  }

  /** Last seen first. Errors by code: `performance.unavailable`, `performance.bad_cursor`. */
  async list(tenant: Tenant, asked: FindingsAsked): Promise<{ items: Finding[]; next: string | null }> {
    const after = cursorOf(asked.cursor)
    const { rows } = await guarded(() =>
      this.#pool.query<FindingRow>(
        `select * from performance_findings where organization_id = $1 and project_id = $2
          and ($3 = 'all' or ($3 = 'open' and state <> 'resolved') or state = $3)
          and ($4::text is null or finding = $4) and ($5::text is null or service = $5) and ($6::text is null or operation = $6)
          and ($7::timestamptz is null or (last_seen, id) < ($7, $8)) order by last_seen desc, id desc limit $9`,
        [
          tenant.organizationId,
          tenant.projectId,
          asked.state,
          asked.finding,
          asked.service,
          asked.operation,
          after === null ? null : new Date(after.lastMs),
          after?.id ?? 0,
          asked.limit + 1,
        ],
      ),
    )
    const shown = rows.slice(0, asked.limit)
    const last = shown[shown.length - 1]
    const next = rows.length > asked.limit && last !== undefined ? `${last.last_seen.getTime()}-${last.id}` : null
    return { items: shown.map(toFinding), next }
  }

  /** Errors by code: `performance.finding_not_found`, `performance.unavailable`. */
  async get(tenant: Tenant, id: string): Promise<Finding> {
    const { rows } = await guarded(() =>
      this.#pool.query<FindingRow>('select * from performance_findings where organization_id = $1 and project_id = $2 and id = $3', [
        tenant.organizationId,
        tenant.projectId,
        idOf(id),
      ]),
    )
    return toFinding(mustBe(rows[0]))
  }

  /** Those that began or came back, and those that were resolved, within a time. Errors by code: `performance.unavailable`. */
  async ofPeriod(
    tenant: Tenant,
    range: { fromMs: number; toMs: number },
    limit: number,
  ): Promise<{ found: Finding[]; resolved: Finding[] }> {
    const ask = (where: string): Promise<{ rows: FindingRow[] }> =>
      this.#pool.query<FindingRow>(
        `select * from performance_findings where organization_id = $1 and project_id = $2 and ${where} order by last_seen desc, id desc limit $5`,
        [tenant.organizationId, tenant.projectId, new Date(range.fromMs), new Date(range.toMs), limit],
      )
    return await guarded(async () => {
      const found = await ask(
        `((first_seen >= $3 and first_seen < $4) or (state = 'returned' and state_changed_at >= $3 and state_changed_at < $4))`,
      )
      const resolved = await ask(`state = 'resolved' and state_changed_at >= $3 and state_changed_at < $4`)
      return { found: found.rows.map(toFinding), resolved: resolved.rows.map(toFinding) }
    })
  }

  /** Errors by code: `performance.unavailable`. */
  async open(tenant: Tenant): Promise<OpenFinding[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<FindingRow>(
        `select * from performance_findings where organization_id = $1 and project_id = $2 and state <> 'resolved' order by id`,
        [tenant.organizationId, tenant.projectId],
      ),
    )
    return rows.map((row) => ({ ...toFinding(row), levels: row.levels }))
  }

  /** By a person. Errors by code: `performance.finding_not_found`, `performance.unavailable`. */
  async change(access: Access, { tenant, id, state }: FindingDecision): Promise<Finding> {
    return await inTransaction(this.#pool, async (client) => {
      const { rows } = await client.query<FindingRow>(
        `update performance_findings set state = $4, state_changed_at = now(), state_changed_by = $5
          where organization_id = $1 and project_id = $2 and id = $3 returning *`,
        [tenant.organizationId, tenant.projectId, idOf(id), state, access.caller.name],
      )
      const row = mustBe(rows[0])
      await writeAuditEntry(client, access, {
        action: `performance-finding.${state}`,
        target: `performance-finding:${row.id}`,
        detail: { title: row.title },
      })
      return toFinding(row)
    })
  }

  /** What is over by itself. Errors by code: `performance.unavailable`. */
  async resolve(tenant: Tenant, ids: readonly string[], nowMs: number): Promise<void> {
    if (ids.length === 0) return
    await guarded(() =>
      this.#pool.query(
        `update performance_findings set state = 'resolved', state_changed_at = $4, state_changed_by = null
          where organization_id = $1 and project_id = $2 and id = any($3::int[]) and state <> 'resolved'`,
        [tenant.organizationId, tenant.projectId, ids.map(Number), new Date(nowMs)],
      ),
    )
  }
}

/** The kind of finding, where, and about what. */
function fingerprintOf({ finding, service, operation, kind, subject }: Sighting): string {
  return createHash('sha256')
    .update(JSON.stringify([finding, service, operation, kind, subject]))
    .digest('hex')
    .slice(0, 40)
}

/** Did what was seen begin after that? What was there when someone resolved it, is what they resolved. */
function isSince({ changeMs, lastMs }: Sighting, resolvedMs: number): boolean {
  return (changeMs ?? lastMs) > resolvedMs
}

interface Written {
  readonly sighting: Sighting
  readonly state: FindingState
  readonly known: FindingRow | null
  readonly nowMs: number
}

async function write(client: PoolClient, tenant: Tenant, { sighting, state, known, nowMs }: Written): Promise<void> {
  const { service, operation, kind, finding, subject, title, facts, example, changeMs, levels } = sighting
  const isAnew = known === null || state !== known.state
  const firstMs = Math.min(sighting.firstMs, known?.first_seen.getTime() ?? Number.POSITIVE_INFINITY)
  const lastMs = Math.max(sighting.lastMs, known?.last_seen.getTime() ?? 0)
  // What is looked at again is not counted again: only what is newer than the last look.
  const isNewer = known === null || sighting.lastMs > known.last_seen.getTime()
  const cause = sighting.cause ?? (isAnew ? null : (known.cause ?? null))
  const values = [
    tenant.organizationId,
    tenant.projectId,
    fingerprintOf(sighting),
    finding,
    state,
    service,
    operation,
    kind,
    subject,
    title,
    new Date(firstMs),
    new Date(lastMs),
    Number(known?.occurrences ?? 0) + (isNewer ? sighting.occurrences : 0),
    changeMs === null ? null : new Date(changeMs),
    JSON.stringify(facts),
    jsonOf(example ?? known?.example ?? null),
    jsonOf(cause === null ? null : causeOf(cause)),
    jsonOf(levels),
    isAnew ? new Date(nowMs) : known.state_changed_at,
    isAnew ? null : known.state_changed_by,
  ]
  await client.query(
    `insert into performance_findings (organization_id, project_id, fingerprint, finding, state, service, operation, kind, subject, title,
      first_seen, last_seen, occurrences, change_at, facts, example, cause, levels, state_changed_at, state_changed_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
      on conflict (organization_id, project_id, fingerprint) do update set state = excluded.state, title = excluded.title,
      first_seen = excluded.first_seen, last_seen = excluded.last_seen, occurrences = excluded.occurrences, change_at = excluded.change_at,
      facts = excluded.facts, example = excluded.example, cause = excluded.cause, levels = excluded.levels,
      state_changed_at = excluded.state_changed_at, state_changed_by = excluded.state_changed_by`,
    values,
  )
}

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

function causeOf({ id, version, service, atMs, source }: NonNullable<Finding['cause']>): NonNullable<Finding['cause']> {
  return { id, version, service, atMs, source }
}

async function findByFingerprint(client: PoolClient, tenant: Tenant, fingerprint: string): Promise<FindingRow | null> {
  const { rows } = await client.query<FindingRow>(
    'select * from performance_findings where organization_id = $1 and project_id = $2 and fingerprint = $3 for update',
    [tenant.organizationId, tenant.projectId, fingerprint],
  )
  return rows[0] ?? null
}

function idOf(id: string): number {
  if (!/^\d{1,9}$/.test(id)) throw new AppError(findingNotFound)
  return Number(id)
}

function mustBe(row: FindingRow | undefined): FindingRow {
  if (row === undefined) throw new AppError(findingNotFound)
  return row
}

function cursorOf(cursor: string | null): { lastMs: number; id: number } | null {
  if (cursor === null) return null
  const [, lastMs, id] = /^(\d{1,15})-(\d{1,9})$/.exec(cursor) ?? []
  if (lastMs === undefined || id === undefined) throw new AppError(badCursor)
  return { lastMs: Number(lastMs), id: Number(id) }
}

function toFinding(row: FindingRow): Finding {
  return {
    id: `${row.id}`,
    finding: row.finding,
    state: row.state,
    service: row.service,
    operation: row.operation,
    kind: kindOf(row.kind),
    subject: row.subject,
    title: row.title,
    firstSeenMs: row.first_seen.getTime(),
    lastSeenMs: row.last_seen.getTime(),
    occurrences: Number(row.occurrences),
    changeMs: row.change_at?.getTime() ?? null,
    facts: row.facts,
    example: row.example,
    cause: row.cause,
    stateChangedMs: row.state_changed_at.getTime(),
    stateChangedBy: row.state_changed_by,
  }
}
