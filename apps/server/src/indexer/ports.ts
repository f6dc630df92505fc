/** What the indexer stands on and offers: where strings are stored, and what others may ask of them. */
import type { UseCaseId } from '../naming/index.ts'
import type { IndexedString, UseCaseKeyCollection, UseCaseStrings } from './key-collection.ts'
import type { UseCaseKeyResults } from './key-results.ts'

/** Storage of strings. Errors by code: `indexer.unavailable`. */
export interface StringStorage {
  /** Those it has. */
  read(keys: UseCaseKeyCollection): Promise<UseCaseKeyResults>
  /**
   * Stores those it has not. All come back with an id, as `firstSeen` the ones this call stored, as `dbRead` those that someone else was
   * quicker with. They are added to `results` as they are stored, so that after an error it is known which were.
   */
  insert(keys: UseCaseKeyCollection, results: UseCaseKeyResults): Promise<void>
  /** The strings of these ids that belong to the use case and organization. */
  reverse(useCaseId: UseCaseId, organizationId: number, ids: readonly number[]): Promise<Map<number, string>>
  /** No id up to this one is given out again: those of a mirror that knows more than a database which was put back. */
  reserveThrough(id: number): Promise<void>
}

/** One a process; the same ids in every process on one database. */
export interface StringIndexer {
  /** Every string with its id (null where it has none) and how it was got. Errors: `indexer.unavailable`. */
  bulkRecord(strings: UseCaseKeyCollection | UseCaseStrings): Promise<UseCaseKeyResults>
  /** The id, made when new; null when it may have none. Errors: `indexer.unavailable`. */
  record(useCaseId: UseCaseId, organizationId: number, string: string): Promise<number | null>
  /** The id; null when the string was never recorded. Makes none. Errors: `indexer.unavailable`. */
  resolve(useCaseId: UseCaseId, organizationId: number, string: string): Promise<number | null>
  /** The string, or null. Errors: `indexer.unavailable`. */
  reverseResolve(useCaseId: UseCaseId, organizationId: number, id: number): Promise<string | null>
  /** Strings by id; unknown ids are left out. Errors: `indexer.unavailable`. */
  bulkReverseResolve(useCaseId: UseCaseId, organizationId: number, ids: Iterable<number>): Promise<Map<number, string>>
  /** Fixed id of a shared string, or null. Asks nothing. */
  resolveShared(string: string): number | null
  /** The shared string with this fixed id, or null. */
  reverseShared(id: number): string | null
  /** The id where this process knows it, else 0. Waits for nothing. */
  lookup(useCaseId: UseCaseId, organizationId: number, string: string): number
  /**
   * May these strings be new? Gives those that may not: they would be over a quota of first-seen strings. Those that pass are counted once,
   * here, and `bulkRecord` asks no more of them. Never fails: without the database every string that this process does not know is new.
   */
  admitNew(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): Promise<ReadonlySet<string>>
  /** The same by what this process knows and used, for who cannot wait. */
  admitNewNow(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): ReadonlySet<string>
  /** Tells the cache in process an id read from elsewhere. */
  note(key: IndexedString, id: number): void
}
