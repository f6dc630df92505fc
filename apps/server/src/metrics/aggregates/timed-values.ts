/** Gauge values that bring their time, as columns, until a flush has stored them. */
import type { MetricsBatch } from '../batch/metrics-batch.ts'
import { grownF64, grownU32 } from '../series/growable.ts'

class Rows {
  count = 0
  refs = new Uint32Array(64)
  values = new Float64Array(64)
  timesMs = new Float64Array(64)

  add(ref: number, value: number, timeMs: number): void {
    const at = this.count++
    if (at === this.refs.length) {
      this.refs = grownU32(this.refs, this.count)
      this.values = grownF64(this.values, this.refs.length)
      this.timesMs = grownF64(this.timesMs, this.refs.length)
    }
    this.refs[at] = ref
    this.values[at] = value
    this.timesMs[at] = timeMs
  }

  drop(isGone: (ref: number) => boolean): void {
    const { count } = this
    this.count = 0
    for (let i = 0; i < count; i++) if (!isGone(this.refs[i]!)) this.add(this.refs[i]!, this.values[i]!, this.timesMs[i]!)
  }
}

export class TimedValues {
  readonly #max: number
  #waiting = new Rows()
  /** Those of the flush that is under way. */
  #taken = new Rows()

  constructor(rowsMax: number) {
    this.#max = rowsMax
  }

  get count(): number {
    return this.#waiting.count + this.#taken.count
  }

  /** False when there is no room. */
  add(ref: number, value: number, timeMs: number): boolean {
    if (this.count >= this.#max) return false
    this.#waiting.add(ref, value, timeMs)
    return true
  }

  /** Takes all into the batch; what comes from now on waits for the next. `stored` or `putBack` must follow. */
  takeInto(batch: MetricsBatch): void {
    const { refs, timesMs, values, count } = this.#waiting
    batch.addSamples(refs, timesMs, values, 0, count)
    const taken = this.#waiting
    this.#waiting = this.#taken
    this.#taken = taken
  }

  stored(): void {
    this.#taken.count = 0
  }

  /** They were not stored: they come before what came since. */
  putBack(): void {
    const { refs, values, timesMs, count } = this.#waiting
    for (let i = 0; i < count; i++) this.#taken.add(refs[i]!, values[i]!, timesMs[i]!)
    const all = this.#taken
    this.#taken = this.#waiting
    this.#taken.count = 0
    this.#waiting = all
  }

  /** Values of these series go, also those that would come back. */
  drop(isGone: (ref: number) => boolean): void {
    this.#waiting.drop(isGone)
    this.#taken.drop(isGone)
  }
}
