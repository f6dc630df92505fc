/**
 * Raw series of rules that make one series of several: last value and time of each, and the gauges of a series as a list. Typed columns by
 * slot, 45 bytes each, and a map from the series id, about 40 more. Bounded; what was silent longest goes first.
 */

import type { NativeHistogram } from '../metrics/index.ts'

export const noSlot = 0xffffffff

export class RawSeries {
  readonly #max: number
  readonly #byId = new Map<number, number>()
  readonly #free: number[] = []
  #made = 0
  id = new Float64Array(0)
  /** Ref under which it was met last; a role that says otherwise is out of date. */
  ref = new Uint32Array(0)
  /** Newest native histogram, of the few that are. */
  readonly histograms = new Map<number, NativeHistogram>()
  lastValue = new Float64Array(0)
  /** Time of the newest sample, ms; -Infinity: none yet. */
  lastMs = new Float64Array(0)
  /** When it came, seconds of this process. */
  seenSec = new Uint32Array(0)
  /** Place of the series that it goes into. */
  target = new Uint32Array(0)
  /** 1: part of a gauge's list. */
  isMember = new Uint8Array(0)
  next = new Uint32Array(0)
  previous = new Uint32Array(0)

  constructor(max: number) {
    this.#max = max
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#max
  }

  /** Nearly full. */
  get isPressed(): boolean {
    return this.#byId.size > this.#max * 0.9
  }

  get count(): number {
    return this.#byId.size
  }

  /** Slot of the series with this id, or `noSlot`. */
  find(id: number): number {
    return this.#byId.get(id) ?? noSlot
  }

  /** A slot for a new series; `noSlot` when the table is full. */
  take(id: number, target: number): number {
    if (this.isFull) return noSlot
    const slot = this.#free.pop() ?? this.#made++
    if (slot >= this.id.length) this.#grow()
    this.id[slot] = id
    this.lastValue[slot] = 0
    this.lastMs[slot] = -Infinity
    this.seenSec[slot] = 0
    this.target[slot] = target
    this.isMember[slot] = 0
    this.#byId.set(id, slot)
    return slot
  }

  give(slot: number): void {
    this.#byId.delete(this.id[slot]!)
    this.histograms.delete(slot)
    this.ref[slot] = noSlot
    this.#free.push(slot)
  }

  slots(): IterableIterator<number> {
    return this.#byId.values()
  }

  #grow(): void {
    const size = Math.min(Math.max(this.id.length * 2, 1024), this.#max)
    const floats = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size)
      to.set(from)
      return to
    }
    const words = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const to = new Uint32Array(size)
      to.set(from)
      return to
    }
    this.id = floats(this.id)
    this.lastValue = floats(this.lastValue)
    this.lastMs = floats(this.lastMs)
    this.seenSec = words(this.seenSec)
    this.ref = words(this.ref)
    this.target = words(this.target)
    this.next = words(this.next)
    this.previous = words(this.previous)
    const members = new Uint8Array(size)
    members.set(this.isMember)
    this.isMember = members
  }
}
