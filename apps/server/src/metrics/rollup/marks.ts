/**
 * Which five-minute buckets of which project the rollups answer for. Everything up to `closedMs` does, except the buckets that a
 * sample came into afterwards ("late"): those are marked the moment the sample becomes visible, and the mark is durable before the
 * sample is in the engine. A round takes marks, makes their buckets again, and forgets them, unless a sample came in meanwhile.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { bucketOf, bucketsPerHour, fiveMinutes, oneHour } from './spans.ts'

/** Buckets of one hour of one project; bit i of a mask is bucket i of the hour. */
export interface HourMask {
  readonly tenant: Tenant
  /** Hours since 1970. */
  readonly hour: number
  readonly mask: number
}

class LateHour {
  readonly tenant: Tenant
  readonly hour: number
  /** Waits to be made again. */
  mask = 0
  /** Of `mask`: also noted in the engine. */
  durable = 0
  /** Made by the round that runs. */
  taken = 0
  firstMs = 0
  newestMs = 0

  constructor(tenant: Tenant, hour: number) {
    this.tenant = tenant
    this.hour = hour
  }
}

export interface MarksDeps {
  readonly registry: Pick<SeriesRegistry, 'tenantOf'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** How long a mark rests: samples of one hour mostly come together. */
export interface RestTimes {
  /** Since the newest late sample. */
  readonly quietMs: number
  /** Since the first one, however many follow. */
  readonly atMostMs: number
}

export class RollupMarks {
  readonly #deps: MarksDeps
  /** By tenant and hour. */
  readonly #late = new Map<string, Map<number, LateHour>>()
  readonly #byIndex: Map<number, LateHour>[] = []
  #noteUpToMs = -Infinity
  #closedMs = -Infinity
  #unwritten = 0
  lateSamples = 0

  constructor(deps: MarksDeps) {
    this.#deps = deps
  }

  /** Buckets that end at or before this time are answered for, marks aside. */
  get closedMs(): number {
    return this.#closedMs
  }

  /** Some marks are in no table yet. */
  get hasUnwritten(): boolean {
    return this.#unwritten > 0
  }

  /** Marked buckets. */
  get lateCount(): number {
    let count = 0
    for (const hours of this.#late.values()) for (const { mask, taken } of hours.values()) count += bitCount(mask | taken)
    return count
  }

  /** From now on samples up to this time are late. Never goes back. */
  noteUpTo(timeMs: number): void {
    this.#noteUpToMs = Math.max(this.#noteUpToMs, timeMs)
  }

  /** The buckets up to this time are made. */
  close(timeMs: number): void {
    this.noteUpTo(timeMs)
    this.#closedMs = Math.max(this.#closedMs, timeMs)
  }

  /** To be called for samples before anyone is told that they are stored. Fast path: one comparison a sample. */
  note(refs: Uint32Array, timesMs: Float64Array, count: number): void {
    const upToMs = this.#noteUpToMs
    let first = 0
    while (first < count && timesMs[first]! > upToMs) first++
    if (first < count) this.#noteLate(refs, timesMs, first, count)
  }

  /** The bucket that a time lies in is to be made again, as if a late sample had come. */
  mark(tenant: Tenant, timeMs: number): void {
    if (timeMs > this.#noteUpToMs || timeMs <= 0) return
    const bucket = bucketOf(timeMs, fiveMinutes.bucketMs)
    const late = this.#lateHour(this.#hoursOf(tenant), tenant, Math.floor(bucket / bucketsPerHour))
    const bit = 1 << (bucket % bucketsPerHour)
    if (late.mask === 0) late.firstMs = late.newestMs = this.#deps.clock.monotonicMs()
    if ((late.mask & bit) === 0) this.#unwritten++
    late.mask |= bit
  }

  /** Marks read from the engine, or every hour that was never made. */
  restore({ tenant, hour, mask }: HourMask): void {
    const late = this.#lateHour(this.#hoursOf(tenant), tenant, hour)
    this.#unwritten -= bitCount(mask & late.mask & ~late.durable)
    late.mask |= mask
    late.durable |= mask
    late.firstMs = late.newestMs = -Infinity
  }

  /** What is in no table yet. It counts as written only after `written`. */
  unwritten(): HourMask[] {
    return this.#collect((late) => late.mask & ~late.durable)
  }

  written(marks: readonly HourMask[]): void {
    for (const { tenant, hour, mask } of marks) {
      const late = this.#hoursOf(tenant).get(hour)
      if (late === undefined) continue
      this.#unwritten -= bitCount(mask & late.mask & ~late.durable)
      late.durable |= mask & late.mask
    }
  }

  /** All marks, for a new table of them. */
  all(): HourMask[] {
    return this.#collect((late) => late.mask | late.taken)
  }

  /** Takes written marks that have rested, of buckets up to what is closed. To be followed by `made` or `giveBack`. */
  take({ quietMs, atMostMs }: RestTimes, hoursMax: number): HourMask[] {
    const nowMs = this.#deps.clock.monotonicMs()
    let left = hoursMax
    return this.#collect((late) => {
      if (left === 0 || late.durable === 0) return 0
      if (nowMs - late.newestMs < quietMs && nowMs - late.firstMs < atMostMs) return 0
      left--
      late.taken = late.durable
      late.mask &= ~late.durable
      late.durable = 0
      late.firstMs = nowMs
      return late.taken
    })
  }

  made(): void {
    for (const hours of this.#late.values()) {
      for (const late of hours.values()) {
        late.taken = 0
        if (late.mask === 0) hours.delete(late.hour)
      }
    }
  }

  giveBack(): void {
    for (const hours of this.#late.values()) {
      for (const late of hours.values()) {
        // The round may have struck the notes out though it heard of a failure: all of them are written again, under its number.
        const back = late.taken & ~late.mask
        this.#unwritten += bitCount(back)
        late.mask |= back
        late.durable &= ~back
        late.taken = 0
      }
    }
  }

  /** The first time after `fromMs` up to which the project's buckets are made, or `toMs`. `fromMs` is an edge of a bucket. */
  cleanUntilMs(tenant: Tenant, fromMs: number, toMs: number): number {
    let untilMs = Math.min(toMs, this.#closedMs)
    for (const { hour, mask, taken } of this.#hoursOf(tenant).values()) {
      for (let bits = mask | taken, bit = 0; bits >> bit !== 0; bit++) {
        const startMs = hour * oneHour.bucketMs + bit * fiveMinutes.bucketMs
        if (((bits >> bit) & 1) === 1 && startMs + fiveMinutes.bucketMs > fromMs) untilMs = Math.min(untilMs, startMs)
      }
    }
    return Math.max(untilMs, fromMs)
  }

  /** Marked buckets of the hour. */
  lateMask(tenant: Tenant, hour: number): number {
    const late = this.#hoursOf(tenant).get(hour)
    return late === undefined ? 0 : late.mask
  }

  #noteLate(refs: Uint32Array, timesMs: Float64Array, first: number, count: number): void {
    const nowMs = this.#deps.clock.monotonicMs()
    let index = -1
    let bucket = -1
    for (let i = first; i < count; i++) {
      const timeMs = timesMs[i]!
      if (timeMs > this.#noteUpToMs || timeMs <= 0) continue
      this.lateSamples++
      const owner = this.#deps.registry.tenantOf(refs[i]!)
      const itsBucket = bucketOf(timeMs, fiveMinutes.bucketMs)
      if (owner.index === index && itsBucket === bucket) continue
      index = owner.index
      bucket = itsBucket
      const hours = (this.#byIndex[index] ??= this.#hoursOf(owner.tenant))
      const late = this.#lateHour(hours, owner.tenant, Math.floor(bucket / bucketsPerHour))
      const bit = 1 << (bucket % bucketsPerHour)
      if (late.mask === 0) late.firstMs = nowMs
      late.newestMs = nowMs
      if ((late.mask & bit) === 0) this.#unwritten++
      late.mask |= bit
    }
  }

  #hoursOf({ organizationId, projectId }: Tenant): Map<number, LateHour> {
    const key = `${organizationId}/${projectId}`
    let hours = this.#late.get(key)
    if (hours === undefined) this.#late.set(key, (hours = new Map()))
    return hours
  }

  #lateHour(hours: Map<number, LateHour>, tenant: Tenant, hour: number): LateHour {
    let late = hours.get(hour)
    if (late === undefined) hours.set(hour, (late = new LateHour(tenant, hour)))
    return late
  }

  #collect(pick: (late: LateHour) => number): HourMask[] {
    const out: HourMask[] = []
    for (const hours of this.#late.values()) {
      for (const late of hours.values()) {
        const mask = pick(late)
        if (mask !== 0) out.push({ tenant: late.tenant, hour: late.hour, mask })
      }
    }
    return out
  }
}

function bitCount(mask: number): number {
  let count = 0
  for (let bits = mask; bits !== 0; bits &= bits - 1) count++
  return count
}
