/**
 * Which series one scrape showed, against those of the scrape before: new, gone, the same. A mark for each series in pages that are made
 * when touched; good within one decoding, which is synchronous, so marks need not follow what refs mean.
 */

const pageBits = 11
const pageSize = 1 << pageBits
const pageMask = pageSize - 1

/** Marks of one scrape: shown before, shown now. */
const marksPerScrape = 2
const marksMax = 0xffff_0000

export class ShownSeries {
  #pages: (Uint32Array | undefined)[] = []
  /** Mark of the series before; the next one is that of those now. */
  #mark = 0
  #before: Uint32Array = new Uint32Array(0)
  #stayed = 0
  #new: number[] = []

  /** `before`: what the last scrape showed. */
  begin(before: Uint32Array): void {
    if (this.#mark > marksMax) this.#pages = []
    this.#mark = this.#mark > marksMax ? marksPerScrape : this.#mark + marksPerScrape
    this.#before = before
    this.#stayed = 0
    this.#new = []
    for (const ref of before) this.#page(ref)[ref & pageMask] = this.#mark
  }

  show(ref: number): void {
    const page = this.#page(ref)
    const mark = page[ref & pageMask]!
    if (mark === this.#mark + 1) return
    if (mark === this.#mark) this.#stayed++
    else this.#new.push(ref)
    page[ref & pageMask] = this.#mark + 1
  }

  get newCount(): number {
    return this.#new.length
  }

  /** Those of the scrape before that are not shown now. */
  gone(): Uint32Array {
    return this.#stayed === this.#before.length ? new Uint32Array(0) : this.#before.filter((ref) => !this.#isShown(ref))
  }

  /** All that are shown now; the same array as before when they are the same. */
  shown(): Uint32Array {
    if (this.#new.length === 0 && this.#stayed === this.#before.length) return this.#before
    const shown = new Uint32Array(this.#stayed + this.#new.length)
    shown.set(this.#before.filter((ref) => this.#isShown(ref)))
    shown.set(this.#new, this.#stayed)
    return shown
  }

  #isShown(ref: number): boolean {
    return this.#page(ref)[ref & pageMask] === this.#mark + 1
  }

  #page(ref: number): Uint32Array {
    const index = ref >>> pageBits
    while (this.#pages.length <= index) this.#pages.push(undefined)
    return (this.#pages[index] ??= new Uint32Array(pageSize))
  }
}
