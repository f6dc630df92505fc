/**
 * Counts by bucket index: an open hash table in two typed arrays, because the indexes of one distribution may lie anywhere. An addition costs
 * no object and, for a bucket that is there, no memory.
 */

const firstSlots = 16
/** No bucket has this index: 2^31 - 1 buckets of schema 7 are beyond every double. */
const empty = 0x7fffffff

export class BucketCounts {
  /** Buckets that have a count. */
  size = 0
  #indexes = new Int32Array(firstSlots).fill(empty)
  #counts = new Float64Array(firstSlots)

  /** True when the bucket is new. */
  add(index: number, count: number): boolean {
    const slot = this.#slotOf(index)
    this.#counts[slot]! += count
    if (this.#indexes[slot] === index) return false
    this.#indexes[slot] = index
    if (++this.size * 2 > this.#indexes.length) this.#grow()
    return true
  }

  /** Indexes, ascending. A fresh array. */
  sortedIndexes(): Int32Array {
    return this.#indexes.filter((index) => index !== empty).sort()
  }

  /** 0 for a bucket that is not there. */
  count(index: number): number {
    return this.#counts[this.#slotOf(index)]!
  }

  /** The same counts in buckets twice as wide: bucket i and its even neighbour become bucket `ceil(i / 2)`. */
  halved(): BucketCounts {
    const out = new BucketCounts()
    this.each((index, count) => void out.add((index + 1) >> 1, count))
    return out
  }

  each(visit: (index: number, count: number) => void): void {
    this.#indexes.forEach((index, slot) => {
      if (index !== empty) visit(index, this.#counts[slot]!)
    })
  }

  /** The bucket's slot, or the free one where it belongs. */
  #slotOf(index: number): number {
    const mask = this.#indexes.length - 1
    let slot = (Math.imul(index, 0x9e3779b1) >>> 15) & mask
    while (this.#indexes[slot] !== index && this.#indexes[slot] !== empty) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const indexes = this.#indexes
    const counts = this.#counts
    this.#indexes = new Int32Array(indexes.length * 2).fill(empty)
    this.#counts = new Float64Array(counts.length * 2)
    indexes.forEach((index, from) => {
      if (index === empty) return
      const slot = this.#slotOf(index)
      this.#indexes[slot] = index
      this.#counts[slot] = counts[from]!
    })
  }
}
