/** Everything computed once of a trace and shared by its pictures. */
import { criticalPath, type CriticalPath } from './critical-path.ts'
import { selfTimes } from './self-time.ts'
import type { SpanColumns } from './span-columns.ts'
import { buildTree, type TraceTree } from './trace-tree.ts'

export interface TraceModel {
  readonly tree: TraceTree
  readonly path: CriticalPath
  /** By node: where its segments of the critical path begin in `segments`; one more at the end. */
  readonly segmentsFrom: Int32Array
  /** Numbers of segments, by node. */
  readonly segments: Int32Array
  readonly selfNs: Float64Array
}

export function modelOf(spans: SpanColumns): TraceModel {
  const tree = buildTree(spans)
  const path = criticalPath(tree)
  const segmentsFrom = new Int32Array(tree.nodeCount + 1)
  for (const node of path.node) segmentsFrom[node + 1]! += 1
  for (let node = 0; node < tree.nodeCount; node += 1) segmentsFrom[node + 1]! += segmentsFrom[node]!
  const filled = Int32Array.from(segmentsFrom)
  const segments = new Int32Array(path.node.length)
  for (let i = 0; i < path.node.length; i += 1) {
    const node = path.node[i]!
    segments[filled[node]!++] = i
  }
  return { tree, path, segmentsFrom, segments, selfNs: selfTimes(tree) }
}

/** Stretches of the critical path within a node's own time, `[from, to)` in ns. */
export function pathSegments({ path, segments, segmentsFrom }: TraceModel, node: number): (readonly [fromNs: number, toNs: number])[] {
  const found: (readonly [number, number])[] = []
  for (let i = segmentsFrom[node]!; i < segmentsFrom[node + 1]!; i += 1) found.push([path.fromNs[segments[i]!]!, path.toNs[segments[i]!]!])
  return found
}
