/** Performance over the stack's engines, and an operation, a finding and a deploy of the other organization. */
import type { Pool } from 'pg'
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { composePerformance } from '../../../apps/server/src/compose/performance.ts'
import type { ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { ResourceScope } from '../../../apps/server/src/kernel/resource-scope.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import type { OpenedPerformance } from '../../../apps/server/src/performance/index.ts'
import { FindingStore } from '../../../apps/server/src/performance/finding-store.ts'
import { createTraceReads } from '../../../apps/server/src/traces/index.ts'

export interface PerformanceOfStackDeps {
  readonly clickhouse: ClickHouseEngine
  readonly postgres: { readonly pool: Pool }
}

export function performanceOfStack({ clickhouse, postgres }: PerformanceOfStackDeps, resources: ResourceScope): OpenedPerformance {
  const reads = createTraceReads({ keeping: { keepDays: () => 30 }, clock: systemClock })
  return composePerformance({ engines: { clickhouse, postgres }, reads, clock: systemClock, logger: silentLogger }, resources)
}

/** Id of the finding. */
export async function putFinding(
  { clickhouse, postgres, desk }: PerformanceOfStackDeps & Pick<OpenedPerformance, 'desk'>,
  owner: Access,
  { tenant, word, atMs }: { tenant: Tenant; word: string; atMs: number },
): Promise<string> {
  const { organizationId, projectId } = tenant
  await clickhouse.command(
    `INSERT INTO operations (org, project, service, name, kind, environment, release, step, keep, count, errors, total_ms, durations, slowest, failed)
      VALUES (${organizationId}, ${projectId}, '${word}', 'GET /${word}', 2, '${word}', '${word}', ${Math.floor(atMs / 60_000) - 5}, 30, 1, 0, 5, map(100, 1), '', '')`,
  )
  await desk.addDeploy(owner, { version: word, service: word, environment: word, atMs: atMs - 60_000, url: null, note: word })
  const seen = { service: word, operation: `GET /${word}`, kind: 2, firstMs: atMs - 60_000, lastMs: atMs - 1000, occurrences: 1 } as const
  const said = {
    finding: 'slow_query',
    subject: word,
    title: word,
    facts: [],
    changeMs: null,
    example: null,
    cause: null,
    levels: null,
  } as const
  await new FindingStore(postgres.pool).see(tenant, [{ ...seen, ...said }], atMs)
  return (await desk.findings(owner, everyFinding)).items[0]?.id ?? ''
}

const everyFinding = { state: 'all', finding: null, service: null, operation: null, limit: 100, cursor: null } as const

/** What of performance takes a scope: the walk asks it of both organizations. `null`: it is not there for this one. */
export function performanceCalls(
  { desk }: Pick<OpenedPerformance, 'desk'>,
  { access, finding, signal }: { access: Access; finding: string; signal: AbortSignal },
): Record<string, () => unknown> {
  const range = { from: 'now-2h', to: 'now', service: null }
  return {
    operations: () =>
      desk.operations(access, { ...range, operation: null, kind: null, search: null, order: 'time', limit: 100, apdexMs: 500 }, signal),
    report: () => desk.report(access, { ...range, apdexMs: 500 }, signal),
    findings: () => desk.findings(access, everyFinding),
    finding: async () => await desk.finding(access, finding).catch(() => null),
    deploys: () => desk.deploys(access, range),
    changeFinding: async () => await desk.changeFinding(access, finding, 'known').catch(() => null),
    addDeploy: () => desk.addDeploy(access, { version: '1', service: 'walked', environment: '', atMs: null, url: null, note: '' }),
  }
}
