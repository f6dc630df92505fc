/**
 * Where the merged series stand: raw series name theirs by its place. A place that was given up means another series only after a sweep, when
 * no raw series names it any more.
 */
import { learningMs } from './limits.ts'
import type { MergedSeries } from './merged-series.ts'

interface Former {
  readonly merged: MergedSeries
  readonly forgottenMs: number
}

export class MergedPlaces {
  readonly #merged: (MergedSeries | null)[] = []
  readonly #placeByRef = new Map<number, number>()
  readonly #free: number[] = []
  #dead: number[] = []
  /** What was said last of series whose rule changed: the store may not have it yet. By ref; no more than there were series. */
  readonly #former = new Map<number, Former>()

  /** Null: the place was given up. */
  at(place: number): MergedSeries | null {
    return this.#merged[place] ?? null
  }

  placeOf(ref: number): number | undefined {
    return this.#placeByRef.get(ref)
  }

  of(ref: number): MergedSeries | null {
    const place = this.#placeByRef.get(ref)
    return place === undefined ? null : this.at(place)
  }

  entries(): IterableIterator<[ref: number, place: number]> {
    return this.#placeByRef.entries()
  }

  put(merged: MergedSeries): number {
    const place = this.#free.pop() ?? this.#merged.length
    this.#merged[place] = merged
    this.#placeByRef.set(merged.ref, place)
    this.#former.delete(merged.ref)
    return place
  }

  /** The ref means nothing any more, or another series. */
  forget(ref: number): void {
    this.#former.delete(ref)
    const place = this.#placeByRef.get(ref)
    if (place === undefined) return
    this.#merged[place] = null
    this.#placeByRef.delete(ref)
    this.#dead.push(place)
  }

  /** Another rule makes the series of this ref from now on, going on from where this one was. */
  retire(ref: number, nowMs: number): void {
    const merged = this.of(ref)
    this.forget(ref)
    if (merged !== null) this.#former.set(ref, { merged, forgottenMs: nowMs })
  }

  /** The series that the ref was under another rule until lately. */
  former(ref: number): MergedSeries | null {
    return this.#former.get(ref)?.merged ?? null
  }

  /** Places that are given up now; to be given back once no raw series names them. */
  takeDead(): readonly number[] {
    const dead = this.#dead
    this.#dead = []
    return dead
  }

  giveBack(places: readonly number[], nowMs: number): void {
    for (const place of places) this.#free.push(place)
    // Longer than any batch waits to be stored.
    for (const [ref, { forgottenMs }] of this.#former) if (nowMs - forgottenMs > learningMs) this.#former.delete(ref)
  }
}
