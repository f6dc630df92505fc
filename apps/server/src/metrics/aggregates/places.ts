/** The aggregates of one project as columns. A place is used again when its aggregate has ended; a generation tells the two apart. */
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
  readonly sketches: (Sketch | null)[] = []
  readonly names: string[] = []
  readonly #byRef = new Map<number, number>()
  readonly #free: number[] = []
  #generations = new Uint32Array(16)

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
    this.sketches[place] = null
    this.names[place] = name
    this.#byRef.set(ref, place)
    this.live++
    return place
  }

  remove(place: number, isReusable: boolean): void {
    this.#byRef.delete(this.refs[place]!)
    this.types[place] = noType
    this.dirty[place] = 0
    this.sketches[place] = null
    this.names[place] = ''
    this.#generations[place]!++
    if (isReusable) this.#free.push(place)
    this.live--
  }

  #reserve(count: number): void {
    if (count <= this.refs.length) return
    this.refs = grownU32(this.refs, count)
    const { length } = this.refs
    this.types = grownBytes(this.types, length, noType)
    this.dirty = grownBytes(this.dirty, length, 0)
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
