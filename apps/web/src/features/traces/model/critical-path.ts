/**
 * What a trace waited for. From the end of the root backwards: the child that finished last is what its parent waited for; before that child
 * started, the one that finished last by then, and so on down. What no child explains is the span's own. The segments cover the root's time
 * without overlap, so their sums say where the time went. (The same idea as Uber's CRISP: follow the last finisher.)
 */
import { isMissing, type TraceTree } from './trace-tree.ts'

export interface CriticalPath {
  /** Segments in no particular order: node, start and end. */
  readonly node: Int32Array
  readonly fromNs: Float64Array
  readonly toNs: Float64Array
  /** By node: its own time on the path. */
  readonly ownNs: Float64Array
  /** By node: 1 when on the path. */
  readonly isOn: Uint8Array
}

/** The root whose time is explained: the longest one. */
export function mainRoot(tree: TraceTree): number {
  let best = -1
  let longest = -1
  for (let at = 0; at < tree.nodeCount; at = tree.behind[at]!) {
    const root = tree.order[at]!
    const length = tree.endNs[root]! - tree.startNs[root]!
    if (length > longest) [best, longest] = [root, length]
  }
  return best
}

/** By node the first child, by node the next sibling; those that finish last come first. */
function childrenByEnd(tree: TraceTree): { readonly first: Int32Array; readonly next: Int32Array } {
  const sorted = new Int32Array(tree.nodeCount)
  for (let node = 0; node < tree.nodeCount; node += 1) sorted[node] = node
  sorted.sort((a, b) => tree.endNs[a]! - tree.endNs[b]!)
  const first = new Int32Array(tree.nodeCount).fill(-1)
  const next = new Int32Array(tree.nodeCount).fill(-1)
  for (const node of sorted) {
    const up = tree.parent[node]!
    if (up === -1) continue
    next[node] = first[up]!
    first[up] = node
  }
  return { first, next }
}

export function criticalPath(tree: TraceTree): CriticalPath {
  const ownNs = new Float64Array(tree.nodeCount)
  const isOn = new Uint8Array(tree.nodeCount)
  const nodes: number[] = []
  const froms: number[] = []
  const tos: number[] = []
  const { first, next } = childrenByEnd(tree)
  const waiting: number[] = []
  const waitingUntil: number[] = []
  const root = mainRoot(tree)
  if (root !== -1) {
    waiting.push(root)
    waitingUntil.push(tree.endNs[root]!)
  }
  const add = (node: number, fromNs: number, toNs: number): void => {
    if (toNs <= fromNs) return
    nodes.push(node)
    froms.push(fromNs)
    tos.push(toNs)
    ownNs[node]! += toNs - fromNs
  }
  while (waiting.length > 0) {
    const node = waiting.pop() ?? 0
    const startNs = tree.startNs[node]!
    let until = waitingUntil.pop() ?? 0
    isOn[node] = 1
    for (let child = first[node]!; child !== -1 && until > startNs; child = next[child]!) {
      // A child may outlive what waited for it (work that goes on): only the part within counts.
      if (tree.startNs[child]! >= until || tree.endNs[child]! <= startNs) continue
      const childUntil = Math.min(until, tree.endNs[child]!)
      add(node, childUntil, until)
      waiting.push(child)
      waitingUntil.push(childUntil)
      until = Math.max(startNs, tree.startNs[child]!)
    }
    add(node, startNs, until)
  }
  return { node: Int32Array.from(nodes), fromNs: Float64Array.from(froms), toNs: Float64Array.from(tos), ownNs, isOn }
}

export interface PathShare {
  readonly service: string
  readonly name: string
  readonly ownNs: number
  /** Of the root's time, 0 to 1. */
  readonly share: number
  readonly count: number
  /** The span with the most of it. */
  readonly example: number
}

/** Where the time of the root went, by service and operation, most first. */
export function pathShares(tree: TraceTree, path: CriticalPath): readonly PathShare[] {
  const { spans } = tree
  const found = new Map<string, { service: string; name: string; ownNs: number; count: number; example: number }>()
  let totalNs = 0
  for (let node = 0; node < tree.nodeCount; node += 1) {
    const own = path.ownNs[node]!
    if (own <= 0) continue
    totalNs += own
    const missing = isMissing(tree, node)
    const service = missing ? '' : (spans.services[spans.service[node]!] ?? '')
    const name = missing ? 'missing span' : (spans.names[spans.name[node]!] ?? '')
    const key = `${service}\n${name}`
    const known = found.get(key)
    if (known === undefined) found.set(key, { service, name, ownNs: own, count: 1, example: node })
    else {
      if (own > path.ownNs[known.example]!) known.example = node
      known.ownNs += own
      known.count += 1
    }
  }
  return [...found.values()].map((each) => ({ ...each, share: each.ownNs / totalNs })).sort((a, b) => b.ownNs - a.ownNs)
}
