/** The UDP listener of StatsD. Its lines belong to the project of a key among their tags, or to project 1 when they come from this machine. */
import type { Accounts } from '../accounts/index.ts'
import type { Config } from '../config/index.ts'
import { isLoopback, type IngestSources, type RefusedSamples } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { CostSink } from '../metrics/index.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { startStatsd, type ProtocolLimits } from '../protocols/index.ts'
import { attempt, type ListenerState } from './listeners.ts'
import type { MetricsPath } from './metrics.ts'

export interface StatsdDeps {
  readonly config: Pick<Config, 'host' | 'statsdPort' | 'anonymousIngest'>
  readonly accounts: Accounts
  readonly metrics: Pick<MetricsPath, 'aggregates'>
  readonly cost: CostSink
  readonly sources: IngestSources
  readonly refusedSamples: RefusedSamples
  readonly limits: ProtocolLimits
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  readonly warn: (line: string) => void
}

/** A taken port is a warning. */
export function composeStatsd(deps: StatsdDeps, resources: ResourceScope): Promise<ListenerState> {
  const { config, accounts, metrics, cost, sources, refusedSamples, limits, instruments, clock, logger } = deps
  const keys = accounts.ingestKeys
  const what = { name: 'statsd', port: config.statsdPort, setting: 'BELLWETHER_STATSD_PORT', elsewhere: null }
  return attempt(deps, what, async (port) => {
    const receiver = await startStatsd({
      host: config.host,
      port,
      aggregates: metrics.aggregates,
      tenantOf(key, address) {
        if (key !== null) return keys.resolve(key)
        return config.anonymousIngest === 'loopback' && isLoopback(address) ? keys.anonymousTenant : null
      },
      cost,
      sources,
      refusedSamples,
      limits,
      instruments,
      clock,
      logger: logger.child('statsd'),
    })
    resources.use(receiver)
  })
}
