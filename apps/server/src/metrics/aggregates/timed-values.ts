/** Gauge values that bring their time, as columns, until the next flush. */
import type { MetricsBatch } from '../batch/metrics-batch.ts'

const firstRows = 64

export class TimedValues {
  readonly #max: number
  #count = 0
  #refs = new Uint32Array(firstRows)
  #values = new Float64Array(firstRows)
  #timesMs = new Float64Array(firstRows)

  constructor(rowsMax: number) {
    this.#max = rowsMax
  }

  /** False when there is no room. */
  add(ref: number, value: number, timeMs: number): boolean {
    if (this.#count === this.#max) return false
    if (this.#count === this.#refs.length) this.#grow()
    this.#refs[this.#count] = ref
    this.#values[this.#count] = value
    this.#timesMs[this.#count++] = timeMs
    return true
  }

  /** Gives how many they are. */
  copyTo(batch: MetricsBatch): number {
    batch.addSamples(this.#refs, this.#timesMs, this.#values, 0, this.#count)
    return this.#count
  }

  /** Forgets the first `count`. */
  drop(count: number): void {
    this.#refs.copyWithin(0, count, this.#count)
    this.#values.copyWithin(0, count, this.#count)
    this.#timesMs.copyWithin(0, count, this.#count)
    this.#count -= count
  }

  /** Values of series that leave the index go. */
  unlearn(isGone: (ref: number) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      if (isGone(this.#refs[i]!)) continue
      this.#refs[kept] = this.#refs[i]!
      this.#values[kept] = this.#values[i]!
      this.#timesMs[kept++] = this.#timesMs[i]!
    }
    this.#count = kept
  }

  #grow(): void {
    const size = this.#refs.length * 2
    const [refs, values, times] = [new Uint32Array(size), new Float64Array(size), new Float64Array(size)]
    refs.set(this.#refs)
    values.set(this.#values)
    times.set(this.#timesMs)
    this.#refs = refs
    this.#values = values
    this.#timesMs = times
  }
}
