/**
 * What was found: ids by organization and string, by use case above that, and for each how it was got. The steps of the indexer hand
 * results on: what one left unmapped is the next one's work. An id that is null, missing or 0 is unmapped.
 */
import type { UseCaseId } from '../naming/index.ts'
import { KeyCollection, parseKey, parseUseCaseKey, UseCaseKeyCollection } from './key-collection.ts'

/** How an id was got; the codes go into metrics. */
export const FetchType = {
  hardcoded: 'h',
  cacheHit: 'c',
  dbRead: 'd',
  firstSeen: 'f',
  /** Null id: over a quota of first-seen strings. */
  rateLimited: 'r',
  /** Null id: a string that gets none (see `isIndexable`). */
  unfit: 'u',
} as const
export type FetchType = (typeof FetchType)[keyof typeof FetchType]

export interface FetchTypeExt {
  /** The quota that was reached is one that organizations share. */
  readonly isGlobal: boolean
}

export interface Metadata {
  readonly id: number | null
  readonly fetchType: FetchType
  readonly fetchTypeExt: FetchTypeExt | null
}

export class KeyResult {
  readonly organizationId: number
  readonly string: string
  readonly id: number | null

  constructor(organizationId: number, string: string, id: number | null) {
    this.organizationId = organizationId
    this.string = string
    this.id = id
  }

  /** From `organization:string`. */
  static fromString(key: string, id: number | null): KeyResult {
    const { organizationId, string } = parseKey(key)
    return new KeyResult(organizationId, string, id)
  }
}

export class UseCaseKeyResult {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly string: string
  readonly id: number | null

  constructor(useCaseId: UseCaseId, result: Pick<KeyResult, 'organizationId' | 'string' | 'id'>) {
    this.useCaseId = useCaseId
    this.organizationId = result.organizationId
    this.string = result.string
    this.id = result.id
  }

  /** From `usecase:organization:string`. Errors: `naming.unknown_use_case`. */
  static fromString(key: string, id: number | null): UseCaseKeyResult {
    const { useCaseId, organizationId, string } = parseUseCaseKey(key)
    return new UseCaseKeyResult(useCaseId, { organizationId, string, id })
  }
}

/** Organization → string → what is known. */
type ByString<T> = Map<number, Map<string, T>>

/** The strings of an organization, to be added to. */
function stringsOf<T>(all: ByString<T>, organizationId: number): Map<string, T> {
  let strings = all.get(organizationId)
  if (strings === undefined) all.set(organizationId, (strings = new Map()))
  return strings
}

function putAll<T>(into: ByString<T>, from: ReadonlyMap<number, ReadonlyMap<string, T>>): void {
  for (const [organizationId, values] of from) {
    const strings = stringsOf(into, organizationId)
    for (const [string, value] of values) strings.set(string, value)
  }
}

const nothing: ReadonlyMap<string, number | null> = new Map()

export class KeyResults {
  readonly #results: ByString<number | null> = new Map()
  readonly #meta: ByString<Metadata> = new Map()

  addKeyResult(
    { organizationId, string, id }: Pick<KeyResult, 'organizationId' | 'string' | 'id'>,
    fetchType?: FetchType,
    ext?: FetchTypeExt,
  ): void {
    stringsOf(this.#results, organizationId).set(string, id)
    if (fetchType !== undefined) stringsOf(this.#meta, organizationId).set(string, { id, fetchType, fetchTypeExt: ext ?? null })
  }

  addKeyResults(results: Iterable<KeyResult>, fetchType?: FetchType, ext?: FetchTypeExt): void {
    for (const result of results) this.addKeyResult(result, fetchType, ext)
  }

  /** Strings of an organization; those of an unknown one are none. */
  of(organizationId: number): ReadonlyMap<string, number | null> {
    return this.#results.get(organizationId) ?? nothing
  }

  /** Organizations with at least one string, null ids among them. */
  getMappedResults(): ReadonlyMap<number, ReadonlyMap<string, number | null>> {
    return this.#results
  }

  getUnmappedKeys(keys: KeyCollection): KeyCollection {
    const unmapped = new Map<number, Set<string>>()
    for (const [organizationId, strings] of keys.mapping) {
      const known = this.of(organizationId)
      const left = new Set<string>()
      for (const string of strings) if (isUnmapped(known.get(string))) left.add(string)
      if (left.size > 0) unmapped.set(organizationId, left)
    }
    return new KeyCollection(unmapped)
  }

  /** `organization:string` → id, without those that have none: what fills a cache. */
  getMappedKeyStringsToInts(): Map<string, number> {
    const ints = new Map<string, number>()
    for (const [organizationId, ids] of this.#results) {
      for (const [string, id] of ids) if (id !== null) ints.set(`${organizationId}:${string}`, id)
    }
    return ints
  }

  /** How each was got, as far as it was said. */
  getFetchMetadata(): ReadonlyMap<number, ReadonlyMap<string, Metadata>> {
    return this.#meta
  }

  /** Of ids known to both, this one's count; of the ways they were got, the other's. */
  merge(other: KeyResults): KeyResults {
    const merged = new KeyResults()
    putAll(merged.#results, other.#results)
    putAll(merged.#results, this.#results)
    putAll(merged.#meta, this.#meta)
    putAll(merged.#meta, other.#meta)
    return merged
  }
}

function isUnmapped(id: number | null | undefined): boolean {
  return id === null || id === undefined || id === 0
}

export class UseCaseKeyResults {
  readonly #byUseCase = new Map<UseCaseId, KeyResults>()

  addUseCaseKeyResult(result: UseCaseKeyResult, fetchType?: FetchType, ext?: FetchTypeExt): void {
    this.results(result.useCaseId).addKeyResult(result, fetchType, ext)
  }

  addUseCaseKeyResults(results: Iterable<UseCaseKeyResult>, fetchType?: FetchType, ext?: FetchTypeExt): void {
    for (const result of results) this.addUseCaseKeyResult(result, fetchType, ext)
  }

  /** Results of a use case, to be read and added to. */
  results(useCaseId: UseCaseId): KeyResults {
    let results = this.#byUseCase.get(useCaseId)
    if (results === undefined) this.#byUseCase.set(useCaseId, (results = new KeyResults()))
    return results
  }

  /** The id, or null. */
  idOf(useCaseId: UseCaseId, organizationId: number, string: string): number | null {
    return this.#byUseCase.get(useCaseId)?.of(organizationId).get(string) ?? null
  }

  /** How it was got, or null where that was not said. */
  metadataOf(useCaseId: UseCaseId, organizationId: number, string: string): Metadata | null {
    return this.#byUseCase.get(useCaseId)?.getFetchMetadata().get(organizationId)?.get(string) ?? null
  }

  getMappedResults(): Map<UseCaseId, ReadonlyMap<number, ReadonlyMap<string, number | null>>> {
    const mapped = new Map<UseCaseId, ReadonlyMap<number, ReadonlyMap<string, number | null>>>()
    for (const [useCaseId, results] of this.#byUseCase) {
      const organizations = results.getMappedResults()
      if (organizations.size > 0) mapped.set(useCaseId, organizations)
    }
    return mapped
  }

  getUnmappedKeys(keys: UseCaseKeyCollection): UseCaseKeyCollection {
    const unmapped = new Map<UseCaseId, KeyCollection>()
    for (const [useCaseId, collection] of keys.mapping) {
      const left = this.#byUseCase.get(useCaseId)?.getUnmappedKeys(collection) ?? collection
      if (left.size > 0) unmapped.set(useCaseId, left)
    }
    return new UseCaseKeyCollection(unmapped)
  }

  /** `usecase:organization:string` → id. */
  getMappedKeyStringsToInts(): Map<string, number> {
    const ints = new Map<string, number>()
    for (const [useCaseId, results] of this.#byUseCase) {
      for (const [key, id] of results.getMappedKeyStringsToInts()) ints.set(`${useCaseId}:${key}`, id)
    }
    return ints
  }

  getFetchMetadata(): Map<UseCaseId, ReadonlyMap<number, ReadonlyMap<string, Metadata>>> {
    return new Map([...this.#byUseCase].map(([useCaseId, results]) => [useCaseId, results.getFetchMetadata()]))
  }

  /** As `KeyResults.merge`. */
  merge(other: UseCaseKeyResults): UseCaseKeyResults {
    const merged = new UseCaseKeyResults()
    for (const useCaseId of new Set([...this.#byUseCase.keys(), ...other.#byUseCase.keys()])) {
      const [mine, others] = [this.#byUseCase.get(useCaseId), other.#byUseCase.get(useCaseId)]
      merged.#byUseCase.set(useCaseId, (mine ?? new KeyResults()).merge(others ?? new KeyResults()))
    }
    return merged
  }
}
