/**
 * Open-addressing hash table from 64-bit series id to ref. A slot holds `ref + 1` (0 = free); the ids themselves are columns
 * indexed by ref, so a slot costs 4 bytes. Ids are SHA-256 output, hence already well mixed: the low half picks the slot.
 */
import { grownU32 } from './growable.ts'

const slotsMin = 1024

export class IdTable {
  #slots = new Uint32Array(slotsMin)
  #low = new Uint32Array(slotsMin)
  #high = new Uint32Array(slotsMin)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Ref of the id, or -1. */
  find(low: number, high: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const slot = slots[at]!
      if (slot === 0) return -1
      if (this.#low[slot - 1] === low && this.#high[slot - 1] === high) return slot - 1
    }
  }

  /** Adds an id that is not in the table under a ref that is not. */
  add(ref: number, low: number, high: number): void {
    this.#low = grownU32(this.#low, ref + 1)
    this.#high = grownU32(this.#high, this.#low.length)
    this.#low[ref] = low
    this.#high[ref] = high
    this.#count++
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    this.#place(ref)
  }

  /** Takes the ref's id out; it can still be read. Moves up what was pushed behind its slot. */
  remove(ref: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = this.#low[ref]! & mask
    while (slots[hole] !== ref + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#low[slots[at]! - 1]! & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      slots[hole] = slots[at]!
      hole = at
    }
    slots[hole] = 0
    this.#count--
  }

  lowOf(ref: number): number {
    return this.#low[ref]!
  }

  highOf(ref: number): number {
    return this.#high[ref]!
  }

  get sizeBytes(): number {
    return this.#slots.byteLength + this.#low.byteLength + this.#high.byteLength
  }

  #place(ref: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let at = this.#low[ref]! & mask
    while (slots[at] !== 0) at = (at + 1) & mask
    slots[at] = ref + 1
  }

  #rehash(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const slot of before) if (slot !== 0) this.#place(slot - 1)
  }
}
