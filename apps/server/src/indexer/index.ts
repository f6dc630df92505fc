/** Strings to ids and back, for each organization and use case. Public face of the domain. */
export { type CacheNamespace, StringIndexerCache, type StringIndexerCacheDeps } from './cache/string-indexer-cache.ts'
export { createIndexerInstruments, type IndexerInstruments } from './instruments.ts'
export {
  type IndexedString,
  KeyCollection,
  type OrganizationStrings,
  UseCaseKeyBuilder,
  UseCaseKeyCollection,
  type UseCaseStrings,
} from './key-collection.ts'
export { FetchType, type FetchTypeExt, KeyResult, KeyResults, type Metadata, UseCaseKeyResult, UseCaseKeyResults } from './key-results.ts'
export { cachedStringsMax, firstStoredId, indexedBytesMax, isIndexable, keyCodePointsMax } from './limits.ts'
export type { StringIndexer, StringStorage } from './ports.ts'
export { sharedStrings, sharedStringId, sharedStringOf } from './shared-strings.ts'
export { indexerMigrations } from './storage/migrations.ts'
export { PostgresStrings, type PostgresStringsOptions } from './storage/postgres-strings.ts'
export { createStringIndexer, type StringIndexerDeps } from './string-indexer.ts'
export { unlimitedWrites, WritesLimiter, type WritesLimits, type WritesQuota } from './writes-limiter.ts'
