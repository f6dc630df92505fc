/**
 * The aggregates of one project as columns. A place is used again some time after its aggregate has ended, once nothing names it any more;
 * a generation tells the two apart.
 */
import { grownF64, grownU32 } from '../series/growable.ts'
import type { AggregateType } from './ports.ts'
import type { Sketch } from './sketch.ts'

/** A handle is generation * 2^22 + place: a whole number below 2^53. */
const placesMax = 2 ** 22
const placeMask = placesMax - 1

export const aggregateTypes: readonly AggregateType[] = ['counter', 'gauge', 'distribution', 'set']
export const counterType = 0
export const gaugeType = 1
export const distributionType = 2
export const setType = 3

/** A free place. */
const noType = 255

export class Places {
  /** Places ever used; some of them are free. */
  end = 0
  live = 0
  refs = new Uint32Array(16)
  types = new Uint8Array(16).fill(noType)
  /** Counter: total. Gauge: value. Set: distinct members of the interval. */
  values = new Float64Array(16)
  /** Time of the newest sample that is durable, ms since 1970; 0: none. */
  emittedMs = new Float64Array(16)
  /** When it was last observed, as of the flush after; monotonic. */
  observedMs = new Float64Array(16)
  /** 1: observed since the last flush. */
  dirty = new Uint8Array(16)
  /** 1: the index has the series with fewer labels than were asked for, because a rule makes one of many. */
  rewritten = new Uint8Array(16)
  readonly sketches: (Sketch | null)[] = []
  readonly names: string[] = []
  readonly #byRef = new Map<number, number>()
  readonly #free: number[] = []
  /** Removed, not to be used again yet. */
  readonly #resting: number[] = []
  readonly #max: number
  #generations = new Uint32Array(16)
  /** 1: nobody has found it since its handles were given up. */
  #unlearned = new Uint8Array(16)
  /** Places that are so. */
  unlearnedCount = 0

  constructor(max = placesMax) {
    this.#max = max
  }

  /** No handle could name one more. */
  get isFull(): boolean {
    return this.#free.length === 0 && this.end === this.#max
  }

  /** Removed places that are not used again yet. */
  get restingCount(): number {
    return this.#resting.length
  }

  /** The place that a handle of this type means, or -1. */
  placeOf(handle: number, type: number): number {
    const place = handle & placeMask
    if (place >= this.end || this.types[place] !== type) return -1
    return this.#generations[place] === Math.floor(handle / placesMax) ? place : -1
  }

  handleOf(place: number): number {
    return this.#generations[place]! * placesMax + place
  }

  /** The place of a series, or -1. */
  find(ref: number): number {
    return this.#byRef.get(ref) ?? -1
  }

  /** Its handles mean nothing from now on; what it holds stays, for whoever finds its series again. */
  unlearn(place: number): void {
    if (this.#unlearned[place] === 1) return
    this.#generations[place]!++
    this.#unlearned[place] = 1
    this.unlearnedCount++
  }

  /** It is found again: it has handles as any other. */
  learn(place: number): void {
    this.unlearnedCount -= this.#unlearned[place]!
    this.#unlearned[place] = 0
  }

  isLive(place: number): boolean {
    return this.types[place] !== noType
  }

  add(ref: number, type: number, name: string, nowMs: number): number {
    const place = this.#free.pop() ?? this.end++
    this.#reserve(this.end)
    this.refs[place] = ref
    this.types[place] = type
    this.values[place] = 0
    this.emittedMs[place] = 0
    this.observedMs[place] = nowMs
    this.dirty[place] = 0
    this.rewritten[place] = 0
    this.sketches[place] = null
    this.names[place] = name
    this.#byRef.set(ref, place)
    this.live++
    return place
  }

  remove(place: number): void {
    this.#byRef.delete(this.refs[place]!)
    this.learn(place)
    this.types[place] = noType
    this.dirty[place] = 0
    this.sketches[place] = null
    this.names[place] = ''
    this.#generations[place]!++
    this.#resting.push(place)
    this.live--
  }

  /** The first `count` of the resting places are named by nobody any more. */
  reuse(count: number): void {
    for (const place of this.#resting.splice(0, count)) this.#free.push(place)
  }

  #reserve(count: number): void {
    if (count <= this.refs.length) return
    this.refs = grownU32(this.refs, count)
    const { length } = this.refs
    this.types = grownBytes(this.types, length, noType)
    this.dirty = grownBytes(this.dirty, length, 0)
    this.rewritten = grownBytes(this.rewritten, length, 0)
    this.#unlearned = grownBytes(this.#unlearned, length, 0)
    this.values = grownF64(this.values, length)
    this.emittedMs = grownF64(this.emittedMs, length)
    this.observedMs = grownF64(this.observedMs, length)
    this.#generations = grownU32(this.#generations, length)
  }
}

function grownBytes(array: Uint8Array<ArrayBuffer>, length: number, fill: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(length).fill(fill)
  next.set(array)
  return next
}
