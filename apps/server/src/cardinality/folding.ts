/**
 * Applies the rules of projects to batches: samples of raw series become samples of the series that the rules leave, before anything is logged.
 * A raw series is known by its ref; one that no rule touches costs an array read, and a project without rules nothing.
 *
 * Counters (and sums, counts and buckets) are summed by what each raw series grew by, a fall being a reset. Every batch says the new total, so
 * the total is as durable as the batch; after a restart it goes on from the newest stored value, and of each raw series the growth between its
 * last sample before and its first after is lost.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  STALE,
  type FoldedRows,
  type Labels,
  type MetricMetadata,
  type NativeHistogram,
  type MetricsBatch,
  type SeriesFolding,
  type SeriesRules,
} from '../metrics/index.ts'
import { learningMs, rawSeriesMax } from './limits.ts'
import { HistogramSum } from './histogram-sum.ts'
import { MergedPlaces } from './merged-places.ts'
import { MergedSeries } from './merged-series.ts'
import type { GaugeFunction } from './ports.ts'
import { RawRows } from './raw-rows.ts'
import { noSlot, RawSeries } from './raw-series.ts'
import { isGrowing, nameOf, RuleSet, type ActiveRule, type CompiledRule } from './rule-set.ts'
import { sweeping } from './sweep.ts'

/** The part of the index that folding needs. */
export interface FoldableSeries {
  resolve(tenant: Tenant, labels: Labels): number
  labels(ref: number): Labels
  idLow(ref: number): number
  idHigh(ref: number): number
  forgetTenant(tenant: Tenant): void
  /** A raw series of which nothing is stored stays in the index while it is seen. */
  readonly columns: { readonly seenMinute: Uint32Array; readonly nowMinute: number }
}

export interface FoldingDeps {
  readonly series: FoldableSeries
  /** Newest stored sample of a series in memory; null: none is known. */
  readonly newest: (ref: number) => { readonly timeMs: number; readonly value: number } | null
  readonly describe: (tenant: Tenant, name: string) => Pick<MetricMetadata, 'type'> | null
  readonly clock: Pick<Clock, 'nowMs'>
  readonly rawMax?: number
}

/** What a ref is, when it is not the slot of a raw series plus `firstRaw`. */
const unknown = 0
const plain = 1
const dropped = 2
const firstRaw = 3

const reasonOfDrop = 'rule_drop_metric'
const reasonOfLate = 'rule_out_of_order'
const reasonOfLimit = 'rule_series_limit'
const reasonOfHistogram = 'rule_native_histogram'

export class Folding implements SeriesFolding, SeriesRules {
  readonly #deps: FoldingDeps
  readonly #raw: RawSeries
  readonly #rows = new RawRows()
  readonly #sets = new Map<string, RuleSet>()
  readonly #startedMs: number
  /** By ref. */
  #roles = new Uint32Array(0)
  readonly #places = new MergedPlaces()
  readonly #touched: MergedSeries[] = []
  readonly #out = new Map<string, number>()

  constructor(deps: FoldingDeps) {
    this.#deps = deps
    this.#raw = new RawSeries(deps.rawMax ?? rawSeriesMax)
    this.#startedMs = deps.clock.nowMs()
  }

  get rawCount(): number {
    return this.#raw.count
  }

  // Rules.

  has(tenant: Tenant): boolean {
    return this.#sets.size > 0 && this.#sets.has(keyOf(tenant))
  }

  /**
   * The rules in force from now on. Series that the same version of the same rule makes go on as they are. Of others the raw series are
   * forgotten, but not the total: a batch that says it may be on its way to the store still.
   */
  setRules(tenant: Tenant, rules: readonly ActiveRule[]): void {
    const key = keyOf(tenant)
    const nowMs = this.#deps.clock.nowMs()
    const set = rules.length === 0 ? null : new RuleSet(rules, nowMs)
    for (const [ref, place] of this.#places.entries()) {
      const made = this.#places.at(place)?.rule ?? ''
      if (!made.startsWith(`${key} `)) continue
      const rule = set?.ruleFor(nameOf(this.#deps.series.labels(ref))) ?? null
      if (rule === null || ruleName(tenant, rule) !== made) this.#places.retire(ref, nowMs)
    }
    this.#roles.fill(unknown)
    if (set === null) this.#sets.delete(key)
    else this.#sets.set(key, set)
    this.#deps.series.forgetTenant(tenant)
  }

  /** All series of a metric that is dropped are one, so that they take no room. Others stay as they are until they are folded. */
  rewrite(tenant: Tenant, labels: Labels): Labels {
    const name = nameOf(labels)
    const rule = this.#sets.get(keyOf(tenant))?.ruleFor(name) ?? null
    return rule?.action.kind === 'drop_metric' ? [['__name__', name]] : labels
  }

  /** These refs will mean other series. */
  clear(refs: Uint32Array): void {
    for (const ref of refs) {
      if (ref < this.#roles.length) this.#roles[ref] = unknown
      this.#places.forget(ref)
    }
  }

  /** Name of the rule that made the series of this ref, '' when none did: what it left is counted apart from what it was made of. */
  scopeOf(ref: number): string {
    return this.#places.of(ref)?.rule ?? ''
  }

  /** Id of the rule that decides about a metric, or null. */
  ruleFor(tenant: Tenant, metric: string): string | null {
    return this.#sets.get(keyOf(tenant))?.ruleFor(metric)?.id ?? null
  }

  // Batches.

  fold(batch: MetricsBatch): FoldedRows {
    this.#out.clear()
    const { seriesRefs, timesMs, values } = batch
    const { columns } = this.#deps.series
    const rows = this.#rows
    rows.reset()
    let kept = 0
    for (let i = 0; i < batch.sampleCount; i++) {
      const ref = seriesRefs[i]!
      const role = this.#roleOf(batch.tenant, ref)
      if (role === plain) {
        seriesRefs[kept] = ref
        timesMs[kept] = timesMs[i]!
        values[kept++] = values[i]!
      } else if (role < firstRaw) this.#drop(role === dropped ? reasonOfDrop : reasonOfLimit)
      else {
        columns.seenMinute[ref] = columns.nowMinute
        rows.add(role - firstRaw, timesMs[i]!, values[i]!)
      }
    }
    batch.sampleCount = kept
    batch.ownSamples = 0
    this.#exemplars(batch)
    this.#members(batch)
    rows.eachBySecond(
      (row) => this.#sample(rows.slots[row]!, rows.timesMs[row]!, rows.values[row]!),
      () => this.#say(batch),
    )
    this.#histograms(batch)
    this.#say(batch)
    return this.#out
  }

  /** What was touched says its new value. */
  #say(batch: MetricsBatch): void {
    const nowMs = this.#deps.clock.nowMs()
    for (const merged of this.#touched) {
      if (merged.histogram !== null) {
        batch.addHistogram(merged.ref, merged.sayHistogram(nowMs), merged.histogram.total)
        continue
      }
      const said = merged.say(this.#raw, nowMs)
      if (said !== null) batch.addSample(merged.ref, said.timeMs, said.value)
    }
    this.#touched.length = 0
  }

  lost(batch: MetricsBatch): void {
    for (let i = 0; i < batch.sampleCount; i++) this.#places.of(batch.seriesRefs[i]!)?.forgetSaid()
  }

  /** Lets go of raw series that were silent for long, in steps: others may have their turn after each. To be gone through about once a minute. */
  sweep(): Generator<void> {
    return sweeping(this.#raw, this.#places, this.#deps.clock.nowMs())
  }

  #roleOf(tenant: Tenant, ref: number): number {
    if (ref >= this.#roles.length) {
      const roles = new Uint32Array(Math.max(ref + 1, this.#roles.length * 2, 1024))
      roles.set(this.#roles)
      this.#roles = roles
    }
    const role = this.#roles[ref]!
    const isSure = role >= firstRaw ? this.#raw.ref[role - firstRaw] === ref : role !== unknown
    return isSure ? role : this.#classify(tenant, ref)
  }

  #classify(tenant: Tenant, ref: number): number {
    const { series } = this.#deps
    const set = this.#sets.get(keyOf(tenant))
    const labels = series.labels(ref)
    const rule = set?.ruleFor(nameOf(labels)) ?? null
    if (set === undefined || rule === null) return (this.#roles[ref] = plain)
    if (rule.action.kind === 'drop_metric') return (this.#roles[ref] = dropped)
    const id = series.idLow(ref) + (series.idHigh(ref) & 0x1fffff) * 2 ** 32
    let slot = this.#raw.find(id)
    // What it went into is no more.
    if (slot !== noSlot && this.#places.at(this.#raw.target[slot]!) === null) {
      this.#raw.give(slot)
      slot = noSlot
    }
    if (slot === noSlot) {
      if (this.#raw.isFull) return unknown
      const target = series.resolve(
        tenant,
        labels.filter(([label]) => rule.keeps(label)),
      )
      if (target < 0) return unknown
      slot = this.#raw.take(id, this.#place(tenant, target, { set, rule, name: nameOf(labels) }))
    }
    this.#raw.ref[slot] = ref
    return (this.#roles[ref] = slot + firstRaw)
  }

  /** Place of the series that raw ones are merged into. */
  #place(tenant: Tenant, ref: number, { set, rule, name }: { set: RuleSet; rule: CompiledRule; name: string }): number {
    const known = this.#places.placeOf(ref)
    if (known !== undefined) return known
    const gauges: GaugeFunction = rule.action.kind === 'drop_metric' ? 'last' : rule.action.gauges
    const kind = isGrowing(name, this.#deps.describe(tenant, name)?.type ?? null) ? 'counter' : gauges
    const newest = this.#deps.newest(ref)
    const isStored = kind === 'counter' && newest !== null && Number.isFinite(newest.value) && newest.value !== STALE
    const made = new MergedSeries({
      ref,
      kind,
      rule: ruleName(tenant, rule),
      total: isStored ? newest.value : 0,
      newestMs: newest?.timeMs ?? -Infinity,
      learningUntilMs: Math.max(set.sinceMs, this.#startedMs) + learningMs,
    })
    const former = this.#places.former(ref)
    if (former !== null) made.goOnFrom(former)
    return this.#places.put(made)
  }

  #sample(slot: number, timeMs: number, value: number): void {
    const raw = this.#raw
    const merged = this.#places.at(raw.target[slot]!)
    if (merged === null) return this.#drop(reasonOfLimit)
    if (timeMs < raw.lastMs[slot]!) return this.#drop(reasonOfLate)
    const nowMs = this.#deps.clock.nowMs()
    const isTold = merged.kind === 'counter' ? this.#grow(merged, slot, { timeMs, value, nowMs }) : this.#gauge(merged, slot, value)
    if (!isTold) return
    raw.lastMs[slot] = timeMs
    raw.seenSec[slot] = nowMs / 1000
    merged.heardMs = nowMs
    this.#touch(merged, timeMs)
  }

  #touch(merged: MergedSeries, timeMs: number): void {
    if (merged.batchMs === -Infinity) this.#touched.push(merged)
    merged.batchMs = Math.max(merged.batchMs, timeMs)
  }

  #gauge(merged: MergedSeries, slot: number, value: number): boolean {
    if (value === STALE) merged.dropMember(this.#raw, slot)
    else {
      merged.setMember(this.#raw, slot, value)
      this.#raw.lastValue[slot] = value
    }
    return true
  }

  /** False: the sample says nothing of the counter. */
  #grow(merged: MergedSeries, slot: number, { timeMs, value, nowMs }: { timeMs: number; value: number; nowMs: number }): boolean {
    const raw = this.#raw
    // The end of a series, and what is no number, are no growth.
    if (value === STALE || Number.isNaN(value)) return false
    const before = raw.lastValue[slot]!
    const isFirst = raw.lastMs[slot] === -Infinity
    const told = this.#isTold(merged, { isFirst, isZero: value === 0, timeMs, nowMs })
    if (told === 'nothing') return false
    if (told === 'growth') merged.total += isFirst || value < before ? value : value - before
    raw.lastValue[slot] = value
    return true
  }

  #histograms(batch: MetricsBatch): void {
    let kept = 0
    for (let i = 0; i < batch.histogramCount; i++) {
      const ref = batch.histogramRefs[i]!
      const role = this.#roleOf(batch.tenant, ref)
      if (role === plain) {
        batch.histogramRefs[kept] = ref
        batch.histogramTimesMs[kept] = batch.histogramTimesMs[i]!
        batch.histograms[kept++] = batch.histograms[i]!
      } else if (role < firstRaw) this.#drop(role === dropped ? reasonOfDrop : reasonOfLimit)
      else this.#histogram(role - firstRaw, batch.histogramTimesMs[i]!, batch.histograms[i]!)
    }
    batch.histogramRefs.length = batch.histogramTimesMs.length = batch.histograms.length = kept
    batch.histogramCount = kept
  }

  #histogram(slot: number, timeMs: number, histogram: NativeHistogram): void {
    const raw = this.#raw
    const merged = this.#places.at(raw.target[slot]!)
    if (merged === null) return this.#drop(reasonOfLimit)
    if (timeMs < raw.lastMs[slot]!) return this.#drop(reasonOfLate)
    merged.histogram ??= new HistogramSum(histogram)
    if (!merged.histogram.takes(histogram)) return this.#drop(reasonOfHistogram)
    const nowMs = this.#deps.clock.nowMs()
    const before = raw.histograms.get(slot) ?? null
    const isTold = this.#isTold(merged, { isFirst: before === null, isZero: histogram.count === 0, timeMs, nowMs })
    if (histogram.sum === STALE || isTold === 'nothing') return
    if (isTold === 'growth') merged.histogram.add(histogram, before)
    raw.histograms.set(slot, histogram)
    raw.lastMs[slot] = timeMs
    raw.seenSec[slot] = nowMs / 1000
    merged.heardMs = nowMs
    this.#touch(merged, timeMs)
  }

  /** What a value of a counter says: where it begins, what it grew by, or nothing. Moves learning on after a silence. */
  #isTold(
    merged: MergedSeries,
    { isFirst, isZero, timeMs, nowMs }: { isFirst: boolean; isZero: boolean; timeMs: number; nowMs: number },
  ): 'beginning' | 'growth' | 'nothing' {
    if (merged.heardMs !== -Infinity && nowMs - merged.heardMs > learningMs) merged.learningUntilMs = nowMs + learningMs
    if (!isFirst || nowMs >= merged.learningUntilMs) return 'growth'
    // A zero that a decoder put at a start long ago says nothing of what was counted since.
    return isZero && timeMs < merged.learningUntilMs - learningMs ? 'nothing' : 'beginning'
  }

  /** Members of raw sets are members of the set that is left. */
  #members({ tenant, sets }: MetricsBatch): void {
    const into: number[] = []
    for (let row = 0; row < sets.count; row++) into.push(this.#leftOf(tenant, sets.refs[row]!))
    if (!into.some((ref, row) => ref !== sets.refs[row])) return
    const before = sets.copy()
    sets.reset()
    for (const [row, ref] of into.entries()) {
      if (ref < 0) continue
      sets.begin(ref, before.timesMs[row]!)
      for (let at = row === 0 ? 0 : before.ends[row - 1]!; at < before.ends[row]!; at++) {
        sets.add(before.members[at * 2]!, before.members[at * 2 + 1]!)
      }
    }
  }

  /** The ref that the rules leave of this one, or -1. */
  #leftOf(tenant: Tenant, ref: number): number {
    const role = this.#roleOf(tenant, ref)
    if (role === plain) return ref
    return role < firstRaw ? -1 : (this.#places.at(this.#raw.target[role - firstRaw]!)?.ref ?? -1)
  }

  /** Examples of raw series are examples of what they are merged into. */
  #exemplars(batch: MetricsBatch): void {
    if (batch.exemplars.length === 0) return
    batch.exemplars = batch.exemplars.flatMap((exemplar) => {
      const seriesRef = this.#leftOf(batch.tenant, exemplar.seriesRef)
      if (seriesRef === exemplar.seriesRef) return [exemplar]
      return seriesRef < 0 ? [] : [{ ...exemplar, seriesRef }]
    })
  }

  #drop(reason: string): void {
    this.#out.set(reason, (this.#out.get(reason) ?? 0) + 1)
  }
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}

/** As in `MergedSeries.rule`. */
function ruleName(tenant: Tenant, { id, version }: Pick<ActiveRule, 'id' | 'version'>): string {
  return `${keyOf(tenant)} ${id}.${version}`
}
