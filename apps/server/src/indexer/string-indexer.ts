/**
 * Strings to ids and back. Recording goes cache → database read → database insert under the writes limiter, each step working only on what
 * the one before left; shared strings need none of them.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { UseCaseId } from '../naming/index.ts'
import { NewStrings } from './admission.ts'
import type { StringIndexerCache } from './cache/string-indexer-cache.ts'
import type { IndexerInstruments } from './instruments.ts'
import { type IndexedString, UseCaseKeyBuilder, UseCaseKeyCollection, type UseCaseStrings } from './key-collection.ts'
import { FetchType, UseCaseKeyResult, UseCaseKeyResults } from './key-results.ts'
import { isIndexable } from './limits.ts'
import type { StringIndexer, StringStorage } from './ports.ts'
import { sharedStringId, sharedStringOf } from './shared-strings.ts'
import type { WritesLimiter } from './writes-limiter.ts'

export interface StringIndexerDeps {
  readonly cache: StringIndexerCache
  readonly storage: StringStorage
  readonly limiter: WritesLimiter
  readonly instruments: IndexerInstruments
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
}

class Indexer implements StringIndexer {
  readonly #deps: StringIndexerDeps
  readonly #news: NewStrings

  constructor(deps: StringIndexerDeps) {
    this.#deps = deps
    this.#news = new NewStrings({
      ...deps,
      onKnown: (useCaseId, organizationId, ids) => {
        for (const [string, id] of ids) if (id !== null) deps.cache.note('br', { useCaseId, organizationId, string }, id)
      },
    })
    deps.instruments.watchCache(() => deps.cache.size)
  }

  async bulkRecord(strings: UseCaseKeyCollection | UseCaseStrings): Promise<UseCaseKeyResults> {
    const keys = strings instanceof UseCaseKeyCollection ? strings : new UseCaseKeyCollection(strings)
    const fixed = fixedResults(keys)
    const cached = await this.#timed('cache', () => this.#readCache(fixed.getUnmappedKeys(unanswered(keys, fixed))))
    let results = fixed.merge(cached)
    const unread = results.getUnmappedKeys(unanswered(keys, fixed))
    if (unread.size > 0) {
      const read = await this.#timed('db_read', () => this.#deps.storage.read(unread))
      const unknown = read.getUnmappedKeys(unread)
      const stored = unknown.size === 0 ? read : read.merge(await this.#timed('db_insert', () => this.#insert(unknown)))
      await this.#deps.cache.setMany('br', stored.getMappedKeyStringsToInts())
      results = results.merge(stored)
    }
    this.#count(results)
    return results
  }

  async record(useCaseId: UseCaseId, organizationId: number, string: string): Promise<number | null> {
    const results = await this.bulkRecord(new Map([[useCaseId, new Map([[organizationId, new Set([string])]])]]))
    return results.idOf(useCaseId, organizationId, string)
  }

  async resolve(useCaseId: UseCaseId, organizationId: number, string: string): Promise<number | null> {
    const known = sharedStringId(string)
    if (known !== null) return known
    if (!isIndexable(string)) return null
    const { cache, storage } = this.#deps
    const key = `${useCaseId}:${organizationId}:${string}`
    const cached = await cache.get('res', key)
    if (cached !== null) return cached
    const keys = new UseCaseKeyCollection(new Map([[useCaseId, new Map([[organizationId, new Set([string])]])]]))
    const id = (await storage.read(keys)).idOf(useCaseId, organizationId, string)
    // That there is none is not kept: the next batch may bring it.
    if (id !== null) await cache.set('res', key, id)
    return id
  }

  async reverseResolve(useCaseId: UseCaseId, organizationId: number, id: number): Promise<string | null> {
    return (await this.bulkReverseResolve(useCaseId, organizationId, [id])).get(id) ?? null
  }

  async bulkReverseResolve(useCaseId: UseCaseId, organizationId: number, ids: Iterable<number>): Promise<Map<number, string>> {
    const strings = new Map<number, string>()
    const stored: number[] = []
    for (const id of new Set(ids)) {
      const shared = sharedStringOf(id)
      if (shared !== null) strings.set(id, shared)
      else if (Number.isSafeInteger(id) && id > 0) stored.push(id)
    }
    if (stored.length === 0) return strings
    for (const [id, string] of await this.#deps.storage.reverse(useCaseId, organizationId, stored)) strings.set(id, string)
    return strings
  }

  resolveShared(string: string): number | null {
    return sharedStringId(string)
  }

  reverseShared(id: number): string | null {
    return sharedStringOf(id)
  }

  lookup(useCaseId: UseCaseId, organizationId: number, string: string): number {
    const id = this.#deps.cache.lookup(useCaseId, organizationId, string)
    return id === 0 ? (sharedStringId(string) ?? 0) : id
  }

  admitNew(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    return this.#news.refuse(useCaseId, organizationId, this.#unknown(useCaseId, organizationId, strings))
  }

  admitNewNow(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): ReadonlySet<string> {
    return this.#news.refuseNow(useCaseId, organizationId, this.#unknown(useCaseId, organizationId, strings))
  }

  note(key: IndexedString, id: number): void {
    this.#deps.cache.note('br', key, id)
  }

  /** Those that would need an id. */
  #unknown(useCaseId: UseCaseId, organizationId: number, strings: ReadonlySet<string>): ReadonlySet<string> {
    const unknown = new Set<string>()
    for (const string of strings) if (this.lookup(useCaseId, organizationId, string) === 0 && isIndexable(string)) unknown.add(string)
    return unknown
  }

  async #readCache(keys: UseCaseKeyCollection): Promise<UseCaseKeyResults> {
    const results = new UseCaseKeyResults()
    for (const [key, id] of await this.#deps.cache.getMany('br', keys.asStrings())) {
      if (id !== null) results.addUseCaseKeyResult(UseCaseKeyResult.fromString(key, id), FetchType.cacheHit)
    }
    return results
  }

  /** What was let in before (`admitNew`) has its quota; the rest asks for it now. */
  async #insert(keys: UseCaseKeyCollection): Promise<UseCaseKeyResults> {
    const { storage, limiter } = this.#deps
    const [admitted, asking] = this.#apart(keys)
    const { accepted, dropped, settle } = await limiter.checkWriteLimits(asking)
    const results = new UseCaseKeyResults()
    try {
      for (const some of [admitted, accepted]) if (some.size > 0) await storage.insert(some, results)
      this.#news.forget(admitted)
    } finally {
      await settle((...key) => results.metadataOf(...key)?.fetchType === FetchType.firstSeen)
    }
    for (const { ext, ...one } of dropped) {
      results.addUseCaseKeyResult(new UseCaseKeyResult(one.useCaseId, { ...one, id: null }), FetchType.rateLimited, ext)
    }
    return results
  }

  #apart(keys: UseCaseKeyCollection): [admitted: UseCaseKeyCollection, others: UseCaseKeyCollection] {
    const [admitted, others] = [new UseCaseKeyBuilder(), new UseCaseKeyBuilder()]
    for (const [useCaseId, organizationId, string] of keys.asTuples()) {
      const to = this.#news.has(useCaseId, organizationId, string) ? admitted : others
      to.add(useCaseId, organizationId, string)
    }
    return [admitted.build(), others.build()]
  }

  async #timed<T>(step: 'cache' | 'db_read' | 'db_insert', run: () => Promise<T>): Promise<T> {
    const { clock, instruments } = this.#deps
    const startedMs = clock.monotonicMs()
    try {
      return await run()
    } catch (error) {
      instruments.databaseFailed()
      throw error
    } finally {
      instruments.took(step, (clock.monotonicMs() - startedMs) / 1000)
    }
  }

  #count(results: UseCaseKeyResults): void {
    for (const [useCaseId, organizations] of results.getFetchMetadata()) {
      const counts = new Map<FetchType, number>()
      for (const strings of organizations.values()) {
        for (const { fetchType } of strings.values()) counts.set(fetchType, (counts.get(fetchType) ?? 0) + 1)
      }
      for (const [fetchType, count] of counts) this.#deps.instruments.fetched(useCaseId, fetchType, count)
    }
  }
}

/** Shared strings, and those that get no id. */
function fixedResults(keys: UseCaseKeyCollection): UseCaseKeyResults {
  const results = new UseCaseKeyResults()
  for (const [useCaseId, organizationId, string] of keys.asTuples()) {
    const id = sharedStringId(string)
    if (id !== null) results.addUseCaseKeyResult(new UseCaseKeyResult(useCaseId, { organizationId, string, id }), FetchType.hardcoded)
    else if (!isIndexable(string)) {
      results.addUseCaseKeyResult(new UseCaseKeyResult(useCaseId, { organizationId, string, id: null }), FetchType.unfit)
    }
  }
  return results
}

/** Keys of which `results` says nothing, null ids included. */
function unanswered(keys: UseCaseKeyCollection, results: UseCaseKeyResults): UseCaseKeyCollection {
  return results.getMappedResults().size === 0 ? keys : keys.filter((...key) => results.metadataOf(...key) === null)
}

/** One a process. */
export function createStringIndexer(deps: StringIndexerDeps): StringIndexer {
  return new Indexer(deps)
}
