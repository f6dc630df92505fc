/** The CardinalityLimiter of this program, and the domain that asks it. */
import { randomInt } from 'node:crypto'
import { openCardinality, type Cardinality, type CardinalityDeps, type OpenedCardinality } from '../cardinality/index.ts'
import type { Config } from '../config/index.ts'
import type { RedisEngine } from '../engines/index.ts'
import type { RefusedSamples } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { Tenant } from '../kernel/scope.ts'
import { InProcessCardinality, RedisCardinality, type CardinalityLimiter, type CardinalityQuotas } from '../limiters/index.ts'
import { defaultSeriesLimits, newestSample, type Head, type MetadataStore, type SeriesRegistry } from '../metrics/index.ts'
import { defaultIngestConfigurations, useCaseIds, type UseCaseId } from '../naming/index.ts'

export interface CardinalityPartDeps {
  readonly config: Pick<Config, 'seriesMax' | 'seriesPerMetricMax' | 'seriesPerOrganizationMax'>
  readonly engines: {
    readonly clickhouse: CardinalityDeps['engine']
    readonly postgres: { readonly pool: CardinalityDeps['pool'] }
    readonly redis: RedisEngine | null
  }
  readonly clock: Clock
  readonly logger: Logger
  /** A sentence for the people of the project. */
  readonly onExplosion: (tenant: Tenant, text: string) => void
}

/** What of the metrics path it works on. */
export interface CardinalityState {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly metadata: MetadataStore
}

/** An hour that moves on by ten minutes: long enough that what comes once does not come for nothing, short enough to recover from it. */
const window = { windowSec: 3600, granularitySec: 600 }

/** What a project may have in use at once may be replaced once within the window. */
const organizationFactor = 2

/** Errors by code: `cardinality.unavailable`. */
export async function composeCardinality(
  deps: CardinalityPartDeps,
  { registry, head, metadata }: CardinalityState,
  resources: ResourceScope,
): Promise<OpenedCardinality> {
  const { engines, clock, logger, onExplosion } = deps
  return resources.use(
    await openCardinality({
      registry,
      newest: (ref) => newestSample(head, ref),
      describe: (tenant, name) => metadata.ofTenant(tenant, name),
      limiter: limiterOf(deps, resources),
      engine: engines.clickhouse,
      pool: engines.postgres.pool,
      clock,
      logger: logger.child('cardinality'),
      onExplosion,
    }),
  )
}

/** Where people look for what was refused. */
export function tellOfExplosion(
  refusedSamples: Pick<RefusedSamples, 'note'>,
  clock: Pick<Clock, 'nowMs'>,
): CardinalityPartDeps['onExplosion'] {
  return (tenant, text) => refusedSamples.note(tenant, 'limits', 'cardinality_limit', text, clock.nowMs())
}

/** What the API asks. The whole program has it; only parts of it do without. */
export function deskOf({ cardinality }: { readonly cardinality: OpenedCardinality | null }): Cardinality {
  if (cardinality === null) throw new Error('a program that serves decides about new series')
  return cardinality.desk
}

function limiterOf({ config, engines, clock }: CardinalityPartDeps, resources: ResourceScope): CardinalityLimiter {
  const organization = config.seriesPerOrganizationMax ?? config.seriesMax * organizationFactor
  const limits = { global: defaultSeriesLimits.totalMax, organization, useCase: organization, metric: config.seriesPerMetricMax }
  const quotas: CardinalityQuotas = { ...window, limits, useCases: useCaseLimits(organization) }
  const options = { clock, seed: randomInt(2 ** 32) }
  if (engines.redis === null) return new InProcessCardinality(quotas, options)
  const shared = new RedisCardinality(quotas, { ...options, redis: engines.redis })
  resources.defer('cardinality limiter', () => shared[Symbol.dispose]())
  return shared
}

/** What the configurations of the use cases say, within what the organization may have; all over the one window of the limiter. */
function useCaseLimits(organizationLimit: number): Record<string, number> {
  const configurations = defaultIngestConfigurations()
  const limitOf = (useCaseId: UseCaseId): number => {
    const { perOrganization } = configurations.ofUseCase(useCaseId).cardinalityLimit
    return Math.min(organizationLimit, perOrganization?.limit ?? organizationLimit)
  }
  return Object.fromEntries(useCaseIds.map((useCaseId) => [useCaseId, limitOf(useCaseId)]))
}
