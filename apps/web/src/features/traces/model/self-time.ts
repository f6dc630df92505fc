/** A span's own time: what none of its children covers. Children that run beside each other are covered once. */
import type { TraceTree } from './trace-tree.ts'

/** By node, ns. A missing parent has none: nothing is known of it. */
export function selfTimes(tree: TraceTree): Float64Array {
  const self = new Float64Array(tree.nodeCount)
  // Children of a node come by start in `order`, so the union of their times is one sweep: how far the parent is covered so far.
  const coveredTo = new Float64Array(tree.nodeCount).fill(Number.NEGATIVE_INFINITY)
  for (let span = 0; span < tree.spans.count; span += 1) self[span] = tree.endNs[span]! - tree.startNs[span]!
  for (let at = 0; at < tree.nodeCount; at += 1) {
    const node = tree.order[at]!
    const up = tree.parent[node]!
    if (up === -1 || up >= tree.spans.count) continue
    const from = Math.max(tree.startNs[node]!, tree.startNs[up]!, coveredTo[up]!)
    const to = Math.min(tree.endNs[node]!, tree.endNs[up]!)
    if (to <= from) continue
    self[up]! -= to - from
    coveredTo[up] = to
  }
  return self
}
