/** Bellwether watches itself through the path that everyone's data takes. */
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { Tenant } from '../kernel/scope.ts'
import { createSelfWatcher } from '../metrics/index.ts'
import type { Engines } from './engines.ts'
import type { MetricsPath } from './metrics.ts'
import { ownProcesses } from './system-status.ts'

export interface SelfWatchDeps {
  readonly metrics: Pick<MetricsPath, 'ingest'>
  readonly instruments: Registry
  readonly engines: Engines
  readonly dataDir: string
  readonly tenant: () => Tenant | null
  readonly clock: Clock
  readonly logger: Logger
}

/** Starts at once, so that the first screen is not empty. */
export function startSelfWatch(deps: SelfWatchDeps, resources: ResourceScope): void {
  const { metrics, instruments, engines, dataDir, tenant, clock, logger } = deps
  const watcher = createSelfWatcher({
    ingest: metrics.ingest,
    instruments,
    tenant,
    processes: () => ownProcesses(engines),
    dataDir,
    clock,
    logger,
  })
  resources.use(watcher)
  watcher.start()
}
