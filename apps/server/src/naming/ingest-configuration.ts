/**
 * How metrics of a use case are taken in: one object for each key, looked up by key. Nothing else in the program asks which use case it is
 * dealing with to decide where something is stored or how much of it.
 */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import type { StoredMriType } from './mri.ts'
import { useCaseKeyOf, type UseCaseId, type UseCaseKey } from './use-case.ts'

/** A sliding window: at most `limit` within `windowSec`, moved on in steps of `granularitySec`, which divides the window. */
export interface WindowLimit {
  readonly windowSec: number
  readonly granularitySec: number
  readonly limit: number
}

/** First-seen strings that may be written; null: as many as come. */
export interface WriteLimitOptions {
  readonly namespace: string
  readonly global: WindowLimit | null
  readonly perOrganization: WindowLimit | null
}

/** Distinct series; null: as many as come. */
export interface CardinalityLimitOptions {
  readonly namespace: string
  readonly perOrganization: WindowLimit | null
  readonly perMetric: WindowLimit | null
}

/** What a metric of the use case must look like. Lengths in UTF-16 units. */
export interface SchemaRules {
  readonly types: readonly StoredMriType[]
  readonly nameLengthMax: number
  readonly tagNameLengthMax: number
  readonly tagValueLengthMax: number
  readonly tagCountMax: number
}

/** Where strings get their numbers. `memory` forgets with the process: tests. */
export type IndexerStorage = 'postgres' | 'memory'

export interface MetricsIngestConfiguration {
  readonly useCaseKey: UseCaseKey
  readonly indexerStorage: IndexerStorage
  /** PostgreSQL's table of the indexer, and ClickHouse's of samples and native histograms. */
  readonly tables: { readonly strings: string; readonly samples: string; readonly histograms: string }
  readonly writeLimit: WriteLimitOptions
  readonly cardinalityLimit: CardinalityLimitOptions
  readonly schema: SchemaRules
  /** Days samples are kept where no rule of the project says otherwise; null: for ever. */
  readonly retentionDays: number | null
  /** Value of the tag `use_case` on the program's own metrics about this path. */
  readonly internalMetricsTag: string
}

export const unknownConfiguration: ErrorSpec = {
  code: 'naming.unknown_ingest_configuration',
  kind: 'invalid',
  publicText: 'There is no ingest configuration for this use case.',
}
export const duplicateConfiguration: ErrorSpec = {
  code: 'naming.duplicate_ingest_configuration',
  kind: 'conflict',
  publicText: 'There is an ingest configuration for this use case already.',
}
export const invalidConfiguration: ErrorSpec = {
  code: 'naming.invalid_ingest_configuration',
  kind: 'invalid',
  publicText: 'The ingest configuration cannot work.',
}

const tables = { strings: 'strings', samples: 'samples', histograms: 'histograms' } as const

/** An hour of windows that move on every ten minutes: long enough that a deploy does not use it up, short enough to recover from one. */
function hourly(limit: number): WindowLimit {
  return { windowSec: 3600, granularitySec: 600, limit }
}

/** Counters, distributions and sets of sessions; release health has no gauges. */
export const releaseHealthConfiguration: MetricsIngestConfiguration = {
  useCaseKey: 'release-health',
  indexerStorage: 'postgres',
  tables,
  writeLimit: { namespace: 'releasehealth', global: hourly(2_000_000), perOrganization: hourly(500_000) },
  cardinalityLimit: { namespace: 'releasehealth', perOrganization: hourly(1_000_000), perMetric: hourly(200_000) },
  schema: { types: ['c', 'd', 's'], nameLengthMax: 200, tagNameLengthMax: 200, tagValueLengthMax: 200, tagCountMax: 64 },
  retentionDays: null,
  internalMetricsTag: 'release-health',
}

export const performanceConfiguration: MetricsIngestConfiguration = {
  useCaseKey: 'performance',
  indexerStorage: 'postgres',
  tables,
  writeLimit: { namespace: 'performance', global: hourly(20_000_000), perOrganization: hourly(10_000_000) },
  cardinalityLimit: { namespace: 'performance', perOrganization: hourly(2_000_000), perMetric: hourly(500_000) },
  schema: { types: ['c', 'd', 'g', 's'], nameLengthMax: 200, tagNameLengthMax: 200, tagValueLengthMax: 200, tagCountMax: 64 },
  retentionDays: null,
  internalMetricsTag: 'perf',
}

/** The configurations of one program. */
export class MetricsIngestConfigurations {
  readonly #byKey = new Map<UseCaseKey, MetricsIngestConfiguration>()

  /** Errors: `naming.duplicate_ingest_configuration`, `naming.invalid_ingest_configuration`. */
  register(configuration: MetricsIngestConfiguration): this {
    const { useCaseKey } = configuration
    const fault = faultOf(configuration)
    if (fault !== null) throw new AppError(invalidConfiguration, { publicText: `The ingest configuration of ${useCaseKey}: ${fault}.` })
    if (this.#byKey.has(useCaseKey)) {
      throw new AppError(duplicateConfiguration, { publicText: `There is an ingest configuration for ${useCaseKey} already.` })
    }
    this.#byKey.set(useCaseKey, Object.freeze(configuration))
    return this
  }

  /** Errors: `naming.unknown_ingest_configuration`. */
  get(useCaseKey: UseCaseKey): MetricsIngestConfiguration {
    const found = this.#byKey.get(useCaseKey)
    if (found !== undefined) return found
    throw new AppError(unknownConfiguration, {
      publicText: `There is no ingest configuration for ${useCaseKey}; known: ${[...this.#byKey.keys()].join(', ') || 'none'}.`,
    })
  }

  /** Of the key that a use case is processed under. Errors: `naming.unknown_ingest_configuration`. */
  ofUseCase(useCase: UseCaseId): MetricsIngestConfiguration {
    return this.get(useCaseKeyOf(useCase))
  }

  all(): readonly MetricsIngestConfiguration[] {
    return [...this.#byKey.values()]
  }
}

/** Those of the program. */
export function defaultIngestConfigurations(): MetricsIngestConfigurations {
  return new MetricsIngestConfigurations().register(releaseHealthConfiguration).register(performanceConfiguration)
}

function faultOf({ writeLimit, cardinalityLimit, schema, retentionDays }: MetricsIngestConfiguration): string | null {
  const windows: readonly (readonly [string, WindowLimit | null])[] = [
    ['writeLimit.global', writeLimit.global],
    ['writeLimit.perOrganization', writeLimit.perOrganization],
    ['cardinalityLimit.perOrganization', cardinalityLimit.perOrganization],
    ['cardinalityLimit.perMetric', cardinalityLimit.perMetric],
  ]
  for (const [key, window] of windows) {
    if (window === null) continue
    const { windowSec, granularitySec, limit } = window
    if (!(granularitySec >= 1) || !(windowSec >= granularitySec) || windowSec % granularitySec !== 0) {
      return `${key}: the granularity of ${granularitySec} s does not divide the window of ${windowSec} s`
    }
    if (!Number.isSafeInteger(limit) || limit < 0) return `${key}: the limit ${limit} is no count`
  }
  if (schema.types.length === 0) return 'schema.types is empty'
  if (retentionDays === null) return null
  return Number.isInteger(retentionDays) && retentionDays > 0 ? null : `retentionDays: ${retentionDays} is no number of days`
}
