/**
 * The aggregates of one project: observations go into columns, a flush turns what they are into one batch. Nothing that was observed is lost
 * when a batch is not stored: totals are still there, members and timed values are kept for the next flush.
 */
import type { Tenant } from '../../kernel/scope.ts'
import { aggregateIdleMs, gaugeIdleMs, membersPerFlushMax, sketchBucketsMax, sketchBucketsMin, timedValuesMax } from '../limits.ts'
import type { Labels, MetricMetadata, MetricType } from '../model.ts'
import { droppedByRule, type MetricsIngest } from '../ports.ts'
import { nameLabel } from '../series/labels.ts'
import { setBucketMs } from '../sets/ports.ts'
import { aggregateTypes, counterType, distributionType, gaugeType, Places, setType } from './places.ts'
import { FlushBatch } from './flush-batch.ts'
import { MemberTable } from './member-table.ts'
import type { AggregateRefusal, AggregateType, FoundAggregate, ProjectAggregates } from './ports.ts'
import { Sketch } from './sketch.ts'
import { TimedValues } from './timed-values.ts'

/** What all projects share. */
export interface AggregateTotals {
  aggregates: number
  buckets: number
  readonly aggregatesMax: number
  readonly perProjectMax: number
  readonly bucketsMax: number
}

export interface ProjectDeps {
  readonly ingest: MetricsIngest
  readonly totals: AggregateTotals
  readonly clock: { nowMs(): number; monotonicMs(): number }
  /** Labels that the index has of a series: fewer than were asked for where a rule makes one of many. Without it none does. */
  readonly labelCountOf?: ((ref: number) => number) | undefined
  readonly membersMax?: number
}

/** Aggregates in one batch: some milliseconds of work. */
const placesPerBatchMax = 5_000

/** As people see the metric in its description. */
const metricTypes: Readonly<Record<AggregateType, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  distribution: 'histogram',
  set: 'gauge',
}

const setHelp = 'Distinct members in each flush interval; the whole is a set.'

/** What a metric is now, and how many aggregates say so. */
interface KnownName {
  readonly type: AggregateType
  aggregates: number
}

export class Project implements ProjectAggregates {
  readonly #deps: ProjectDeps
  readonly #places = new Places()
  readonly #names = new Map<string, KnownName>()
  readonly #members: MemberTable
  readonly #timed = new TimedValues(timedValuesMax)
  readonly #out: FlushBatch
  #news: MetricMetadata[] = []
  /** Places observed since the last flush, each once. */
  #dirty: number[] = []
  #points = 0
  #refused = new Map<string, number>()
  /** No sample is written at or before this time but those of gauges with times of their own. */
  #flushedMs: number
  #setsFromMs: number
  #flushing: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | null = null

  constructor(tenant: Tenant, deps: ProjectDeps) {
    this.#deps = deps
    this.#out = new FlushBatch(tenant, this.#places)
    this.#members = new MemberTable(deps.membersMax ?? membersPerFlushMax)
    this.#flushedMs = this.#setsFromMs = deps.clock.nowMs()
  }

  get size(): number {
    return this.#places.live
  }

  find(type: AggregateType, labels: Labels, unit = ''): FoundAggregate {
    const name = labels.find(([label]) => label === nameLabel)?.[1] ?? ''
    const known = this.#names.get(name)
    if (known !== undefined && known.type !== type) return refusal('type_changed', `${name} is a ${known.type}, and came as a ${type}`)
    const { ingest, totals, clock } = this.#deps
    const ref = ingest.series.resolve(this.#out.batch.tenant, labels)
    if (ref === droppedByRule) return refusal('dropped_by_rule', `${name}: a rule of the project drops the series`)
    if (ref < 0) return refusal('series_limit', `${name}: the project has as many series as are allowed`)
    const existing = this.#places.find(ref)
    if (existing !== -1) {
      this.#places.learn(existing)
      this.#noteRewritten(existing, labels)
      return { type: 'ok', handle: this.#places.handleOf(existing) }
    }
    if (totals.aggregates >= totals.aggregatesMax || this.#places.live >= totals.perProjectMax || this.#places.isFull)
      return refusal('aggregate_limit', `${name}: ${this.#places.live} aggregates, no more are allowed`)
    const code = aggregateTypes.indexOf(type)
    const place = this.#places.add(ref, code, name, clock.monotonicMs())
    this.#noteRewritten(place, labels)
    if (code === distributionType) this.#places.sketches[place] = new Sketch()
    totals.aggregates++
    if (known !== undefined) known.aggregates++
    else {
      this.#names.set(name, { type, aggregates: 1 })
      this.#news.push({ name, type: metricTypes[type], unit, help: type === 'set' ? setHelp : '' })
    }
    return { type: 'ok', handle: this.#places.handleOf(place) }
  }

  increment(handle: number, amount: number): boolean {
    const place = this.#places.placeOf(handle, counterType)
    if (place === -1) return false
    this.#move(place, amount)
    return true
  }

  setGauge(handle: number, value: number): boolean {
    const place = this.#places.placeOf(handle, gaugeType)
    if (place === -1) return false
    this.#places.values[place] = value
    this.#observed(place)
    return true
  }

  moveGauge(handle: number, delta: number): boolean {
    const place = this.#places.placeOf(handle, gaugeType)
    if (place === -1) return false
    this.#move(place, delta)
    return true
  }

  putGauge(handle: number, value: number, timeMs: number): boolean {
    const place = this.#places.placeOf(handle, gaugeType)
    if (place === -1) return false
    this.#places.observedMs[place] = this.#deps.clock.monotonicMs()
    this.#points++
    if (!this.#timed.add(this.#places.refs[place]!, value, timeMs)) this.#refuseOwn('timed_values_limit')
    return true
  }

  observe(handle: number, value: number, weight: number): boolean {
    const place = this.#places.placeOf(handle, distributionType)
    const sketch = place === -1 ? null : this.#places.sketches[place]
    if (sketch === null || sketch === undefined) return false
    this.#observed(place)
    if (!Number.isFinite(sketch.sum + value * weight)) this.#refuseOwn('value_not_finite')
    else if (sketch.add(value, weight)) this.#grew(sketch)
    return true
  }

  addMember(handle: number, low: number, high: number): boolean {
    const place = this.#places.placeOf(handle, setType)
    if (place === -1) return false
    const answer = this.#members.add(place, low, high)
    if (answer === 'new') this.#places.values[place]!++
    this.#observed(place)
    if (answer === 'full') this.#refuseOwn('set_members_limit')
    return true
  }

  refuse(reason: string, points: number): void {
    this.#points += points
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + points)
  }

  /** A write that has not begun takes all that was observed until it begins. */
  commit(): Promise<void> {
    return (this.#waiting ??= this.#next(false))
  }

  /** The end of a flush interval: everything is written once more, idle aggregates end, sets begin anew. Errors: as `commit`. */
  flush(): Promise<void> {
    return this.#next(true)
  }

  /**
   * Series that may leave the index, or that rules may make others of: they are found anew. What was observed stays and is written under the
   * ref it has, which brings a series back. Only what a rule made one of many goes: once the rule is gone there is no such series.
   */
  unlearn(isGone: (ref: number) => boolean): void {
    const places = this.#places
    const isOneOfMany = (ref: number): boolean => isGone(ref) && places.rewritten[places.find(ref)] === 1
    if (this.#timed.count > 0) this.#timed.drop(isOneOfMany)
    for (let place = 0; place < places.end; place++) {
      if (!places.isLive(place) || !isGone(places.refs[place]!)) continue
      if (places.rewritten[place] === 1) this.#remove(place)
      else places.unlearn(place)
    }
  }

  /** The refs mean other series now. Only what was unlearned can have such a ref. */
  clear(refs: Uint32Array): void {
    if (this.#timed.count > 0) {
      const gone = new Set(refs)
      this.#timed.drop((ref) => gone.has(ref))
    }
    if (this.#places.unlearnedCount === 0) return
    for (const ref of refs) {
      const place = this.#places.find(ref)
      if (place !== -1) this.#remove(place)
    }
  }

  #next(ends: boolean): Promise<void> {
    const run = async (): Promise<void> => {
      if (!ends) this.#waiting = null
      await this.#write(ends)
    }
    const next = this.#flushing.then(run, run)
    this.#flushing = next.catch(() => {})
    return next
  }

  /** In batches, so that a large project does not keep others waiting. What of the first was not stored is in the next flush, and all after it. */
  async #write(ends: boolean): Promise<void> {
    // Never back, and never onto the zero samples, which stand just behind the last flush.
    const timeMs = Math.max(this.#deps.clock.nowMs(), this.#flushedMs + 2)
    this.#out.beginFlush(timeMs, this.#flushedMs + 1)
    this.#flushedMs = timeMs
    const dirty = this.#dirty
    this.#dirty = []
    // Members that name a place came before it was removed: this flush forgets them.
    const unnamed = this.#places.restingCount
    let from = 0
    try {
      const members = await this.#writeFirst(dirty.slice(0, placesPerBatchMax))
      for (from = placesPerBatchMax; from < dirty.length; from += placesPerBatchMax) {
        this.#out.begin()
        this.#addDirty(dirty.slice(from, from + placesPerBatchMax))
        await this.#store()
      }
      if (!ends) this.#members.written = members
      else {
        await this.#writeIdle()
        this.#beginSets(members, timeMs)
        this.#places.reuse(unnamed)
      }
    } catch (error) {
      this.#markAgain(dirty.slice(from))
      throw error
    }
  }

  /** The first places, and all that is not counted by places. Gives how many members are written. */
  async #writeFirst(places: readonly number[]): Promise<number> {
    const out = this.#out
    out.begin()
    this.#addDirty(places)
    const members = this.#members.count
    const minuteMs = Math.floor(this.#setsFromMs / setBucketMs) * setBucketMs
    this.#members.copyNew(out.batch.sets, minuteMs, { end: this.#places.end, refOf: (place) => this.#refOfSet(place) })
    this.#timed.takeInto(out.batch)
    const news = this.#news.length
    out.batch.metadata.push(...this.#news)
    const accepted = this.#takePoints()
    try {
      await this.#store()
    } catch (error) {
      this.#points += accepted
      this.#timed.putBack()
      throw error
    }
    this.#timed.stored()
    this.#news.splice(0, news)
    return members
  }

  #addDirty(places: readonly number[]): void {
    const monotonicMs = this.#deps.clock.monotonicMs()
    for (const place of places) {
      if (this.#places.dirty[place] === 0) continue
      this.#places.dirty[place] = 0
      this.#places.observedMs[place] = monotonicMs
      this.#out.addPresent(place)
    }
  }

  /** Floats that did not change are written again, so that they do not look ended; those idle for too long end. */
  async #writeIdle(): Promise<void> {
    const { end } = this.#places
    for (let from = 0; from < end; from += placesPerBatchMax) {
      this.#out.begin()
      const ended = this.#addIdle(from, Math.min(from + placesPerBatchMax, end))
      await this.#store()
      // Some may have gone meanwhile.
      for (const place of ended) if (this.#places.isLive(place) && this.#places.dirty[place] === 0) this.#remove(place)
    }
  }

  /** Gives the places that end. */
  #addIdle(from: number, to: number): number[] {
    const { types, observedMs, emittedMs, dirty } = this.#places
    const monotonicMs = this.#deps.clock.monotonicMs()
    const ended: number[] = []
    for (let place = from; place < to; place++) {
      if (!this.#places.isLive(place) || this.#out.has(place) || dirty[place] === 1) continue
      const idleMs = types[place] === gaugeType ? gaugeIdleMs : aggregateIdleMs
      if (monotonicMs - observedMs[place]! < idleMs) {
        if (types[place] !== distributionType && emittedMs[place]! > 0) this.#out.addPresent(place)
        continue
      }
      this.#out.addEnd(place)
      ended.push(place)
    }
    return ended
  }

  /** Of these some are marked and in no list, some were marked anew meanwhile. */
  #markAgain(places: readonly number[]): void {
    const all = [...this.#dirty, ...places]
    for (const place of all) this.#places.dirty[place] = 0
    this.#dirty = []
    for (const place of all) this.#markDirty(place)
  }

  async #store(): Promise<void> {
    if (this.#out.isEmpty) return
    await this.#deps.ingest.accept(this.#out.batch, 0)
    this.#out.settle()
  }

  /** Sets of the next interval begin with what came while the last one was written. */
  #beginSets(written: number, timeMs: number): void {
    const { types, values, end } = this.#places
    this.#setsFromMs = timeMs
    for (let place = 0; place < end; place++) if (types[place] === setType) values[place] = 0
    if (written > 0) this.#members.forget(written, (place) => void values[place]!++)
  }

  /** Moves what was counted into the batch; gives the points that are in it and not refused. */
  #takePoints(): number {
    const { batch } = this.#out
    batch.pointsReceived = this.#points
    for (const [reason, points] of this.#refused) batch.refuse(reason, points, '')
    this.#points = 0
    this.#refused = new Map()
    return batch.pointsReceived - batch.refusedTotal
  }

  #move(place: number, by: number): void {
    this.#observed(place)
    const moved = this.#places.values[place]! + by
    if (Number.isFinite(moved)) this.#places.values[place] = moved
    else this.#refuseOwn('value_not_finite')
  }

  #observed(place: number): void {
    this.#points++
    this.#markDirty(place)
  }

  #markDirty(place: number): void {
    if (this.#places.dirty[place] === 1 || !this.#places.isLive(place)) return
    this.#places.dirty[place] = 1
    this.#dirty.push(place)
  }

  /** The point is counted as received already. */
  #refuseOwn(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }

  #grew(sketch: Sketch): void {
    const { totals } = this.#deps
    totals.buckets++
    const isCrowded = totals.buckets > totals.bucketsMax && sketch.bucketCount > sketchBucketsMin
    if (sketch.bucketCount <= sketchBucketsMax && !isCrowded) return
    const before = sketch.bucketCount
    sketch.coarsen()
    totals.buckets -= before - sketch.bucketCount
  }

  #refOfSet(place: number): number {
    return this.#places.types[place] === setType ? this.#places.refs[place]! : -1
  }

  #noteRewritten(place: number, labels: Labels): void {
    const { labelCountOf } = this.#deps
    if (labelCountOf !== undefined && labels.length > 1 && labelCountOf(this.#places.refs[place]!) < labels.length)
      this.#places.rewritten[place] = 1
  }

  #remove(place: number): void {
    const name = this.#places.names[place] ?? ''
    const known = this.#names.get(name)
    if (known !== undefined && --known.aggregates === 0) this.#names.delete(name)
    const { totals } = this.#deps
    totals.aggregates--
    totals.buckets -= this.#places.sketches[place]?.bucketCount ?? 0
    this.#places.remove(place)
  }
}

function refusal(reason: AggregateRefusal, detail: string): FoundAggregate {
  return { type: 'reject', reason, detail }
}
