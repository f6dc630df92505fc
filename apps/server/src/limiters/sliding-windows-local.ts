/**
 * Sliding windows of this process: a ring of granules for each counter. Exact because nothing else runs between looking and using. At most
 * `countersMax` counters are kept: those whose window has passed are forgotten first, then those that began first.
 */
import type { Clock } from '../kernel/clock.ts'
import type { AcquiredQuotas, GrantedQuota, LocalSlidingWindowLimiter, Quota, RequestedQuota } from './ports.ts'
import { checkRequests, counterName, type CounterUse, granuleCount, newestGranule, usesOf } from './sliding-windows.ts'

export interface LocalLimiterOptions {
  readonly clock: Pick<Clock, 'nowMs'>
  /** Bound of memory, about 200 bytes each with ten granules. */
  readonly countersMax?: number
  /** A counter was forgotten before its window had passed. */
  readonly onForgotten?: () => void
}

const defaultCountersMax = 200_000

/** Uses of the granules `(newest - length, newest]`; granule g is at `g mod length`. */
class WindowCounter {
  readonly #used: Float64Array
  readonly granularitySeconds: number
  #newest: number

  constructor(granules: number, granularitySeconds: number, newest: number) {
    this.#used = new Float64Array(granules)
    this.granularitySeconds = granularitySeconds
    this.#newest = newest
  }

  /** Used in the window that ends with `granule`. A clock that went back sees the window as it was last. */
  used(granule: number): number {
    this.#advance(granule)
    let sum = 0
    for (const count of this.#used) sum += count
    return sum
  }

  add(granule: number, count: number): void {
    this.#advance(granule)
    // What a clock that went back uses counts in the newest granule: never less than it should.
    const slot = this.#at(this.#newest)
    this.#used[slot] = (this.#used[slot] ?? 0) + count
  }

  giveBack(granule: number, count: number): void {
    const at = Math.min(granule, this.#newest)
    if (at <= this.#newest - this.#used.length) return
    const slot = this.#at(at)
    this.#used[slot] = Math.max((this.#used[slot] ?? 0) - count, 0)
  }

  isOver(granule: number): boolean {
    return granule - this.#newest >= this.#used.length
  }

  #advance(granule: number): void {
    const steps = Math.min(granule - this.#newest, this.#used.length)
    if (steps <= 0) return
    for (let i = 0; i < steps; i++) this.#used[this.#at(granule - i)] = 0
    this.#newest = granule
  }

  #at(granule: number): number {
    const { length } = this.#used
    return ((granule % length) + length) % length
  }
}

export class LocalSlidingWindows implements LocalSlidingWindowLimiter {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #countersMax: number
  readonly #onForgotten: () => void
  readonly #counters = new Map<string, WindowCounter>()
  /** Size from which the next sweep is worth its time. */
  #sweepFrom = 1024

  constructor({ clock, countersMax = defaultCountersMax, onForgotten = () => {} }: LocalLimiterOptions) {
    this.#clock = clock
    this.#countersMax = countersMax
    this.#onForgotten = onForgotten
  }

  get counterCount(): number {
    return this.#counters.size
  }

  acquireNow(requests: readonly RequestedQuota[]): AcquiredQuotas {
    checkRequests(requests)
    const timestampSeconds = Math.floor(this.#clock.nowMs() / 1000)
    const grants: GrantedQuota[] = []
    for (const request of requests) {
      const grant = this.#look(request, timestampSeconds)
      if (grant.granted > 0) this.charge({ timestampSeconds, grants: [grant] })
      grants.push(grant)
    }
    return { timestampSeconds, grants }
  }

  releaseNow(acquired: AcquiredQuotas, unused?: readonly number[]): void {
    for (const { counter, quota, count } of usesOf(acquired, unused)) {
      this.#counters.get(counter)?.giveBack(newestGranule(quota, acquired.timestampSeconds), count)
    }
  }

  /** Counts what was granted elsewhere. */
  charge(acquired: AcquiredQuotas): void {
    for (const use of usesOf(acquired)) this.#add(use, acquired.timestampSeconds)
  }

  acquire(requests: readonly RequestedQuota[]): Promise<AcquiredQuotas> {
    return Promise.resolve(this.acquireNow(requests))
  }

  release(acquired: AcquiredQuotas, unused?: readonly number[]): Promise<void> {
    this.releaseNow(acquired, unused)
    return Promise.resolve()
  }

  #look({ prefix, requested, quotas }: RequestedQuota, timestampSeconds: number): GrantedQuota {
    let granted = requested
    const reachedQuotas: Quota[] = []
    for (const quota of quotas) {
      const used = this.#counters.get(counterName(quota, prefix))?.used(newestGranule(quota, timestampSeconds)) ?? 0
      const left = Math.max(quota.limit - used, 0)
      if (left >= granted) continue
      granted = left
      reachedQuotas.push(quota)
    }
    return { prefix, granted, reachedQuotas, quotas }
  }

  #add({ counter, quota, count }: CounterUse, timestampSeconds: number): void {
    const granule = newestGranule(quota, timestampSeconds)
    let found = this.#counters.get(counter)
    if (found === undefined) {
      this.#makeRoom(timestampSeconds)
      found = new WindowCounter(granuleCount(quota), quota.granularitySeconds, granule)
      this.#counters.set(counter, found)
    }
    found.add(granule, count)
  }

  #makeRoom(timestampSeconds: number): void {
    const counters = this.#counters
    if (counters.size >= Math.min(this.#sweepFrom, this.#countersMax)) {
      for (const [name, counter] of counters) {
        if (counter.isOver(Math.floor(timestampSeconds / counter.granularitySeconds) - 1)) counters.delete(name)
      }
      this.#sweepFrom = Math.max(counters.size * 2, 1024)
    }
    if (counters.size < this.#countersMax) return
    // A sweep for every further one would be too much work: a tenth is let go at once.
    let surplus = Math.ceil(this.#countersMax / 10)
    for (const name of counters.keys()) {
      if (surplus-- <= 0) break
      counters.delete(name)
      this.#onForgotten()
    }
  }
}
