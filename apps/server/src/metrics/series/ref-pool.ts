/**
 * Blocks of 2, 4, 8 ... refs in pages of one typed array each: short posting lists without an object a list. A block is a number: its page
 * and the place in it. Freed blocks are used again for the same size.
 */

const pageShift = 16
const pageWords = 1 << pageShift
const pageMask = pageWords - 1

/** Longest list a block can hold. */
export const blockRefsMax = 1 << 12

/** Refs a block for `count` refs holds. */
export function capacityOf(count: number): number {
  return count <= 2 ? 2 : 2 ** (32 - Math.clz32(count - 1))
}

export class RefPool {
  readonly #pages: Uint32Array[] = []
  #used = pageWords
  /** By the logarithm of the capacity: the first free block plus 1, chained through the blocks' first words. */
  readonly #free = new Float64Array(32)

  /** A block for `count` refs; its content is arbitrary. */
  take(count: number): number {
    const capacity = capacityOf(count)
    const size = 31 - Math.clz32(capacity)
    const free = this.#free[size]!
    if (free !== 0) {
      const block = free - 1
      this.#free[size] = this.#pages[block >>> pageShift]![block & pageMask]!
      return block
    }
    if (this.#used + capacity > pageWords) {
      this.#pages.push(new Uint32Array(pageWords))
      this.#used = 0
    }
    const block = (((this.#pages.length - 1) << pageShift) | this.#used) >>> 0
    this.#used += capacity
    return block
  }

  /** `count`: as many refs as `take` was asked for, or another of the same capacity. */
  give(block: number, count: number): void {
    const size = 31 - Math.clz32(capacityOf(count))
    this.#pages[block >>> pageShift]![block & pageMask] = this.#free[size]!
    this.#free[size] = block + 1
  }

  /** The block's first `count` refs, as a view. */
  refs(block: number, count: number): Uint32Array {
    const start = block & pageMask
    return this.#pages[block >>> pageShift]!.subarray(start, start + count)
  }

  set(block: number, i: number, ref: number): void {
    this.#pages[block >>> pageShift]![(block & pageMask) + i] = ref
  }

  get(block: number, i: number): number {
    return this.#pages[block >>> pageShift]![(block & pageMask) + i]!
  }

  get sizeBytes(): number {
    return this.#pages.length * pageWords * 4
  }
}
