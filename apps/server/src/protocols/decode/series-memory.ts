/**
 * What decoders remember of a series between requests: the time of its last sample and, for delta streams, the running total.
 *
 * - Zero samples: a cumulative stream whose start time is newer than its last sample began anew at that time with 0. A sample of 0
 *   is stored there, so that the first increase after a start counts. Only when the start lies less than `startTimeAgeMsMax` before
 *   its sample: after a restart of this program nothing is remembered, and a start of days ago would only repeat old zeros.
 * - Delta streams become cumulative by adding up here. A restart or a forgotten series starts at 0 again: a counter reset.
 */
import type { ProtocolLimits } from '../limits.ts'
import { RefNumbers } from './ref-numbers.ts'

export class SeriesMemory {
  readonly #startAgeMsMax: number
  readonly #timeMinMs: number
  readonly #lastMs: RefNumbers
  readonly #totals: RefNumbers

  constructor(limits: ProtocolLimits) {
    this.#startAgeMsMax = limits.startTimeAgeMsMax
    this.#timeMinMs = limits.timestampMinMs
    this.#lastMs = new RefNumbers(limits.rememberedSeriesMax)
    this.#totals = new RefNumbers(limits.rememberedSeriesMax)
  }

  /** The refs mean other series now. */
  clear(refs: Uint32Array): void {
    this.#lastMs.clear(refs)
    this.#totals.clear(refs)
  }

  /** Time of the series' last sample, ms; 0 when not known. */
  lastMs(ref: number): number {
    return this.#lastMs.get(ref)
  }

  setLastMs(ref: number, timeMs: number): void {
    this.#lastMs.set(ref, timeMs)
  }

  /** True when `startMs` deserves a zero sample before the sample at `timeMs` of a series last seen at `lastMs`. */
  isFreshStart(startMs: number, timeMs: number, lastMs: number): boolean {
    return startMs > lastMs && startMs < timeMs && timeMs - startMs <= this.#startAgeMsMax && startMs >= this.#timeMinMs
  }

  /** False for refs beyond the bound: their delta streams cannot be added up. */
  remembers(ref: number): boolean {
    return this.#lastMs.keeps(ref)
  }

  /** Adds to the running total and returns it. */
  addToTotal(ref: number, amount: number): number {
    const total = this.#totals.get(ref) + amount
    this.#totals.set(ref, total)
    return total
  }

  total(ref: number): number {
    return this.#totals.get(ref)
  }
}
