/**
 * Which series of one tenant carry which label: name → value → ascending refs. Refs are only ever appended in ascending order.
 * A list of one costs no object (most values of a high-cardinality label have one series); short lists are plain arrays.
 */
import { grownU32 } from './growable.ts'
import type { RefList } from './sorted-refs.ts'

const shortListMax = 32

class LongList implements RefList {
  refs: Uint32Array<ArrayBuffer>
  length: number

  constructor(first: readonly number[]) {
    this.refs = new Uint32Array(first.length * 2)
    this.refs.set(first)
    this.length = first.length
  }

  push(ref: number): void {
    this.refs = grownU32(this.refs, this.length + 1)
    this.refs[this.length++] = ref
  }
}

/** One ref, a few, or many. */
type Posting = number | number[] | LongList

const emptyList: RefList = { refs: [], length: 0 }

function listOf(posting: Posting | undefined): RefList {
  if (posting === undefined) return emptyList
  if (typeof posting === 'number') return { refs: [posting], length: 1 }
  return posting instanceof LongList ? posting : { refs: posting, length: posting.length }
}

/** The values of one label name. Keys and values are symbols. */
export class LabelPostings {
  readonly #byValue = new Map<number, Posting>()

  add(value: number, ref: number): void {
    const posting = this.#byValue.get(value)
    if (posting === undefined) this.#byValue.set(value, ref)
    else if (typeof posting === 'number') this.#byValue.set(value, [posting, ref])
    else if (posting instanceof LongList || posting.length < shortListMax) posting.push(ref)
    else {
      const long = new LongList(posting)
      long.push(ref)
      this.#byValue.set(value, long)
    }
  }

  get valueCount(): number {
    return this.#byValue.size
  }

  /** Valid until the next `add`. */
  list(value: number): RefList {
    return listOf(this.#byValue.get(value))
  }

  values(): IterableIterator<number> {
    return this.#byValue.keys()
  }
}

/** All label postings of one tenant, and the list of all its series. */
export class TenantPostings {
  readonly #byName = new Map<number, LabelPostings>()
  #refs = new Uint32Array(64)
  #count = 0

  /** `pairs[start .. end)` are name and value symbols in turn. */
  add(ref: number, pairs: Uint32Array, start: number, end: number): void {
    this.#refs = grownU32(this.#refs, this.#count + 1)
    this.#refs[this.#count++] = ref
    for (let at = start; at < end; at += 2) {
      const name = pairs[at]!
      let label = this.#byName.get(name)
      if (label === undefined) this.#byName.set(name, (label = new LabelPostings()))
      label.add(pairs[at + 1]!, ref)
    }
  }

  /** Every series of the tenant, ascending; valid until the next `add`. */
  get all(): RefList {
    return { refs: this.#refs, length: this.#count }
  }

  label(name: number): LabelPostings | null {
    return this.#byName.get(name) ?? null
  }

  names(): IterableIterator<number> {
    return this.#byName.keys()
  }
}
