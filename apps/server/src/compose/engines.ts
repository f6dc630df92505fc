/** The engines and their schemas. They start side by side: a warm start must be ready within seconds. */
import { accountsMigrations } from '../accounts/index.ts'
import { cardinalityMigrations } from '../cardinality/index.ts'
import { retentionMigrations } from '../retention/index.ts'
import { scrubbingMigrations } from '../scrubbing/index.ts'
import type { Config } from '../config/index.ts'
import {
  openClickHouse,
  openPostgres,
  openRedis,
  runClickHouseMigrations,
  runPostgresMigrations,
  type ClickHouseEngine,
  type MemoryBudget,
  type PostgresEngine,
  type RedisEngine,
} from '../engines/index.ts'
import { indexerMigrations } from '../indexer/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { logAnalysisMigrations, logAnalysisPostgresMigrations, logRetentionMigrations, logsMigrations } from '../logs/index.ts'
import { metricsMigrations } from '../metrics/index.ts'
import { performanceMigrations } from '../performance/index.ts'
import { problemsMigrations, problemsTables } from '../problems/index.ts'
import { realtimeMigrations } from '../realtime/index.ts'
import { signalsMigrations } from '../signals/index.ts'
import { tracesKeepingMigrations, tracesMigrations } from '../traces/index.ts'

export interface Engines {
  readonly clickhouse: ClickHouseEngine
  readonly postgres: PostgresEngine
  /** Null: none is configured, and what it would share is kept in process. */
  readonly redis: RedisEngine | null
}

export interface EnginesDeps {
  readonly config: Pick<Config, 'clickhouseUrl' | 'postgresUrl' | 'redisUrl'>
  readonly dataDir: string
  readonly memory: MemoryBudget
  readonly clock: Clock
  readonly logger: Logger
}

const database = 'bellwether'

/** Starts or connects both and brings their schemas up to date. Whatever was opened belongs to `resources`, also on failure. */
export async function composeEngines(deps: EnginesDeps, resources: ResourceScope): Promise<Engines> {
  const { config, dataDir, memory, clock, logger } = deps
  const [clickhouse, postgres, redis] = await Promise.allSettled([
    openClickHouse({ url: config.clickhouseUrl, cluster: null, dataDir, database, memoryMaxBytes: memory.engineBytes, logger, clock }),
    openPostgres({ url: config.postgresUrl, dataDir, logger, clock }),
    config.redisUrl === null ? null : openRedis({ url: config.redisUrl, logger: logger.child('redis'), clock }),
  ])
  // Both at once: one that hangs must not keep the other from an orderly end.
  resources.defer('engines', async () => {
    const opened: AsyncDisposable[] = []
    for (const engine of [clickhouse, postgres, redis])
      if (engine.status === 'fulfilled' && engine.value !== null) opened.push(engine.value)
    await Promise.all(opened.map((engine) => engine[Symbol.asyncDispose]()))
  })
  if (clickhouse.status === 'rejected') throw clickhouse.reason
  if (postgres.status === 'rejected') throw postgres.reason
  if (redis.status === 'rejected') throw redis.reason
  await runPostgresMigrations(postgres.value.pool, [
    ...accountsMigrations,
    ...realtimeMigrations,
    ...cardinalityMigrations,
    ...indexerMigrations,
    ...retentionMigrations,
    ...performanceMigrations,
    ...tracesKeepingMigrations,
    ...scrubbingMigrations,
    ...logRetentionMigrations,
    ...logAnalysisPostgresMigrations,
    ...problemsMigrations,
  ])
  await runClickHouseMigrations(clickhouse.value, postgres.value.pool, [
    ...metricsMigrations,
    ...signalsMigrations,
    ...logsMigrations,
    ...logAnalysisMigrations,
    ...tracesMigrations,
    ...problemsTables,
  ])
  return { clickhouse: clickhouse.value, postgres: postgres.value, redis: redis.value }
}
