/** One number for each series ref: pages made when touched, so only series in use cost memory. Refs beyond the bound keep nothing. */

const pageBits = 11
const pageSize = 1 << pageBits
const pageMask = pageSize - 1

export class RefNumbers {
  readonly #refsMax: number
  #pages: (Float64Array | undefined)[] = []

  constructor(refsMax: number) {
    this.#refsMax = refsMax
  }

  /** 0 when nothing was kept. */
  get(ref: number): number {
    const page = this.#pages[ref >>> pageBits]
    return page === undefined ? 0 : page[ref & pageMask]!
  }

  set(ref: number, value: number): void {
    if (ref >= this.#refsMax) return
    const index = ref >>> pageBits
    while (this.#pages.length <= index) this.#pages.push(undefined)
    const page = (this.#pages[index] ??= new Float64Array(pageSize))
    page[ref & pageMask] = value
  }

  clear(refs: Uint32Array): void {
    for (const ref of refs) {
      const page = this.#pages[ref >>> pageBits]
      if (page !== undefined) page[ref & pageMask] = 0
    }
  }

  keeps(ref: number): boolean {
    return ref < this.#refsMax
  }
}
