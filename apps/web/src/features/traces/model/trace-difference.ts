/**
 * Two traces as one tree of operations: spans of one service and name under the same operations are one node, however many they are, with
 * what they cost on each side. Where something differs stands first, at every level.
 */
import type { FlameBox, FlameGraph } from './flame-model.ts'

/** What one side spends in a node. Times in ns. */
export interface SideWork {
  readonly count: number
  readonly errors: number
  readonly selfNs: number
  /** Of all its spans together, with what they wait for. */
  readonly durationNs: number
  /** The longest of its spans, as a node of that side's tree. */
  readonly example: number
}

export interface DifferenceNode {
  readonly id: number
  /** -1 at the top. */
  readonly parent: number
  readonly depth: number
  readonly service: string
  readonly name: string
  /** Null: the side has no such operation here. */
  readonly left: SideWork | null
  readonly right: SideWork | null
  /** Own time, right less left. */
  readonly changeNs: number
  /** Of this node and all below it: own times that came and went, added up without their signs. */
  readonly movedNs: number
  /** What explains most first. */
  readonly children: readonly number[]
}

export interface TraceDifference {
  readonly nodes: readonly DifferenceNode[]
  readonly roots: readonly number[]
  /** Of the whole tree. */
  readonly movedNs: number
}

type OpenNode = { -readonly [K in keyof DifferenceNode]: DifferenceNode[K] } & { children: number[] }

export function traceDifference(left: FlameGraph, right: FlameGraph): TraceDifference {
  const nodes: OpenNode[] = []
  const known = new Map<string, OpenNode>()
  addSide(nodes, known, { graph: left, side: 'left' })
  addSide(nodes, known, { graph: right, side: 'right' })
  // Boxes come with parents before children, and so do nodes: from the end every child is counted before its parent.
  for (const node of nodes.toReversed()) {
    node.changeNs = (node.right?.selfNs ?? 0) - (node.left?.selfNs ?? 0)
    node.movedNs += Math.abs(node.changeNs)
    const parent = nodes[node.parent]
    if (parent !== undefined) parent.movedNs += node.movedNs
  }
  const byMoved = (a: number, b: number): number => (nodes[b]?.movedNs ?? 0) - (nodes[a]?.movedNs ?? 0) || a - b
  for (const node of nodes) node.children.sort(byMoved)
  const roots = nodes.flatMap(({ id, parent }) => (parent === -1 ? [id] : [])).sort(byMoved)
  return { nodes, roots, movedNs: roots.reduce((sum, id) => sum + (nodes[id]?.movedNs ?? 0), 0) }
}

interface AddedSide {
  readonly graph: FlameGraph
  readonly side: 'left' | 'right'
}

function addSide(nodes: OpenNode[], known: Map<string, OpenNode>, { graph, side }: AddedSide): void {
  const nodeOf = new Int32Array(graph.boxes.length)
  for (const box of graph.boxes) {
    const parent = box.parent === -1 ? -1 : (nodeOf[box.parent] ?? -1)
    const key = `${parent}\n${box.service}\n${box.name}`
    let node = known.get(key)
    if (node === undefined) {
      node = openNode(nodes.length, parent, box)
      node.depth = parent === -1 ? 0 : (nodes[parent]?.depth ?? 0) + 1
      known.set(key, node)
      nodes.push(node)
      nodes[parent]?.children.push(node.id)
    }
    node[side] = workOf(box)
    nodeOf[box.id] = node.id
  }
}

function openNode(id: number, parent: number, { service, name }: FlameBox): OpenNode {
  return { id, parent, depth: 0, service, name, left: null, right: null, changeNs: 0, movedNs: 0, children: [] }
}

function workOf({ count, errors, selfNs, durationNs, example }: FlameBox): SideWork {
  return { count, errors, selfNs, durationNs, example }
}

/** A node is opened at first when so much of the whole difference is in it. */
const openShare = 0.05

/** Nodes that are open at first: the way to what explains the difference. */
export function openAtFirst({ nodes, movedNs }: TraceDifference): ReadonlySet<number> {
  return new Set(nodes.flatMap((node) => (node.children.length > 0 && node.movedNs >= movedNs * openShare ? [node.id] : [])))
}

/** Nodes in sight from top to bottom, at most `most`. */
export function shownNodes({ nodes, roots }: TraceDifference, open: ReadonlySet<number>, most: number): readonly DifferenceNode[] {
  const shown: DifferenceNode[] = []
  const waiting = roots.toReversed()
  while (waiting.length > 0 && shown.length < most) {
    const node = nodes[waiting.pop() ?? -1]
    if (node === undefined) break
    shown.push(node)
    if (open.has(node.id)) waiting.push(...node.children.toReversed())
  }
  return shown
}

/** The node whose own time changed most, null when nothing did. */
export function mostChanged({ nodes }: TraceDifference): DifferenceNode | null {
  let most: DifferenceNode | null = null
  for (const node of nodes) if (Math.abs(node.changeNs) > Math.abs(most?.changeNs ?? 0)) most = node
  return most
}
