/**
 * One request while it is decoded: the batch it fills and what must be undone when the batch is not stored.
 * Decoding is synchronous; only `accept` is awaited. Sessions are pooled, so batches keep their grown arrays.
 */
import { AppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { MetricsBatch, type NativeHistogram } from '../../metrics/index.ts'
import { bodyTooManySamples } from '../errors.ts'
import type { ProtocolLimits } from '../limits.ts'
import { MetadataMemo } from './metadata-memo.ts'
import { SeriesMemory } from './series-memory.ts'

/** What all decoders of one process share. */
export interface DecodeState {
  readonly limits: ProtocolLimits
  readonly memory: SeriesMemory
  readonly metadata: MetadataMemo
}

/** As many as a batch keeps. */
const examplesMax = 5

export function createDecodeState(limits: ProtocolLimits): DecodeState {
  return { limits, memory: new SeriesMemory(limits), metadata: new MetadataMemo(limits.describedMetricsMax) }
}

export class DecodeSession {
  batch = new MetricsBatch()
  readonly state: DecodeState
  nowMs = 0
  /** Samples earlier or later than these are refused, ms. */
  timeMinMs = 0
  timeMaxMs = 0
  /** Samples and histograms of 0 put in at start times, and other rows the sender did not count. */
  addedSamples = 0
  addedHistograms = 0
  /** Reasons of the batch's first examples, in their order. */
  readonly exampleReasons: string[] = []
  /** What is left out by a rule, by reason; not among the batch's points. */
  readonly dropped = new Map<string, number>()
  /** The first of each reason in words. */
  readonly droppedExamples = new Map<string, string>()
  /** Number of the first line that was refused, for protocols of lines; 0: none. */
  firstRefusedLine = 0
  readonly #touchedRefs: number[] = []
  readonly #touchedLastMs: number[] = []
  readonly #touchedAmounts: number[] = []
  readonly #undo: (() => void)[] = []
  readonly #samplesMax: number

  constructor(state: DecodeState) {
    this.state = state
    this.#samplesMax = state.limits.samplesPerRequestMax
  }

  begin(tenant: Tenant, nowMs: number): void {
    this.batch.reset(tenant)
    this.nowMs = nowMs
    this.timeMinMs = this.state.limits.timestampMinMs
    this.timeMaxMs = nowMs + this.state.limits.timestampAheadMsMax
    this.addedSamples = 0
    this.addedHistograms = 0
    this.exampleReasons.length = 0
    this.dropped.clear()
    this.droppedExamples.clear()
    this.firstRefusedLine = 0
    this.#forgetUndo()
  }

  isTimeAccepted(timeMs: number): boolean {
    return timeMs >= this.timeMinMs && timeMs <= this.timeMaxMs
  }

  /** Errors: `body.too_many_samples`. */
  addSample(ref: number, timeMs: number, value: number): void {
    if (this.batch.sampleCount >= this.#samplesMax) throw this.#tooMany()
    this.batch.addSample(ref, timeMs, value)
  }

  /** Rows `from` up to `to` of the columns; their times are known to be accepted. Errors: `body.too_many_samples`. */
  addSamples(refs: Uint32Array, timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    if (this.batch.sampleCount + to - from > this.#samplesMax) throw this.#tooMany()
    this.batch.addSamples(refs, timesMs, values, from, to)
  }

  /** A sample the sender did not count: a 0 at a start time, or `target_info`. */
  addOwnSample(ref: number, timeMs: number, value: number): void {
    this.batch.addSample(ref, timeMs, value)
    this.batch.ownSamples++
    this.addedSamples++
  }

  /** Errors: `body.too_many_samples`. */
  addHistogram(ref: number, timeMs: number, histogram: NativeHistogram): void {
    if (this.batch.histogramCount >= this.#samplesMax) throw this.#tooMany()
    this.batch.addHistogram(ref, timeMs, histogram)
  }

  /** As `addOwnSample`: an empty histogram of the same schema at a start time. */
  addZeroHistogram(ref: number, timeMs: number, like: NativeHistogram): void {
    this.batch.addHistogram(ref, timeMs, {
      schema: like.schema,
      zeroThreshold: like.zeroThreshold,
      zeroCount: 0,
      count: 0,
      sum: 0,
      positiveSpans: [],
      positiveCounts: [],
      negativeSpans: [],
      negativeCounts: [],
      customValues: like.customValues,
      resetHint: 'unknown',
    })
    this.addedHistograms++
  }

  /**
   * Whether the series began anew at `startMs`, so that a zero belongs there; moves its last time on. Nothing to undo for a series
   * that went on as before: a repeated request finds the same answer. A durable series of which nothing is remembered began before
   * this program did: it may have a sample at `startMs` that a zero must not displace.
   */
  beginsAnew(ref: number, startMs: number, timeMs: number, isDurable: boolean): boolean {
    const memory = this.state.memory
    const lastMs = memory.lastMs(ref)
    const anew = memory.isFreshStart(startMs, timeMs, lastMs) && (lastMs !== 0 || !isDurable)
    if (anew) this.touch(ref, timeMs, 0)
    else if (timeMs > lastMs) memory.setLastMs(ref, timeMs)
    return anew
  }

  /** Moves a series' last time on, remembering how to undo it and the `amount` added to its running total. */
  touch(ref: number, timeMs: number, amount: number): void {
    const memory = this.state.memory
    this.#touchedRefs.push(ref)
    this.#touchedLastMs.push(memory.lastMs(ref))
    this.#touchedAmounts.push(amount)
    memory.setLastMs(ref, timeMs)
  }

  /** `undo` runs when the batch is not stored. */
  onUndo(undo: () => void): void {
    this.#undo.push(undo)
  }

  /** The example is only put into words while some are still wanted. */
  refuse(reason: string, points: number, example: () => string): void {
    const wanted = this.batch.refusedExamples.length < examplesMax
    if (wanted) this.exampleReasons.push(reason)
    this.batch.refuse(reason, points, wanted ? example() : '')
  }

  /** Counts `points` accepted and left out. */
  drop(reason: string, points: number, example: () => string): void {
    const before = this.dropped.get(reason)
    this.dropped.set(reason, (before ?? 0) + points)
    if (before === undefined) this.droppedExamples.set(reason, example())
  }

  get droppedTotal(): number {
    let total = 0
    for (const points of this.dropped.values()) total += points
    return total
  }

  /** The batch was not stored: what decoding remembered is forgotten, so that a repeat finds things as they were. */
  undo(): void {
    const memory = this.state.memory
    for (let index = this.#touchedRefs.length - 1; index >= 0; index--) {
      const ref = this.#touchedRefs[index] ?? 0
      const amount = this.#touchedAmounts[index] ?? 0
      memory.setLastMs(ref, this.#touchedLastMs[index] ?? 0)
      if (amount !== 0) memory.addToTotal(ref, -amount)
    }
    for (const undo of this.#undo.reverse()) undo()
    this.state.metadata.forget(this.batch)
    this.#forgetUndo()
  }

  #forgetUndo(): void {
    this.#touchedRefs.length = 0
    this.#touchedLastMs.length = 0
    this.#touchedAmounts.length = 0
    this.#undo.length = 0
  }

  #tooMany(): AppError {
    return new AppError(bodyTooManySamples, { publicText: `The request has more than ${this.#samplesMax} samples.` })
  }
}

/** How a refused time is put into words. */
export function timeExample(metric: string, timeMs: number): string {
  const when = Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs} ms`
  return `${metric}: the time ${when} is before 1990 or too far in the future`
}
