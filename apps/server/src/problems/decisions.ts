/** What people decided about problems, in PostgreSQL, and the state that follows from it. */
import type { Pool } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { guarded, inTransaction } from './database.ts'
import { decisionsMax, newForMs } from './limits.ts'
import type { ProblemDecision, ProblemState } from './ports.ts'

export interface Decision {
  readonly decision: ProblemDecision
  readonly decidedMs: number
  readonly decidedBy: string
}

interface DecisionRow {
  readonly problem: string
  readonly decision: ProblemDecision
  readonly decided_at: Date
  readonly decided_by: string
}

/** An event that both is and came after its resolution brings a problem back; one that was ignored stays so. */
export function stateOf(
  problem: { readonly firstMs: number; readonly seenMs: number },
  decision: Decision | null,
  nowMs: number,
): ProblemState {
  if (decision === null) return nowMs - problem.firstMs < newForMs ? 'new' : 'ongoing'
  if (decision.decision === 'ignored') return 'ignored'
  if (decision.decision === 'reopened') return 'ongoing'
  return problem.seenMs > decision.decidedMs ? 'regressed' : 'resolved'
}

export class Decisions {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** By problem. Errors by code: `problems.unavailable`. */
  async of(scope: Scope, ids?: readonly string[]): Promise<ReadonlyMap<string, Decision>> {
    const only = ids === undefined ? '' : 'and problem = any($3)'
    const values = [scope.organizationId, scope.projectIds, ...(ids === undefined ? [] : [ids])]
    const { rows } = await guarded(() =>
      this.#pool.query<DecisionRow>(
        `select problem, decision, decided_at, decided_by from problem_decisions
          where organization_id = $1 and project_id = any($2) ${only} order by decided_at desc limit ${decisionsMax}`,
        values,
      ),
    )
    return new Map(
      rows.map(({ problem, decision, decided_at, decided_by }) => [
        problem,
        { decision, decidedMs: decided_at.getTime(), decidedBy: decided_by },
      ]),
    )
  }

  /** The access is of one project. Errors by code: `problems.unavailable`. */
  async decide(access: Access, ids: readonly string[], decision: ProblemDecision): Promise<void> {
    const { organizationId, projectIds } = access.scope
    const [projectId] = projectIds
    if (projectId === undefined || projectIds.length !== 1) throw new Error('a problem is of one project')
    await inTransaction(this.#pool, async (client) => {
      await client.query(
        `insert into problem_decisions (organization_id, project_id, problem, decision, decided_by)
          select $1, $2, unnest($3::text[]), $4, $5
          on conflict (organization_id, project_id, problem)
          do update set decision = excluded.decision, decided_at = now(), decided_by = excluded.decided_by`,
        [organizationId, projectId, [...new Set(ids)], decision, access.caller.name],
      )
      await writeAuditEntry(client, access, {
        action: `problems.${decision}`,
        target: `project:${projectId}`,
        detail: { problems: ids.slice(0, 20).join(' '), count: `${ids.length}` },
      })
    })
  }
}
