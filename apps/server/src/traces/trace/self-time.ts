/** A span's own time: what none of its children covers. Children that run beside each other are covered once. */
import type { TraceSpans } from './trace-spans.ts'

/** By span, ns. `parents` as of `findParents`. */
export function selfTimesNs(spans: TraceSpans, parents: Int32Array): Float64Array {
  const self = Float64Array.from(spans.durationNs)
  const starts = Float64Array.from({ length: spans.count }, (_, span) => spans.sinceFirstNs(span))
  const byStart = Uint32Array.from({ length: spans.count }, (_, span) => span).sort((a, b) => starts[a]! - starts[b]!)
  /** How far each span is covered so far: its children come by start. */
  const coveredTo = new Float64Array(spans.count).fill(-Infinity)
  for (const span of byStart) {
    const parent = parents[span]!
    if (parent < 0 || parent >= spans.count) continue
    const from = Math.max(starts[span]!, starts[parent]!, coveredTo[parent]!)
    const to = Math.min(starts[span]! + spans.durationNs[span]!, starts[parent]! + spans.durationNs[parent]!)
    if (to <= from) continue
    self[parent]! -= to - from
    coveredTo[parent] = to
  }
  return self
}
