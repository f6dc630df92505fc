/**
 * Which series of one tenant carry which label. A distinct pair of name and value is one number; it knows its series as ascending refs.
 * No object a pair: the ref itself when there is one, a block of the pool when there are few, an array of its own when there are many.
 */
import { grownU32 } from './growable.ts'
import { blockRefsMax, capacityOf, RefPool } from './ref-pool.ts'
import type { RefList } from './sorted-refs.ts'
import type { SymbolTable } from './symbols.ts'

/** Refs in an array that grows by doubling: ascending, but for a tail that was not sorted in yet. */
class GrowingRefs implements RefList {
  refs: Uint32Array<ArrayBuffer>
  length: number
  #sorted: number

  constructor(first: Uint32Array | readonly number[]) {
    this.refs = new Uint32Array(Math.max(first.length * 2, 16))
    this.refs.set(first)
    this.length = first.length
    this.#sorted = Math.min(first.length, 1)
    while (this.#sorted < this.length && this.refs[this.#sorted]! > this.refs[this.#sorted - 1]!) this.#sorted++
  }

  push(ref: number): void {
    if (this.length === this.refs.length) this.refs = grownU32(this.refs, this.length + 1)
    if (this.#sorted === this.length && (this.length === 0 || ref > this.refs[this.length - 1]!)) this.#sorted++
    this.refs[this.length++] = ref
  }

  /** Takes the last one; there must be one. */
  pop(): number {
    const last = this.refs[--this.length]!
    this.#sorted = Math.min(this.#sorted, this.length)
    if (this.length * 4 < this.refs.length && this.refs.length > 1024) this.refs = this.refs.slice(0, Math.max(this.length * 2, 16))
    return last
  }

  /** Keeps those that `stays` says yes to. */
  keep(stays: (ref: number) => boolean): void {
    const refs = this.refs
    let count = 0
    let sorted = 0
    for (let i = 0; i < this.length; i++) {
      if (!stays(refs[i]!)) continue
      refs[count++] = refs[i]!
      if (i < this.#sorted) sorted = count
    }
    this.length = count
    this.#sorted = sorted
    if (count * 4 < refs.length && refs.length > 1024) this.refs = refs.slice(0, Math.max(count * 2, 16))
  }

  /** Merges the tail in: a copy of the list at most, however long it is. */
  sort(): void {
    if (this.#sorted === this.length) return
    const tail = this.refs.slice(this.#sorted, this.length).sort()
    const refs = this.refs
    let at = this.#sorted - 1
    let to = this.length - 1
    for (let i = tail.length - 1; i >= 0; to--) {
      if (at >= 0 && refs[at]! > tail[i]!) refs[to] = refs[at--]!
      else refs[to] = tail[i--]!
    }
    this.#sorted = this.length
  }
}

/** Refs looked at between two pauses: about a millisecond. */
const refsPerStep = 200_000

const emptyList: RefList = { refs: [], length: 0 }

function hashOf(name: number, value: number): number {
  const hash = Math.imul(value, 0x9e3779b1) ^ Math.imul(name, 0x85ebca6b)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** All label pairs of one tenant, and the list of all its series. */
export class TenantPostings {
  readonly #symbols: SymbolTable
  /** Pair plus 1; 0 = free. */
  #slots = new Uint32Array(256)
  /** By pair. Free pairs are chained through `#places`. */
  #names = new Uint32Array(128)
  #values = new Uint32Array(128)
  #counts = new Uint32Array(128)
  /** Where it is in the list of its name. */
  #spots = new Uint32Array(128)
  /** Series that have the pair, those included that are in no list any more but not forgotten. */
  #uses = new Uint32Array(128)
  /** The one ref, the block of a few, or the position in `#long`. */
  #places = new Uint32Array(128)
  #made = 0
  #count = 0
  /** Last free pair plus 1. */
  #free = 0
  readonly #pool = new RefPool()
  readonly #long: (GrowingRefs | null)[] = []
  readonly #byName = new Map<number, GrowingRefs>()
  readonly #all = new GrowingRefs([])
  #newest = -1
  /** By pair: 1 when its list was looked at by the removal under way. */
  #removedFrom: Uint8Array | null = null
  /** Pairs with a short list that got a ref below their last one. */
  readonly #unsorted = new Set<number>()

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols
  }

  /** Distinct pairs. */
  get pairCount(): number {
    return this.#count
  }

  /** Number of the pair, or -1. */
  find(name: number, value: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = hashOf(name, value) & mask; ; at = (at + 1) & mask) {
      const pair = slots[at]! - 1
      if (pair < 0) return -1
      if (this.#values[pair] === value && this.#names[pair] === name) return pair
    }
  }

  /** Number of the pair, made when new. */
  intern(name: number, value: number): number {
    const known = this.find(name, value)
    if (known !== -1) return known
    const pair = this.#take()
    this.#symbols.hold(name)
    this.#symbols.hold(value)
    this.#names[pair] = name
    this.#values[pair] = value
    this.#counts[pair] = 0
    this.#uses[pair] = 0
    this.#count++
    let pairs = this.#byName.get(name)
    if (pairs === undefined) this.#byName.set(name, (pairs = new GrowingRefs([])))
    this.#spots[pair] = pairs.length
    pairs.push(pair)
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    this.#place(pair)
    return pair
  }

  /** A new series has the pairs `pairs[start .. end)`: they are kept until it is forgotten. */
  hold(pairs: Uint32Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#uses[pairs[at]!]!++
  }

  /** The series are forgotten. Pairs that no other has are given up: their numbers may mean other pairs from then on. */
  release(refs: Uint32Array, eachPair: (ref: number, visit: (pair: number) => void) => void): void {
    const visit = (pair: number): void => {
      if (--this.#uses[pair]! === 0) this.#giveUp(pair)
    }
    for (const ref of refs) eachPair(ref, visit)
  }

  /** Puts a series into the lists of its pairs, `pairs[start .. end)`. */
  add(ref: number, pairs: Uint32Array, start: number, end: number): void {
    const isNewest = ref > this.#newest
    if (isNewest) this.#newest = ref
    this.#all.push(ref)
    for (let at = start; at < end; at++) {
      this.#push(pairs[at]!, ref)
      if (!isNewest && this.#counts[pairs[at]!]! > 1) this.#unsorted.add(pairs[at]!)
    }
  }

  /**
   * Takes series out of the lists of their pairs, in steps; `eachPair` visits the pairs of one. Until the end some lists still have them.
   * A list is looked at once, so what `stays` says no to must not be added meanwhile. One at a time.
   */
  *removing(
    refs: Uint32Array,
    eachPair: (ref: number, visit: (pair: number) => void) => void,
    stays: (ref: number) => boolean,
    perStep = refsPerStep,
  ): Generator<void> {
    const touched = (this.#removedFrom = new Uint8Array(this.#made))
    let work = 0
    const visit = (pair: number): void => {
      if (touched[pair] === 1) return
      touched[pair] = 1
      work += this.#counts[pair]! + 10
      this.#keep(pair, stays)
    }
    for (const ref of refs) {
      eachPair(ref, visit)
      if (work < perStep) continue
      work = 0
      yield
    }
    this.#all.keep(stays)
    this.#removedFrom = null
  }

  /** One of the series that are being removed, or are about to be, stays: into the lists that it was taken out of already. */
  addBack(ref: number, pairs: Uint32Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const pair = pairs[at]!
      if (this.#removedFrom?.[pair] !== 1) continue
      this.#push(pair, ref)
      if (this.#counts[pair]! > 1) this.#unsorted.add(pair)
    }
  }

  nameOf(pair: number): number {
    return this.#names[pair]!
  }

  valueOf(pair: number): number {
    return this.#values[pair]!
  }

  /** Series of the pair; -1 has none. Valid until the next change. */
  list(pair: number): RefList {
    if (pair === -1) return emptyList
    const count = this.#counts[pair]!
    const place = this.#places[pair]!
    if (count === 0) return emptyList
    if (count === 1) return { refs: [place], length: 1 }
    const isSorted = !this.#unsorted.delete(pair)
    if (count > blockRefsMax) {
      const long = this.#long[place]
      long?.sort()
      return long ?? emptyList
    }
    const refs = this.#pool.refs(place, count)
    if (!isSorted) refs.sort()
    return { refs, length: count }
  }

  seriesCount(pair: number): number {
    return pair === -1 ? 0 : this.#counts[pair]!
  }

  /** The pairs of a name, in no order; some may have no series any more. Valid until the next change. */
  pairsOf(name: number): RefList {
    return this.#byName.get(name) ?? emptyList
  }

  names(): IterableIterator<number> {
    return this.#byName.keys()
  }

  /** Every series of the tenant, ascending; valid until the next change. */
  get all(): RefList {
    this.#all.sort()
    return this.#all
  }

  get sizeBytes(): number {
    let lists = this.#all.refs.byteLength + this.#pool.sizeBytes
    for (const long of this.#long) lists += long?.refs.byteLength ?? 0
    for (const pairs of this.#byName.values()) lists += pairs.refs.byteLength
    return lists + this.#slots.byteLength + 6 * this.#names.byteLength
  }

  #push(pair: number, ref: number): void {
    const count = this.#counts[pair]!
    const place = this.#places[pair]!
    this.#counts[pair] = count + 1
    if (count === 0) {
      this.#places[pair] = ref
    } else if (count === 1) {
      const block = this.#pool.take(2)
      this.#pool.set(block, 0, place)
      this.#pool.set(block, 1, ref)
      this.#places[pair] = block
    } else if (count > blockRefsMax) {
      this.#long[place]!.push(ref)
    } else if (count === blockRefsMax) {
      this.#makeLong(pair, this.#pool.refs(place, count))
      this.#pool.give(place, count)
      this.#long[this.#places[pair]!]!.push(ref)
    } else if (count < capacityOf(count)) {
      this.#pool.set(place, count, ref)
    } else {
      const block = this.#pool.take(count + 1)
      for (let i = 0; i < count; i++) this.#pool.set(block, i, this.#pool.get(place, i))
      this.#pool.set(block, count, ref)
      this.#pool.give(place, count)
      this.#places[pair] = block
    }
  }

  #makeLong(pair: number, refs: Uint32Array): void {
    const at = this.#long.indexOf(null)
    const position = at === -1 ? this.#long.length : at
    this.#long[position] = new GrowingRefs(refs)
    this.#places[pair] = position
  }

  /** Leaves the pair the refs that `stays` says yes to. */
  #keep(pair: number, stays: (ref: number) => boolean): void {
    const count = this.#counts[pair]!
    const place = this.#places[pair]!
    if (count > blockRefsMax) {
      const long = this.#long[place]!
      long.keep(stays)
      this.#counts[pair] = long.length
      if (long.length > blockRefsMax) return
      this.#long[place] = null
      return this.#putShort(pair, long.refs.subarray(0, long.length))
    }
    if (count === 1) {
      if (!stays(place)) this.#counts[pair] = 0
      return
    }
    if (count === 0) return
    const kept = this.#pool.refs(place, count).filter(stays)
    this.#pool.give(place, count)
    this.#counts[pair] = kept.length
    this.#putShort(pair, kept)
  }

  /** `refs`: at most `blockRefsMax`. */
  #putShort(pair: number, refs: Uint32Array): void {
    if (refs.length < 2) this.#places[pair] = refs[0] ?? 0
    else {
      const block = this.#pool.take(refs.length)
      this.#pool.refs(block, refs.length).set(refs)
      this.#places[pair] = block
    }
  }

  #take(): number {
    if (this.#free !== 0) {
      const pair = this.#free - 1
      this.#free = this.#places[pair]!
      return pair
    }
    const pair = this.#made++
    if (pair >= this.#names.length) {
      this.#names = grownU32(this.#names, pair + 1)
      this.#values = grownU32(this.#values, this.#names.length)
      this.#counts = grownU32(this.#counts, this.#names.length)
      this.#places = grownU32(this.#places, this.#names.length)
      this.#uses = grownU32(this.#uses, this.#names.length)
      this.#spots = grownU32(this.#spots, this.#names.length)
    }
    return pair
  }

  #giveUp(pair: number): void {
    this.#unplace(pair)
    this.#takeOut(pair)
    this.#unsorted.delete(pair)
    this.#symbols.release(this.#names[pair]!)
    this.#symbols.release(this.#values[pair]!)
    this.#places[pair] = this.#free
    this.#free = pair + 1
    this.#count--
  }

  /** Out of the list of its name, whose last pair takes its place: the list is in no order. */
  #takeOut(pair: number): void {
    const name = this.#names[pair]!
    const named = this.#byName.get(name)
    if (named === undefined) return
    const last = named.pop()
    if (last !== pair) {
      named.refs[this.#spots[pair]!] = last
      this.#spots[last] = this.#spots[pair]!
    }
    if (named.length === 0) this.#byName.delete(name)
  }

  #place(pair: number): void {
    const mask = this.#slots.length - 1
    let at = hashOf(this.#names[pair]!, this.#values[pair]!) & mask
    while (this.#slots[at] !== 0) at = (at + 1) & mask
    this.#slots[at] = pair + 1
  }

  /** Frees the slot and moves up what was pushed behind it. */
  #unplace(pair: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = hashOf(this.#names[pair]!, this.#values[pair]!) & mask
    while (slots[hole] !== pair + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const other = slots[at]! - 1
      const home = hashOf(this.#names[other]!, this.#values[other]!) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      slots[hole] = slots[at]!
      hole = at
    }
    slots[hole] = 0
  }

  #rehash(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const slot of before) if (slot !== 0) this.#place(slot - 1)
  }
}
