/** The string indexer of this program: PostgreSQL, a cache in process and in Redis where there is one, quotas of first-seen strings. */
import type { Config } from '../config/index.ts'
import type { ClickHouseEngine, PostgresEngine, RedisEngine } from '../engines/index.ts'
import {
  cachedStringsMax,
  createIndexerInstruments,
  createStringIndexer,
  PostgresStrings,
  StringIndexerCache,
  WritesLimiter,
  type StringIndexer,
  type WritesLimits,
  type WritesQuota,
} from '../indexer/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import { LocalSlidingWindows, RedisSlidingWindows } from '../limiters/index.ts'
import { highestMirroredId } from '../metrics/index.ts'
import { defaultIngestConfigurations, useCaseIds, type UseCaseId, type WindowLimit } from '../naming/index.ts'

export interface IndexerPartDeps {
  readonly config: Pick<Config, 'writesLimit'>
  readonly engines: {
    readonly clickhouse: Pick<ClickHouseEngine, 'queryNative'>
    readonly postgres: Pick<PostgresEngine, 'pool'>
    readonly redis: RedisEngine | null
  }
  /** What all caches of series may take. */
  readonly registryBytes: number
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
}

/** A string, its entry in a map and the numbers beside it. */
const cachedStringBytes = 150
const startTimeoutMs = 60_000

/** Errors: those of the engines, and `indexer.unavailable`. */
export async function composeIndexer(deps: IndexerPartDeps): Promise<StringIndexer> {
  const { config, engines, registryBytes, clock } = deps
  const logger = deps.logger.child('indexer')
  const instruments = createIndexerInstruments(deps.instruments)
  const storage = new PostgresStrings({ pool: engines.postgres.pool, clock })
  // A database put back from a copy must not give out ids that the engine's mirror has for other strings.
  await storage.reserveThrough(await highestMirroredId(engines.clickhouse, AbortSignal.timeout(startTimeoutMs)))
  const windows =
    engines.redis === null ? new LocalSlidingWindows({ clock }) : new RedisSlidingWindows({ redis: engines.redis, clock, logger })
  return createStringIndexer({
    cache: new StringIndexerCache({
      redis: engines.redis,
      clock,
      logger,
      sizeMax: Math.min(cachedStringsMax, Math.floor(registryBytes / 8 / cachedStringBytes)),
      onFailure: () => instruments.cacheFailed(),
    }),
    storage,
    limiter: new WritesLimiter(windows, limitsOf(config.writesLimit)),
    instruments,
    clock,
    logger,
  })
}

/** The organization's quota is a setting; those of the use cases are in their configurations. */
function limitsOf(organizationLimit: number): WritesLimits {
  const configurations = defaultIngestConfigurations()
  const perUseCase: Partial<Record<UseCaseId, readonly WritesQuota[]>> = {}
  const perUseCaseAndOrganization: Partial<Record<UseCaseId, readonly WritesQuota[]>> = {}
  for (const useCaseId of useCaseIds) {
    const { writeLimit } = configurations.ofUseCase(useCaseId)
    perUseCase[useCaseId] = quotasOf(writeLimit.global)
    perUseCaseAndOrganization[useCaseId] = quotasOf(writeLimit.perOrganization)
  }
  return { global: [], perOrganization: [hourly(organizationLimit)], perUseCase, perUseCaseAndOrganization }
}

function quotasOf(limit: WindowLimit | null): WritesQuota[] {
  return limit === null ? [] : [{ windowSeconds: limit.windowSec, granularitySeconds: limit.granularitySec, limit: limit.limit }]
}

function hourly(limit: number): WritesQuota {
  return { windowSeconds: 3600, granularitySeconds: 600, limit }
}
