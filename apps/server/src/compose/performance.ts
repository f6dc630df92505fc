/** Performance of the program that serves: what the API asks, and the run in the background. */
import { operatorScope } from '../accounts/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { openPerformance, type OpenedPerformance, type PerformanceDeps } from '../performance/index.ts'

export interface PerformancePartDeps {
  readonly engines: { readonly clickhouse: PerformanceDeps['engine']; readonly postgres: { readonly pool: PerformanceDeps['pool'] } }
  readonly reads: PerformanceDeps['reads']
  readonly clock: Clock
  readonly logger: Logger
}

export function composePerformance({ engines, reads, clock, logger }: PerformancePartDeps, resources: ResourceScope): OpenedPerformance {
  const opened = openPerformance({
    engine: engines.clickhouse,
    reads,
    pool: engines.postgres.pool,
    scopeOf: operatorScope,
    clock,
    logger: logger.child('performance'),
  })
  resources.use(opened.analyzer)
  return opened
}
