/**
 * Distinct members of the sets of one project in one flush interval: an open hash table over columns of (aggregate, hash). The order in which
 * they came is kept, so that what was written already is a number.
 */
import { grownU32 } from '../series/growable.ts'
import type { SetRows } from '../sets/set-rows.ts'

const firstSlots = 1024

export class MemberTable {
  readonly #max: number
  count = 0
  /** Members before this one are durable. */
  written = 0
  #places = new Uint32Array(firstSlots / 2)
  #lows = new Uint32Array(firstSlots / 2)
  #highs = new Uint32Array(firstSlots / 2)
  /** 1 + position in the columns; 0 is free. */
  #slots = new Uint32Array(firstSlots)

  constructor(membersMax: number) {
    this.#max = membersMax
  }

  /** 'full': it is new and there is no room. */
  add(place: number, low: number, high: number): 'new' | 'known' | 'full' {
    let slot = this.#slotOf(place, low, high)
    if (this.#slots[slot] !== 0) return 'known'
    if (this.count >= this.#max) return 'full'
    if ((this.count + 1) * 2 > this.#slots.length) {
      this.#rehash(this.#slots.length * 2)
      slot = this.#slotOf(place, low, high)
    }
    const at = this.count++
    this.#places = grownU32(this.#places, this.count)
    this.#lows = grownU32(this.#lows, this.count)
    this.#highs = grownU32(this.#highs, this.count)
    this.#places[at] = place
    this.#lows[at] = low
    this.#highs[at] = high
    this.#slots[slot] = at + 1
    return 'new'
  }

  /**
   * Appends what is not written yet to `rows`, a row for each aggregate; none of those that have no ref (-1) any more. `end`: places are below it.
   * Sorted by counting, because there may be a million.
   */
  copyNew(rows: SetRows, timeMs: number, { end, refOf }: { end: number; refOf: (place: number) => number }): void {
    if (this.count === this.written) return
    const ends = new Uint32Array(end + 1)
    for (let at = this.written; at < this.count; at++) ends[this.#places[at]! + 1]!++
    for (let place = 0; place < end; place++) ends[place + 1]! += ends[place]!
    const starts = ends.slice(0, end)
    const order = new Uint32Array(this.count - this.written)
    for (let at = this.written; at < this.count; at++) order[starts[this.#places[at]!]!++] = at
    for (let place = 0; place < end; place++) {
      const ref = ends[place] === ends[place + 1] ? -1 : refOf(place)
      if (ref === -1) continue
      rows.begin(ref, timeMs)
      for (let i = ends[place]!; i < ends[place + 1]!; i++) rows.add(this.#lows[order[i]!]!, this.#highs[order[i]!]!)
    }
  }

  /** Forgets the first `count` members; calls `kept` with the place of each that stays. */
  forget(count: number, kept: (place: number) => void): void {
    const total = this.count
    this.count = 0
    this.written = 0
    const size = total - count > this.#slots.length / 8 ? this.#slots.length : Math.max(firstSlots, this.#slots.length / 4)
    this.#slots = new Uint32Array(size)
    for (let at = count; at < total; at++) {
      this.add(this.#places[at]!, this.#lows[at]!, this.#highs[at]!)
      kept(this.#places[at]!)
    }
  }

  #slotOf(place: number, low: number, high: number): number {
    const mask = this.#slots.length - 1
    let slot = (Math.imul(low ^ Math.imul(place, 0x9e3779b1), 0x85ebca6b) >>> 7) & mask
    for (;;) {
      const at = this.#slots[slot]! - 1
      if (at === -1 || (this.#lows[at] === low && this.#highs[at] === high && this.#places[at] === place)) return slot
      slot = (slot + 1) & mask
    }
  }

  #rehash(size: number): void {
    this.#slots = new Uint32Array(size)
    for (let at = 0; at < this.count; at++) {
      this.#slots[this.#slotOf(this.#places[at]!, this.#lows[at]!, this.#highs[at]!)] = at + 1
    }
  }
}
