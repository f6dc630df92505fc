/**
 * Ids of strings whose rows are in the engine, as far as this process put them there: a bit each, in pages, because the one sequence makes
 * them dense over all organizations. A stored id belongs to one organization; shared ids mean the same in all and have a row in each. What is
 * forgotten is inserted once more, which changes nothing.
 */
import { firstStoredId } from '../../indexer/index.ts'

const pageShift = 16
/** 8 KiB each; 268 million ids. */
const pagesMax = 4096
/** Shared ids of all organizations, some hundred each. */
const sharedMax = 1_000_000

export class MirroredIds {
  readonly #pages = new Map<number, Uint32Array>()
  readonly #shared = new Set<number>()

  has(organizationId: number, id: number): boolean {
    if (id < firstStoredId) return this.#shared.has(sharedKey(organizationId, id))
    const page = this.#pages.get(pageOf(id))
    return page !== undefined && ((page[wordOf(id)] ?? 0) & bitOf(id)) !== 0
  }

  add(organizationId: number, id: number): void {
    if (id < firstStoredId) {
      if (this.#shared.size >= sharedMax) this.#shared.clear()
      this.#shared.add(sharedKey(organizationId, id))
      return
    }
    let page = this.#pages.get(pageOf(id))
    if (page === undefined) {
      if (this.#pages.size >= pagesMax) this.#pages.clear()
      this.#pages.set(pageOf(id), (page = new Uint32Array(1 << (pageShift - 5))))
    }
    page[wordOf(id)] = (page[wordOf(id)] ?? 0) | bitOf(id)
  }
}

/** Organizations have 32 bits. */
const sharedKey = (organizationId: number, id: number): number => organizationId * firstStoredId + id
/** Ids are wider than 32 bits. */
const pageOf = (id: number): number => Math.floor(id / (1 << pageShift))
const wordOf = (id: number): number => (id % (1 << pageShift)) >>> 5
const bitOf = (id: number): number => 1 << (id % 32)
