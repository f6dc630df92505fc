/**
 * The flame graph of a trace: spans with the same service and name under the same parents are one box. Its width is the own time of all
 * spans in it and below, so boxes always fit into the box above, and work done at the same time adds up.
 */
import { statusError } from './span-columns.ts'
import { isMissing, type TraceTree } from './trace-tree.ts'

export interface FlameBox {
  readonly id: number
  /** -1 for a box at the top. */
  readonly parent: number
  readonly depth: number
  readonly service: string
  readonly name: string
  readonly count: number
  readonly errors: number
  readonly selfNs: number
  /** Of all its spans together, with what they wait for. */
  readonly durationNs: number
  /** Own time of the box and of all below it. */
  readonly totalNs: number
  /** Place of its left side, in ns of the whole. */
  readonly leftNs: number
  readonly longestNs: number
  /** The longest span in it. */
  readonly example: number
  readonly children: readonly number[]
}

export interface FlameGraph {
  readonly boxes: readonly FlameBox[]
  readonly totalNs: number
  readonly depth: number
}

interface OpenBox {
  id: number
  parent: number
  depth: number
  service: string
  name: string
  count: number
  errors: number
  selfNs: number
  durationNs: number
  totalNs: number
  leftNs: number
  longestNs: number
  example: number
  children: number[]
}

/** `self`: own times by node, as `selfTimes` gives them. */
export function flameGraph(tree: TraceTree, self: Float64Array): FlameGraph {
  const boxes: OpenBox[] = []
  const keys = new Map<string, number>()
  const boxOf = new Int32Array(tree.nodeCount)
  const { spans } = tree
  for (let at = 0; at < tree.nodeCount; at += 1) {
    const node = tree.order[at]!
    const missing = isMissing(tree, node)
    const up = tree.parent[node]!
    const parent = up === -1 ? -1 : boxOf[up]!
    const key = missing ? `${parent} missing` : `${parent} ${spans.service[node]} ${spans.name[node]}`
    let id = keys.get(key)
    if (id === undefined) {
      id = boxes.length
      keys.set(key, id)
      boxes.push({
        id,
        parent,
        depth: parent === -1 ? 0 : (boxes[parent]?.depth ?? 0) + 1,
        service: missing ? '' : (spans.services[spans.service[node]!] ?? ''),
        name: missing ? 'missing span' : (spans.names[spans.name[node]!] ?? ''),
        count: 0,
        errors: 0,
        selfNs: 0,
        durationNs: 0,
        totalNs: 0,
        leftNs: 0,
        longestNs: -1,
        example: node,
        children: [],
      })
      boxes[parent]?.children.push(id)
    }
    boxOf[node] = id
    addSpan(boxes[id], tree, node, self[node]!)
  }
  return placeBoxes(boxes)
}

function addSpan(box: OpenBox | undefined, tree: TraceTree, node: number, selfNs: number): void {
  if (box === undefined) return
  box.count += 1
  box.selfNs += selfNs
  if (!isMissing(tree, node) && tree.spans.status[node] === statusError) box.errors += 1
  const length = tree.endNs[node]! - tree.startNs[node]!
  box.durationNs += length
  if (length > box.longestNs) [box.longestNs, box.example] = [length, node]
}

function placeBoxes(boxes: readonly OpenBox[]): FlameGraph {
  let depth = 0
  for (let i = boxes.length - 1; i >= 0; i -= 1) {
    const box = boxes[i]
    if (box === undefined) continue
    box.totalNs += box.selfNs
    const parent = boxes[box.parent]
    if (parent !== undefined) parent.totalNs += box.totalNs
    depth = Math.max(depth, box.depth + 1)
  }
  let totalNs = 0
  for (const box of boxes) {
    if (box.parent === -1) {
      box.leftNs = totalNs
      totalNs += box.totalNs
    }
    box.children.sort((a, b) => (boxes[b]?.totalNs ?? 0) - (boxes[a]?.totalNs ?? 0))
    let left = box.leftNs
    for (const id of box.children) {
      const child = boxes[id]
      if (child === undefined) continue
      child.leftNs = left
      left += child.totalNs
    }
  }
  return { boxes, totalNs, depth }
}

/** One line of the table of operations: all spans of a service and name, wherever they stand. */
export interface OperationTime {
  readonly service: string
  readonly name: string
  readonly count: number
  readonly errors: number
  readonly selfNs: number
  readonly longestNs: number
  readonly example: number
}

/** All boxes of one service and name together, most own time first. */
export function operationTimes({ boxes }: FlameGraph): readonly OperationTime[] {
  const found = new Map<string, { -readonly [K in keyof OperationTime]: OperationTime[K] }>()
  for (const { service, name, count, errors, selfNs, longestNs, example } of boxes) {
    const key = `${service}\n${name}`
    const known = found.get(key)
    if (known === undefined) {
      found.set(key, { service, name, count, errors, selfNs, longestNs, example })
      continue
    }
    known.count += count
    known.errors += errors
    known.selfNs += selfNs
    if (longestNs > known.longestNs) [known.longestNs, known.example] = [longestNs, example]
  }
  return [...found.values()].sort((a, b) => b.selfNs - a.selfNs)
}
