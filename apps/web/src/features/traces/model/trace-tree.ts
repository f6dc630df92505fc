/**
 * The tree of a trace. Nodes 0 to `spans.count - 1` are the spans; the nodes after them stand for parents that spans name and that never
 * arrived, so that a partial trace shows its holes. A span that is its own ancestor is a root, marked as such.
 */
import { endNs, statusError, type SpanColumns } from './span-columns.ts'
import { findRuns, type SpanRuns } from './span-runs.ts'

export interface TraceTree extends SpanRuns {
  readonly spans: SpanColumns
  /** Spans and missing parents. */
  readonly nodeCount: number
  /** Ids of the missing parents: node `spans.count + i` is `missingIds[i]`. */
  readonly missingIds: readonly string[]
  /** By node; -1 for a root. */
  readonly parent: Int32Array
  readonly depth: Int32Array
  /** By node: direct children. */
  readonly childCount: Int32Array
  /** By node: spans in error in its subtree, itself included. */
  readonly errorCount: Int32Array
  /** Nodes from top to bottom: parents before children, children by start. */
  readonly order: Int32Array
  /** By place in `order`: the place behind the node's last descendant. */
  readonly behind: Int32Array
  /** By node: its place in `order`. */
  readonly place: Int32Array
  /** By node: when it starts and ends; a missing parent is as long as its children. */
  readonly startNs: Float64Array
  readonly endNs: Float64Array
  /** By node: 1 where the chain of parents led back to the span. */
  readonly isLooped: Uint8Array
  /** The whole picture. */
  readonly fromNs: number
  readonly toNs: number
}

/** Nodes of `first`/`next`: children as linked lists, in order of their start. */
interface Children {
  readonly first: Int32Array
  readonly next: Int32Array
}

/** True where the node stands for a span that never arrived. */
export function isMissing(tree: TraceTree, node: number): boolean {
  return node >= tree.spans.count
}

/** Parents by node, missing ones being roots. */
function findParents(spans: SpanColumns): Int32Array {
  const parent = new Int32Array(spans.count + spans.missingIds.length).fill(-1)
  for (let span = 0; span < spans.count; span += 1) {
    const up = spans.parents[span]!
    parent[span] = up < parent.length ? up : -1
  }
  return parent
}

/** Cuts every chain of parents that leads back to its start, whoever sent it: no row may be lost. Gives what was cut, here or before. */
function cutLoops(parent: Int32Array, known: readonly number[]): Uint8Array {
  const isLooped = new Uint8Array(parent.length)
  for (const node of known) isLooped[node] = 1
  // 0 unseen, otherwise the number of the walk that saw it.
  const seen = new Int32Array(parent.length)
  for (let start = 0; start < parent.length; start += 1) {
    let node = start
    while (node !== -1 && seen[node] === 0) {
      seen[node] = start + 1
      const up = parent[node]!
      if (up !== -1 && seen[up] === start + 1) {
        isLooped[node] = 1
        parent[node] = -1
        break
      }
      node = up
    }
  }
  return isLooped
}

function linkChildren(parent: Int32Array, sorted: Int32Array): Children & { readonly roots: number[] } {
  const first = new Int32Array(parent.length).fill(-1)
  const next = new Int32Array(parent.length).fill(-1)
  const roots: number[] = []
  for (let i = sorted.length - 1; i >= 0; i -= 1) {
    const node = sorted[i]!
    const up = parent[node]!
    if (up === -1) roots.push(node)
    else {
      next[node] = first[up]!
      first[up] = node
    }
  }
  return { first, next, roots: roots.reverse() }
}

/** Parents before children without a call a level: a trace may be a hundred thousand levels deep. */
function walk({ first, next }: Children, roots: readonly number[], depth: Int32Array): Int32Array {
  const order = new Int32Array(depth.length)
  let placed = 0
  const waiting = new Int32Array(depth.length)
  for (const root of roots) {
    let top = 0
    waiting[top++] = root
    while (top > 0) {
      const node = waiting[--top]!
      order[placed++] = node
      const start = top
      for (let child = first[node]!; child !== -1; child = next[child]!) {
        depth[child] = depth[node]! + 1
        waiting[top++] = child
      }
      waiting.subarray(start, top).reverse()
    }
  }
  return order
}

function spanTimes(spans: SpanColumns, nodeCount: number): { startNs: Float64Array; ends: Float64Array } {
  const startNs = new Float64Array(nodeCount).fill(Number.POSITIVE_INFINITY)
  const ends = new Float64Array(nodeCount).fill(Number.NEGATIVE_INFINITY)
  for (let span = 0; span < spans.count; span += 1) {
    startNs[span] = spans.startNs[span]!
    ends[span] = endNs(spans, span)
  }
  return { startNs, ends }
}

/** Builds the tree; the columns may be in any order. */
export function buildTree(spans: SpanColumns): TraceTree {
  const parent = findParents(spans)
  const nodeCount = parent.length
  const isLooped = cutLoops(parent, spans.loops)
  const { startNs, ends } = spanTimes(spans, nodeCount)
  let [fromNs, toNs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let span = 0; span < spans.count; span += 1) {
    const up = parent[span]!
    if (up >= spans.count) {
      startNs[up] = Math.min(startNs[up]!, startNs[span]!)
      ends[up] = Math.max(ends[up]!, ends[span]!)
    }
    fromNs = Math.min(fromNs, startNs[span]!)
    toNs = Math.max(toNs, ends[span]!)
  }
  const sorted = new Int32Array(nodeCount)
  for (let node = 0; node < nodeCount; node += 1) sorted[node] = node
  sorted.sort((a, b) => startNs[a]! - startNs[b]! || ends[b]! - ends[a]! || a - b)
  const children = linkChildren(parent, sorted)
  const depth = new Int32Array(nodeCount)
  const order = walk(children, children.roots, depth)
  const place = new Int32Array(nodeCount)
  for (let i = 0; i < nodeCount; i += 1) place[order[i]!] = i
  const childCount = new Int32Array(nodeCount)
  const errorCount = new Int32Array(nodeCount)
  const size = new Int32Array(nodeCount)
  const behind = new Int32Array(nodeCount)
  for (let i = nodeCount - 1; i >= 0; i -= 1) {
    const node = order[i]!
    size[node]! += 1
    if (node < spans.count && spans.status[node] === statusError) errorCount[node]! += 1
    behind[i] = i + size[node]!
    const up = parent[node]!
    if (up === -1) continue
    childCount[up]! += 1
    size[up]! += size[node]!
    errorCount[up]! += errorCount[node]!
  }
  const isEmpty = spans.count === 0
  return {
    spans,
    nodeCount,
    missingIds: spans.missingIds,
    parent,
    depth,
    childCount,
    errorCount,
    order,
    behind,
    place,
    startNs,
    endNs: ends,
    isLooped,
    fromNs: isEmpty ? 0 : fromNs,
    ...findRuns(spans, { order, parent, childCount }),
    // A trace of moments without length still needs a width.
    toNs: isEmpty ? 1 : Math.max(toNs, fromNs + 1),
  }
}
