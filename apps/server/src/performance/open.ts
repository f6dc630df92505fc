/** Puts the domain together: stores, the desk that the API asks, the background run. */
import type { Pool } from 'pg'
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import { numbersIn } from '../signals/index.ts'
import { PerformanceAnalyzer } from './analyzer.ts'
import { DeployStore } from './deploy-store.ts'
import { EngineOperations } from './engine-operations.ts'
import { EngineTraces, type SpanConditions } from './engine-traces.ts'
import { FindingStore } from './finding-store.ts'
import { activeTenantsMax } from './limits.ts'
import { PerformanceDesk } from './performance-desk.ts'
import type { Performance } from './ports.ts'

export interface PerformanceDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  /** Conditions of reads, with the tenant in them. */
  readonly reads: SpanConditions
  readonly pool: Pool
  readonly scopeOf: (tenant: Tenant) => Scope
  readonly clock: Clock
  readonly logger: Logger
}

export interface OpenedPerformance {
  readonly desk: Performance
  readonly analyzer: PerformanceAnalyzer
}

/** Nothing runs before `analyzer.start()`. */
export function openPerformance({ engine, reads, pool, scopeOf, clock, logger }: PerformanceDeps): OpenedPerformance {
  const [findings, deploys] = [new FindingStore(pool), new DeployStore(pool)]
  const analyzer = new PerformanceAnalyzer({
    pool,
    operations: new EngineOperations({ engine, reads, clock, class: 'background' }),
    traces: new EngineTraces({ engine, reads }),
    findings,
    deploys,
    activeTenants: (fromMs, signal) => activeTenants(engine, fromMs, signal),
    scopeOf,
    clock,
    logger,
  })
  const operations = new EngineOperations({ engine, reads, clock, class: 'interactive' })
  return { desk: new PerformanceDesk({ operations, findings, deploys, clock }), analyzer }
}

/** Which projects to look at; says nothing of what they hold. Errors: those of the engine. */
async function activeTenants(engine: Pick<ClickHouse, 'queryNative'>, fromMs: number, signal: AbortSignal): Promise<Tenant[]> {
  const sql = `SELECT org, project FROM operations WHERE step >= {from:UInt32} GROUP BY org, project ORDER BY org, project LIMIT ${activeTenantsMax}`
  const out: Tenant[] = []
  for await (const block of engine.queryNative({ sql, params: { from: Math.floor(fromMs / 60_000) }, class: 'background', signal })) {
    const [org, project] = [numbersIn(block, 'org'), numbersIn(block, 'project')]
    for (let row = 0; row < block.rows; row++) out.push({ organizationId: org[row] ?? 0, projectId: project[row] ?? 0 })
  }
  return out
}
