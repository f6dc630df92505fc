/**
 * Which subtrees are closed, as it stands in the address: how most of them are, then the ids of those that are not so. `all~a1~b2`: closed
 * below the roots but for two. Nothing stands for how a trace is first seen.
 */
import { closedBelow, foldedRuns } from './trace-rows.ts'
import { isMissing, type TraceTree } from './trace-tree.ts'

/** Ids in one address; whoever turned more than that finds the rest as it is at first. */
const idsMax = 40

const bases = {
  '': foldedRuns,
  all: (tree: TraceTree) => closedBelow(tree, 1),
  none: (tree: TraceTree) => new Uint8Array(tree.nodeCount),
} as const satisfies Record<string, (tree: TraceTree) => Uint8Array>

type Base = keyof typeof bases

function baseOf(text: string): Base {
  return text === 'all' || text === 'none' ? text : ''
}

function idOf(tree: TraceTree, node: number): string {
  // The id of a span that never came may be that of none, and is told from those that did.
  return isMissing(tree, node) ? `x${tree.missingIds[node - tree.spans.count] ?? ''}` : (tree.spans.ids[node] ?? '')
}

function nodeOf(tree: TraceTree, id: string): number {
  if (!id.startsWith('x')) return tree.spans.ids.indexOf(id)
  const missing = tree.missingIds.indexOf(id.slice(1))
  return missing === -1 ? -1 : tree.spans.count + missing
}

/** Undefined for how a trace is first seen. `closed`: by node, 1 where it is closed. */
export function writeClosed(tree: TraceTree, closed: Uint8Array): string | undefined {
  let best: { readonly base: Base; readonly nodes: readonly number[]; readonly count: number } | null = null
  for (const base of ['', 'all', 'none'] as const) {
    const usual = bases[base](tree)
    const nodes: number[] = []
    let count = 0
    for (let node = 0; node < tree.nodeCount; node += 1) {
      if (usual[node] === closed[node]) continue
      if (count++ < idsMax) nodes.push(node)
    }
    if (best === null || count < best.count) best = { base, nodes, count }
  }
  if (best === null || (best.base === '' && best.count === 0)) return undefined
  return [best.base, ...best.nodes.map((node) => idOf(tree, node))].join('~')
}

/** By node, 1 where it is closed. Ids that the trace has not are passed over. */
export function readClosed(tree: TraceTree, text: string | undefined): Uint8Array {
  const [base = '', ...ids] = (text ?? '').split('~')
  const closed = bases[baseOf(base)](tree)
  for (const id of ids.slice(0, idsMax)) {
    const node = nodeOf(tree, id)
    if (node !== -1) closed[node] = closed[node] === 1 ? 0 : 1
  }
  return closed
}
