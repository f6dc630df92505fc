/** Times of OTLP, nanoseconds since 1970 in two 32-bit halves, as seconds and the rest. */
import { nanosOf, secondsOf } from '../../signals/index.ts'

/** Of the last `splitNanos`. */
export const nanosParts = { seconds: 0, nanos: 0 }

export const splitNanos = {
  /** Halves of a fixed64. */
  of(low: number, high: number): void {
    nanosParts.seconds = secondsOf(low, high)
    nanosParts.nanos = nanosOf(low, high)
  },
  /** ms since 1970. */
  now(ms: number): void {
    nanosParts.seconds = Math.floor(ms / 1000)
    nanosParts.nanos = Math.round((ms - nanosParts.seconds * 1000) * 1e6)
  },
}
