/**
 * A decoded request of metrics as columns. Decoders fill it, `MetricsIngest.accept` takes it. One is reused per decoder:
 * after `accept` settles it belongs to the decoder again, which calls `reset`.
 * Sizes: grows by doubling; a sample costs 20 bytes here (series ref 4, time 8, value 8).
 */
import type { Tenant } from '../../kernel/scope.ts'
import type { Exemplar, MetricMetadata, NativeHistogram } from '../model.ts'
import { SetRows } from '../sets/set-rows.ts'

const initialSamples = 4096

export class MetricsBatch {
  tenant: Tenant = { organizationId: 0, projectId: 0 }
  sampleCount = 0
  /** Of these, zeros that the decoder put at a start time: the sender did not count them. Right before another sample of their series. */
  ownSamples = 0
  /** Refs of the tenant's `SeriesRegistry`. */
  seriesRefs = new Uint32Array(initialSamples)
  /** ms since 1970. */
  timesMs = new Float64Array(initialSamples)
  /** `STALE` (see model.ts) marks the end of a series. */
  values = new Float64Array(initialSamples)
  histogramCount = 0
  histogramRefs: number[] = []
  histogramTimesMs: number[] = []
  histograms: NativeHistogram[] = []
  exemplars: Exemplar[] = []
  metadata: MetricMetadata[] = []
  /** Members of sets, beside the float samples of their series. */
  readonly sets = new SetRows()
  /** Data points the request carried, as its protocol counts them (an OTLP histogram point is one). */
  pointsReceived = 0
  /** Points left out by `accept` because they were stored before. */
  duplicates = 0
  /** Points refused by reason (also part of `pointsReceived`). */
  readonly refused = new Map<string, number>()
  /** First refusals in words, for partial-success messages; at most 5. */
  readonly refusedExamples: string[] = []

  reset(tenant: Tenant): void {
    this.tenant = tenant
    this.sampleCount = 0
    this.ownSamples = 0
    this.histogramCount = 0
    this.histogramRefs.length = 0
    this.histogramTimesMs.length = 0
    this.histograms.length = 0
    this.exemplars.length = 0
    this.metadata.length = 0
    this.sets.reset()
    this.pointsReceived = 0
    this.duplicates = 0
    this.refused.clear()
    this.refusedExamples.length = 0
  }

  addSample(seriesRef: number, timeMs: number, value: number): void {
    const at = this.sampleCount
    if (at === this.seriesRefs.length) this.#grow()
    this.seriesRefs[at] = seriesRef
    this.timesMs[at] = timeMs
    this.values[at] = value
    this.sampleCount = at + 1
  }

  /** Appends rows `from` up to `to` of the columns. */
  addSamples(refs: Uint32Array, timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    const at = this.sampleCount
    while (at + to - from > this.seriesRefs.length) this.#grow()
    this.seriesRefs.set(refs.subarray(from, to), at)
    this.timesMs.set(timesMs.subarray(from, to), at)
    this.values.set(values.subarray(from, to), at)
    this.sampleCount = at + to - from
  }

  addHistogram(seriesRef: number, timeMs: number, histogram: NativeHistogram): void {
    this.histogramRefs.push(seriesRef)
    this.histogramTimesMs.push(timeMs)
    this.histograms.push(histogram)
    this.histogramCount++
  }

  /** Counts `points` refused for `reason` (snake_case); `example` says what and why, without the offending payload in full. */
  refuse(reason: string, points: number, example: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + points)
    if (this.refusedExamples.length < 5) this.refusedExamples.push(example)
  }

  get refusedTotal(): number {
    let total = 0
    for (const count of this.refused.values()) total += count
    return total
  }

  #grow(): void {
    const size = this.seriesRefs.length * 2
    const refs = new Uint32Array(size)
    refs.set(this.seriesRefs)
    this.seriesRefs = refs
    const times = new Float64Array(size)
    times.set(this.timesMs)
    this.timesMs = times
    const values = new Float64Array(size)
    values.set(this.values)
    this.values = values
  }
}
