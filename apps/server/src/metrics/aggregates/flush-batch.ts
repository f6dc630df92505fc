/** One flush of a project's aggregates as a batch, and what of it is to be remembered once it is durable. */
import type { Tenant } from '../../kernel/scope.ts'
import { MetricsBatch } from '../batch/metrics-batch.ts'
import { STALE } from '../model.ts'
import { counterType, distributionType, type Places } from './places.ts'
import { emptySketchHistogram } from './sketch.ts'

export class FlushBatch {
  readonly batch = new MetricsBatch()
  readonly #places: Places
  /** Places of this batch, and in which flush each place was. */
  #written: number[] = []
  #inFlush: number[] = []
  #flush = 0
  #timeMs = 0
  #zeroMs = 0

  constructor(tenant: Tenant, places: Places) {
    this.batch.tenant = tenant
    this.#places = places
  }

  /** `timeMs` of all samples; zeros before first values stand at `zeroMs`, which is earlier. */
  beginFlush(timeMs: number, zeroMs: number): void {
    this.#flush++
    this.#timeMs = timeMs
    this.#zeroMs = zeroMs
  }

  /** The next batch of the flush. */
  begin(): void {
    this.batch.reset(this.batch.tenant)
    this.#written = []
  }

  /** Nothing to store and nothing to count. */
  get isEmpty(): boolean {
    const { sampleCount, histogramCount, sets, pointsReceived } = this.batch
    return sampleCount + histogramCount + sets.count + pointsReceived === 0
  }

  /** Is the place in this flush already? */
  has(place: number): boolean {
    return this.#inFlush[place] === this.#flush
  }

  /** The value as it is. A counter or distribution that begins has a zero before it, so that its first increase counts. */
  addPresent(place: number): void {
    const { types, refs, values, emittedMs, sketches } = this.#places
    const ref = refs[place]!
    const begins = emittedMs[place] === 0
    this.#note(place)
    if (types[place] === distributionType) {
      const sketch = sketches[place]
      if (sketch === null || sketch === undefined) return
      if (begins) this.batch.addHistogram(ref, this.#zeroMs, emptySketchHistogram(sketch.schema))
      this.batch.addHistogram(ref, this.#timeMs, sketch.toHistogram())
      return
    }
    if (begins && types[place] === counterType) this.batch.addSample(ref, this.#zeroMs, 0)
    this.batch.addSample(ref, this.#timeMs, values[place]!)
  }

  /** Marks the end of the series; nothing when it has no sample. */
  addEnd(place: number): void {
    const { types, refs, emittedMs, sketches } = this.#places
    const ref = refs[place]!
    if (emittedMs[place] === 0) return
    this.#note(place)
    if (types[place] !== distributionType) this.batch.addSample(ref, this.#timeMs, STALE)
    else this.batch.addHistogram(ref, this.#timeMs, { ...emptySketchHistogram(sketches[place]?.schema ?? 0), sum: STALE })
  }

  /** The batch is durable. */
  settle(): void {
    for (const place of this.#written) if (this.#places.isLive(place)) this.#places.emittedMs[place] = this.#timeMs
  }

  #note(place: number): void {
    this.#written.push(place)
    this.#inFlush[place] = this.#flush
  }
}
