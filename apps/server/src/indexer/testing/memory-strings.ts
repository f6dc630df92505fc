/** Storage of strings in a map, for tests of what stands on it. It can be taken away. */
import { AppError } from '../../kernel/errors.ts'
import { indexerUnavailable } from '../errors.ts'
import type { UseCaseKeyCollection } from '../key-collection.ts'
import { FetchType, UseCaseKeyResults } from '../key-results.ts'
import { firstStoredId } from '../limits.ts'
import type { StringStorage } from '../ports.ts'

export class MemoryStrings implements StringStorage {
  readonly #ids = new Map<string, number>()
  #next = firstStoredId
  /** Sizes of what was asked for. */
  readonly reads: number[] = []
  readonly inserts: number[] = []
  isAway = false
  /** Strings of one insert that are committed before the database goes. */
  insertsUntilAway = Number.POSITIVE_INFINITY

  async read(keys: UseCaseKeyCollection): Promise<UseCaseKeyResults> {
    await this.#turn()
    this.reads.push(keys.size)
    return this.#results(keys)
  }

  async insert(keys: UseCaseKeyCollection, results: UseCaseKeyResults): Promise<void> {
    await this.#turn()
    this.inserts.push(keys.size)
    const all = keys.asTuples()
    for (const [useCaseId, organizationId, string] of all.slice(0, this.insertsUntilAway)) {
      const key = `${useCaseId}:${organizationId}:${string}`
      const known = this.#ids.get(key)
      const id = known ?? this.#next++
      this.#ids.set(key, id)
      const fetchType = known === undefined ? FetchType.firstSeen : FetchType.dbRead
      results.results(useCaseId).addKeyResult({ organizationId, string, id }, fetchType)
    }
    if (all.length > this.insertsUntilAway) throw new AppError(indexerUnavailable)
  }

  async reverse(useCaseId: string, organizationId: number, ids: readonly number[]): Promise<Map<number, string>> {
    await this.#turn()
    const prefix = `${useCaseId}:${organizationId}:`
    const found = new Map<number, string>()
    for (const [key, id] of this.#ids) if (key.startsWith(prefix) && ids.includes(id)) found.set(id, key.slice(prefix.length))
    return found
  }

  reserveThrough(id: number): Promise<void> {
    this.#next = Math.max(this.#next, id + 1)
    return Promise.resolve()
  }

  #results(keys: UseCaseKeyCollection): UseCaseKeyResults {
    const results = new UseCaseKeyResults()
    for (const [useCaseId, organizationId, string] of keys.asTuples()) {
      const key = `${useCaseId}:${organizationId}:${string}`
      const id = this.#ids.get(key)
      if (id !== undefined) results.results(useCaseId).addKeyResult({ organizationId, string, id }, FetchType.dbRead)
    }
    return results
  }

  async #turn(): Promise<void> {
    await Promise.resolve()
    if (this.isAway) throw new AppError(indexerUnavailable)
  }
}
