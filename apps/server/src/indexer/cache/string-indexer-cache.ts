/**
 * The cache before the database of strings: in process first, then Redis where one is configured. Recording and resolving have a namespace
 * each, so that what queries look up cannot push out, or spoil, what ingest needs. An entry is believed for three hours from when it was
 * read from the database; it is kept for two, and up to a quarter more, so that not all of a batch end together. An outage of Redis makes
 * it slower and nothing else.
 */
import { createHash } from 'node:crypto'
import type { RedisEngine } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { UseCaseId } from '../../naming/index.ts'
import { type IndexedString, parseUseCaseKey } from '../key-collection.ts'
import { HotStrings } from './hot-strings.ts'
import { SharedCache } from './shared-cache.ts'

/** `br`: bulk record; `res`: resolve. */
export type CacheNamespace = 'br' | 'res'

export interface StringIndexerCacheDeps {
  readonly redis: Pick<RedisEngine, 'command' | 'pipeline'> | null
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'sleep'>
  readonly logger: Logger
  /** Strings in process for recording; a quarter of it for resolving. */
  readonly sizeMax: number
  /** [0, 1), for the jitter. */
  readonly random?: () => number
  readonly onFailure?: () => void
}

/** Which sort of database the ids are of. */
const partition = 'pg'
/** Goes up when keys or values change their meaning. */
const version = 1
const ttlSeconds = 7200
const ttlJitter = 0.25
const staleAfterSeconds = 3 * 3600

/** Keys are `usecase:organization:string`. */
export class StringIndexerCache {
  readonly #hot: Readonly<Record<CacheNamespace, HotStrings>>
  readonly #shared: SharedCache | null
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #random: () => number

  constructor({ redis, clock, logger, sizeMax, random = Math.random, onFailure = () => {} }: StringIndexerCacheDeps) {
    this.#hot = { br: new HotStrings(clock, sizeMax), res: new HotStrings(clock, Math.ceil(sizeMax / 4)) }
    this.#shared = redis === null ? null : new SharedCache({ redis, clock, logger, onFailure })
    this.#clock = clock
    this.#random = random
  }

  /** Strings held in process. */
  get size(): number {
    return this.#hot.br.size + this.#hot.res.size
  }

  /** The id that recording found, where this process has it, else 0: for hot paths, 5 million a second. */
  lookup(useCaseId: UseCaseId, organizationId: number, string: string): number {
    return this.#hot.br.lookup(useCaseId, organizationId, string)
  }

  /** Keeps an id in process alone. */
  note(namespace: CacheNamespace, key: IndexedString, id: number): void {
    this.#hot[namespace].put(key, id, this.#clock.nowMs() + this.#ttlSeconds() * 1000)
  }

  /** Key in Redis. The use case is outside the hash so that one can be found and removed. */
  makeCacheKey(namespace: CacheNamespace, key: string): string {
    const { useCaseId, organizationId, string } = parseUseCaseKey(key)
    const hash = createHash('md5').update(`${organizationId}:${string}`).digest('hex')
    return `indexer:${partition}:${namespace}:org:str:${useCaseId}:${hash}:${version}`
  }

  /** Results of the cache by its own keys, to results by the keys that were asked for; null where there is none. */
  formatResults(
    keys: readonly string[],
    byCacheKey: ReadonlyMap<string, number | null>,
    namespace: CacheNamespace,
  ): Map<string, number | null> {
    return new Map(keys.map((key) => [key, byCacheKey.get(this.makeCacheKey(namespace, key)) ?? null]))
  }

  async get(namespace: CacheNamespace, key: string): Promise<number | null> {
    return (await this.getMany(namespace, [key])).get(key) ?? null
  }

  /** An id or null for every key. */
  async getMany(namespace: CacheNamespace, keys: readonly string[]): Promise<Map<string, number | null>> {
    const found = new Map<string, number | null>()
    const missing: string[] = []
    for (const key of keys) {
      const { useCaseId, organizationId, string } = parseUseCaseKey(key)
      const id = this.#hot[namespace].lookup(useCaseId, organizationId, string)
      found.set(key, id === 0 ? null : id)
      if (id === 0) missing.push(key)
    }
    if (this.#shared === null || missing.length === 0) return found
    const byCacheKey = await this.#getShared(this.#shared, namespace, missing)
    for (const [key, id] of this.formatResults(missing, byCacheKey, namespace)) found.set(key, id)
    return found
  }

  async set(namespace: CacheNamespace, key: string, id: number): Promise<void> {
    await this.setMany(namespace, new Map([[key, id]]))
  }

  async setMany(namespace: CacheNamespace, ids: ReadonlyMap<string, number>): Promise<void> {
    if (ids.size === 0) return
    const nowMs = this.#clock.nowMs()
    const ttl = this.#ttlSeconds()
    for (const [key, id] of ids) this.#hot[namespace].put(parseUseCaseKey(key), id, nowMs + ttl * 1000)
    if (this.#shared === null) return
    const writtenSeconds = Math.floor(nowMs / 1000)
    const values = new Map([...ids].map(([key, id]) => [this.makeCacheKey(namespace, key), `${id}:${writtenSeconds}`]))
    await this.#shared.setMany(values, ttl)
  }

  async delete(namespace: CacheNamespace, key: string): Promise<void> {
    await this.deleteMany(namespace, [key])
  }

  async deleteMany(namespace: CacheNamespace, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const { useCaseId, organizationId, string } = parseUseCaseKey(key)
      this.#hot[namespace].delete(useCaseId, organizationId, string)
    }
    await this.#shared?.deleteMany(keys.map((key) => this.makeCacheKey(namespace, key)))
  }

  /** Asks Redis; what it has is kept in process for as long as it may be believed. */
  async #getShared(shared: SharedCache, namespace: CacheNamespace, keys: readonly string[]): Promise<Map<string, number | null>> {
    const cacheKeys = keys.map((key) => this.makeCacheKey(namespace, key))
    const values = await shared.getMany(cacheKeys)
    const nowMs = this.#clock.nowMs()
    const ttlMs = this.#ttlSeconds() * 1000
    const found = new Map<string, number | null>()
    for (const [i, key] of keys.entries()) {
      const entry = parseEntry(values[i] ?? null)
      const believedUntilMs = entry === null ? 0 : (entry.writtenSeconds + staleAfterSeconds) * 1000
      if (entry === null || believedUntilMs <= nowMs) continue
      found.set(cacheKeys[i] ?? '', entry.id)
      this.#hot[namespace].put(parseUseCaseKey(key), entry.id, Math.min(nowMs + ttlMs, believedUntilMs))
    }
    return found
  }

  /** The same for all entries of one call. */
  #ttlSeconds(): number {
    return Math.trunc(ttlSeconds * (1 + this.#random() * ttlJitter))
  }
}

/** `<id>:<seconds since 1970 when it was written>`; anything else is no entry. */
function parseEntry(value: string | null): { id: number; writtenSeconds: number } | null {
  const match = value === null ? null : /^(\d{1,16}):(\d{1,11})$/.exec(value)
  if (match === null) return null
  const id = Number(match[1])
  return id === 0 || !Number.isSafeInteger(id) ? null : { id, writtenSeconds: Number(match[2]) }
}
