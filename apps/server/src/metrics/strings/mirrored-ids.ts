/**
 * Ids of strings whose rows are in the engine, as far as this process put them there: a bit each, in pages, because a sequence makes them
 * dense. What is forgotten is inserted once more, which changes nothing.
 */

const pageShift = 16
/** 8 KiB each; 268 million ids. */
const pagesMax = 4096

export class MirroredIds {
  readonly #pages = new Map<number, Uint32Array>()

  has(id: number): boolean {
    const page = this.#pages.get(pageOf(id))
    return page !== undefined && ((page[wordOf(id)] ?? 0) & bitOf(id)) !== 0
  }

  add(id: number): void {
    let page = this.#pages.get(pageOf(id))
    if (page === undefined) {
      if (this.#pages.size >= pagesMax) this.#pages.clear()
      this.#pages.set(pageOf(id), (page = new Uint32Array(1 << (pageShift - 5))))
    }
    page[wordOf(id)] = (page[wordOf(id)] ?? 0) | bitOf(id)
  }
}

/** Ids are wider than 32 bits. */
const pageOf = (id: number): number => Math.floor(id / (1 << pageShift))
const wordOf = (id: number): number => (id % (1 << pageShift)) >>> 5
const bitOf = (id: number): number => 1 << (id % 32)
