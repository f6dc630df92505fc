/** Which rows of a trace's tree are shown: subtrees close and open, and what is looked for is brought into sight. */
import type { TraceTree } from './trace-tree.ts'

/** True for a node that closes and opens: it has children, or a run of spans like it begins with it. */
export function isFoldable(tree: TraceTree, node: number): boolean {
  return tree.childCount[node]! > 0 || tree.runLength[node]! > 0
}

/** The spans of the run that begins with `node`; itself alone where none does. */
export function membersOf(tree: TraceTree, node: number): Int32Array {
  const place = tree.place[node]!
  return tree.order.subarray(place, place + Math.max(1, tree.runLength[node]!))
}

/** How a trace is first seen: runs are folded, everything else is open. */
export function foldedRuns(tree: TraceTree): Uint8Array {
  return Uint8Array.from(tree.runLength, (length) => (length > 0 ? 1 : 0))
}

/** Nodes shown, from top to bottom. `closed`: by node, 1 where the subtree is closed or the run folded. */
export function shownRows(tree: TraceTree, closed: Uint8Array): Int32Array {
  const rows = new Int32Array(tree.nodeCount)
  let count = 0
  for (let at = 0; at < tree.nodeCount;) {
    const node = tree.order[at]!
    rows[count++] = node
    at = closed[node] !== 1 ? at + 1 : tree.runLength[node]! > 0 ? at + tree.runLength[node]! : tree.behind[at]!
  }
  return rows.subarray(0, count)
}

/** The row of a node, -1 when it is inside a closed subtree or a folded run. Rows are in tree order, so this is a binary search. */
export function rowOf(tree: TraceTree, rows: Int32Array, node: number): number {
  const wanted = tree.place[node] ?? -1
  let [low, high] = [0, rows.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const place = tree.place[rows[middle]!]!
    if (place === wanted) return middle
    if (place < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** `closed` with everything above the node open, and the run that it is in. */
export function opened(tree: TraceTree, closed: Uint8Array, node: number): Uint8Array {
  const next = Uint8Array.from(closed)
  const first = tree.runFirst[node] ?? -1
  if (first !== -1 && first !== node) next[first] = 0
  for (let up = tree.parent[node] ?? -1; up !== -1; up = tree.parent[up]!) next[up] = 0
  return next
}

/** `closed` with one subtree turned. */
export function toggled(closed: Uint8Array, node: number): Uint8Array {
  const next = Uint8Array.from(closed)
  next[node] = next[node] === 1 ? 0 : 1
  return next
}

/** Everything below `depth` closed; `depth` 0 leaves the roots alone. */
export function closedBelow(tree: TraceTree, depth: number): Uint8Array {
  const closed = foldedRuns(tree)
  for (let node = 0; node < tree.nodeCount; node += 1) {
    if (tree.depth[node]! >= depth && tree.childCount[node]! > 0) closed[node] = 1
  }
  return closed
}

/**
 * The next marked node after (or before) `node` in tree order, around the end; null when none is marked.
 * `marked`: by node. `node` null starts outside.
 */
export function nextMarked(tree: TraceTree, marked: Uint8Array, node: number | null, step: 1 | -1): number | null {
  const total = tree.nodeCount
  const start = node === null ? (step === 1 ? -1 : total) : (tree.place[node] ?? -1)
  for (let i = 1; i <= total; i += 1) {
    const at = (((start + step * i) % total) + total) % total
    const candidate = tree.order[at]!
    if (marked[candidate] === 1) return candidate
  }
  return null
}
