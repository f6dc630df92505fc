/** Times and values growing together: what reading samples fills. */
import { grownF64 } from '../series/growable.ts'

export class SampleColumns {
  timesMs: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
  count = 0

  /** With room for `samples`; grows beyond. */
  constructor(samples = 1024) {
    this.timesMs = new Float64Array(samples)
    this.values = new Float64Array(samples)
  }

  /** Makes room for `more` samples behind `count`. */
  reserve(more: number): void {
    if (this.count + more <= this.timesMs.length) return
    this.timesMs = grownF64(this.timesMs, this.count + more)
    this.values = grownF64(this.values, this.count + more)
  }

  push(timeMs: number, value: number): void {
    this.reserve(1)
    this.timesMs[this.count] = timeMs
    this.values[this.count++] = value
  }
}
