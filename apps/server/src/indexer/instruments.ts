/** What the indexer counts of itself. */
import { Counter, Gauge, Histogram, type Registry } from '../kernel/instruments.ts'
import type { UseCaseId } from '../naming/index.ts'
import type { FetchType } from './key-results.ts'

export interface IndexerInstruments {
  /** Strings of `bulkRecord`, by how their ids were got. */
  fetched(useCaseId: UseCaseId, fetchType: FetchType, count: number): void
  /** Seconds of one batch's step. */
  took(step: 'cache' | 'db_read' | 'db_insert', seconds: number): void
  cacheFailed(): void
  databaseFailed(): void
  /** Strings that may not be new, and whether a limit that organizations share was the reason. */
  limited(useCaseId: UseCaseId, isGlobal: boolean, count: number): void
  watchCache(size: () => number): void
}

export function createIndexerInstruments(registry: Registry): IndexerInstruments {
  const registers = [registry]
  const strings = new Counter({
    name: 'bellwether_indexer_strings_total',
    help: 'Strings recorded, by use case and by how the id was got: h shared, c cache, d database, f first seen, r over a quota, u unfit.',
    labelNames: ['use_case', 'fetch'],
    registers,
  })
  const seconds = new Histogram({
    name: 'bellwether_indexer_step_seconds',
    help: 'Time of a batch of strings in a step.',
    labelNames: ['step'],
    buckets: [0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2],
    registers,
  })
  const cacheFailures = new Counter({
    name: 'bellwether_indexer_cache_failures_total',
    help: 'Times that the shared cache of strings did not answer.',
    registers,
  })
  const databaseFailures = new Counter({
    name: 'bellwether_indexer_database_failures_total',
    help: 'Times that the database of strings did not answer.',
    registers,
  })
  const limited = new Counter({
    name: 'bellwether_indexer_limited_strings_total',
    help: 'First-seen strings over a quota, by use case and whether the quota is one of all organizations.',
    labelNames: ['use_case', 'global'],
    registers,
  })
  return {
    fetched: (useCaseId, fetch, count) => strings.inc({ use_case: useCaseId, fetch }, count),
    took: (step, sec) => seconds.observe({ step }, sec),
    cacheFailed: () => cacheFailures.inc(),
    databaseFailed: () => databaseFailures.inc(),
    limited: (useCaseId, isGlobal, count) => limited.inc({ use_case: useCaseId, global: String(isGlobal) }, count),
    watchCache(size) {
      new Gauge({
        name: 'bellwether_indexer_cached_strings',
        help: 'Strings whose ids this process knows.',
        registers,
        collect() {
          this.set(size())
        },
      })
    },
  }
}
