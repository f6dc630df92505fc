/** Hours of series from the five-minute buckets that are being made, in whatever order the builder gives them: of one series ascending. */
import { Bucket } from './bucket.ts'
import type { BucketSink } from './builder.ts'
import { bucketsPerHour, fiveMinutes } from './spans.ts'

interface OpenHour {
  hour: number
  readonly content: Bucket
}

export class HourCollector {
  readonly #emit: BucketSink
  readonly #open = new Map<number, OpenHour>()
  readonly #spare: OpenHour[] = []

  constructor(emit: BucketSink) {
    this.#emit = emit
  }

  add(ref: number, bucket: number, content: Bucket): void {
    const hour = Math.floor(bucket / bucketsPerHour)
    let open = this.#open.get(ref)
    if (open !== undefined && open.hour !== hour) this.#close(ref, open)
    open = this.#open.get(ref)
    if (open === undefined) {
      open = this.#spare.pop() ?? { hour, content: new Bucket() }
      open.hour = hour
      this.#open.set(ref, open)
    }
    const part = bucket % bucketsPerHour
    open.content.append(content, part * fiveMinutes.bucketMs)
    if (part === bucketsPerHour - 1) this.#close(ref, open)
  }

  finish(): void {
    for (const [ref, open] of this.#open) this.#close(ref, open)
  }

  #close(ref: number, open: OpenHour): void {
    this.#emit(ref, open.hour, open.content)
    open.content.reset()
    this.#open.delete(ref)
    this.#spare.push(open)
  }
}
