/**
 * Leaves out of a batch what must not be stored: samples of a time the series already has. As in Prometheus the first sample of a time wins:
 * an equal one is dropped quietly (`duplicate_sample`: a repeated request), a different one is refused (`duplicate_timestamp`).
 * Works in place on the batch's columns. Fast path: a sample newer than all of its series costs two reads.
 */
import type { MetricsBatch } from './batch/metrics-batch.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead } from './samples/histogram-head.ts'
import { grownU32 } from './series/growable.ts'

/** Rows (samples and histograms) taken out. */
export interface FilteredRows {
  readonly duplicates: number
  readonly conflicts: number
}

const noRow = 0xffffffff
/** Earlier samples of one series compared within one batch. */
const chainMax = 1_000

export class BatchFilter {
  readonly #head: Head
  readonly #histograms: HistogramHead
  /** By ref: batch that last had the series, and the row of its newest sample there. */
  #batchOf = new Uint32Array(1024)
  #rowOf = new Uint32Array(1024)
  /** By row: the previous row of the same series. */
  #previous = new Uint32Array(4096)
  #batch = 0

  constructor(head: Head, histograms: HistogramHead) {
    this.#head = head
    this.#histograms = histograms
  }

  apply(batch: MetricsBatch): FilteredRows {
    const samples = this.#filterSamples(batch)
    const duplicates = this.#filterHistograms(batch)
    return { duplicates: samples.duplicates + duplicates, conflicts: samples.conflicts }
  }

  #filterSamples(batch: MetricsBatch): FilteredRows {
    this.#batch++
    this.#previous = grownU32(this.#previous, batch.sampleCount)
    const { seriesRefs, timesMs, values } = batch
    let duplicates = 0
    let conflicts = 0
    let kept = 0
    for (let i = 0; i < batch.sampleCount; i++) {
      const ref = seriesRefs[i] ?? 0
      const timeMs = timesMs[i] ?? 0
      const value = values[i] ?? 0
      let verdict = timeMs > this.#head.newestMs(ref) ? 'new' : this.#head.verdict(ref, timeMs, value)
      if (verdict === 'new') verdict = this.#verdictInBatch(batch, kept, ref, timeMs, value)
      if (verdict === 'same') duplicates++
      else if (verdict === 'conflict') conflicts++
      else {
        seriesRefs[kept] = ref
        timesMs[kept] = timeMs
        values[kept++] = value
      }
    }
    batch.sampleCount = kept
    return { duplicates, conflicts }
  }

  /** Compares with the rows kept so far, and chains the row that is about to be kept. */
  #verdictInBatch(batch: MetricsBatch, row: number, ref: number, timeMs: number, value: number): 'new' | 'same' | 'conflict' {
    if (ref >= this.#batchOf.length) {
      this.#batchOf = grownU32(this.#batchOf, ref + 1)
      this.#rowOf = grownU32(this.#rowOf, this.#batchOf.length)
    }
    const newest = this.#batchOf[ref] === this.#batch ? (this.#rowOf[ref] ?? noRow) : noRow
    if (newest !== noRow && timeMs <= (batch.timesMs[newest] ?? 0)) {
      let at = newest
      for (let steps = 0; at !== noRow && steps < chainMax; steps++) {
        if (batch.timesMs[at] === timeMs) return Object.is(batch.values[at], value) ? 'same' : 'conflict'
        at = this.#previous[at] ?? noRow
      }
    }
    this.#previous[row] = newest
    this.#batchOf[ref] = this.#batch
    this.#rowOf[ref] = row
    return 'new'
  }

  #filterHistograms(batch: MetricsBatch): number {
    let kept = 0
    for (let i = 0; i < batch.histogramCount; i++) {
      const ref = batch.histogramRefs[i]
      const timeMs = batch.histogramTimesMs[i]
      const histogram = batch.histograms[i]
      if (ref === undefined || timeMs === undefined || histogram === undefined || this.#histograms.has(ref, timeMs)) continue
      batch.histogramRefs[kept] = ref
      batch.histogramTimesMs[kept] = timeMs
      batch.histograms[kept++] = histogram
    }
    const dropped = batch.histogramCount - kept
    batch.histogramRefs.length = batch.histogramTimesMs.length = batch.histograms.length = kept
    batch.histogramCount = kept
    return dropped
  }
}
