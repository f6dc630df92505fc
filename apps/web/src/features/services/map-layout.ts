/**
 * Places the services of a map in layers from left to right: callers left of what they call, few crossings, straight where it can be. The
 * usual steps of layered drawing (turn the edges that close a circle, layers by the longest way, points of long edges in the layers between,
 * sweeps by the middle of the neighbours), small enough to be ours. The same map gives the same picture.
 */

export interface MapEdgeEnds {
  readonly from: string
  readonly to: string
}

export interface PlacedNode {
  readonly name: string
  readonly layer: number
  readonly x: number
  readonly y: number
}

/** An edge and the points it goes through, from the caller to what is called. */
export interface PlacedEdge {
  readonly index: number
  readonly points: readonly (readonly [x: number, y: number])[]
  /** A service that calls itself. */
  readonly isLoop: boolean
}

export interface MapLayout {
  readonly nodes: readonly PlacedNode[]
  readonly edges: readonly PlacedEdge[]
  readonly widthPx: number
  readonly heightPx: number
}

export const nodeWidthPx = 188
export const nodeHeightPx = 56
const layerGapPx = 128
const rowGapPx = 26
/** Room a long edge takes where it passes a layer. */
const passHeightPx = 10
const marginPx = 20
const sweeps = 12

/** A node of a layer: a service, or a long edge passing. */
interface Slot {
  readonly id: number
  readonly name: string | null
  readonly layer: number
  readonly heightPx: number
  y: number
  readonly left: number[]
  readonly right: number[]
}

/** Edges that lead back to a caller, found by a walk from the callers nobody calls. */
function backEdges(names: readonly string[], edges: readonly MapEdgeEnds[]): ReadonlySet<number> {
  const out = new Map<string, number[]>(names.map((name) => [name, []]))
  const called = new Set<string>()
  for (const [index, { from, to }] of edges.entries()) {
    if (from === to) continue
    out.get(from)?.push(index)
    called.add(to)
  }
  const back = new Set<number>()
  const state = new Map<string, 'open' | 'done'>()
  const starts = [...names.filter((name) => !called.has(name)), ...names]
  for (const start of starts) {
    if (state.has(start)) continue
    const way: { name: string; next: number }[] = [{ name: start, next: 0 }]
    state.set(start, 'open')
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const index = out.get(top.name)?.[top.next]
      if (index === undefined) {
        state.set(top.name, 'done')
        way.pop()
        continue
      }
      top.next += 1
      const to = edges[index]?.to ?? ''
      const seen = state.get(to)
      if (seen === 'open') back.add(index)
      else if (seen === undefined) {
        state.set(to, 'open')
        way.push({ name: to, next: 0 })
      }
    }
  }
  return back
}

/** The layer of each name: one right of its rightmost caller. */
function layersOf(names: readonly string[], forward: readonly MapEdgeEnds[]): Map<string, number> {
  const layers = new Map<string, number>(names.map((name) => [name, 0]))
  // No circles are left, so the longest way has fewer steps than there are names.
  for (let round = 0; round < names.length; round += 1) {
    let moved = false
    for (const { from, to } of forward) {
      const wanted = (layers.get(from) ?? 0) + 1
      if ((layers.get(to) ?? 0) >= wanted) continue
      layers.set(to, wanted)
      moved = true
    }
    if (!moved) break
  }
  return layers
}

function middle(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) / 2
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2
}

/** Puts the slots of a layer under each other in the order of `wanted`, each as near to it as the others allow. */
function stack(layer: Slot[], wanted: ReadonlyMap<number, number>): void {
  const want = (slot: Slot): number => wanted.get(slot.id) ?? slot.y
  layer.sort((a, b) => want(a) - want(b) || a.id - b.id)
  // Groups that touch share the mean of what their members want.
  const groups: { slots: Slot[]; heightPx: number; sum: number; top: number }[] = []
  for (const slot of layer) {
    let group = { slots: [slot], heightPx: slot.heightPx, sum: want(slot), top: want(slot) - slot.heightPx / 2 }
    for (let above = groups.at(-1); above !== undefined && above.top + above.heightPx + rowGapPx > group.top; above = groups.at(-1)) {
      groups.pop()
      const offset = above.heightPx + rowGapPx
      const slots = [...above.slots, ...group.slots]
      const heightPx = offset + group.heightPx
      // Sums of what the tops of members want for the top of the whole group.
      const sum = above.sum + group.sum
      group = { slots, heightPx, sum, top: sum / slots.length - heightPx / 2 }
    }
    groups.push(group)
  }
  for (const group of groups) {
    let top = group.top
    for (const slot of group.slots) {
      slot.y = top + slot.heightPx / 2
      top += slot.heightPx + rowGapPx
    }
  }
}

interface Chain {
  readonly index: number
  readonly isTurned: boolean
  readonly slots: readonly Slot[]
}

function makeSlots(names: readonly string[], layers: ReadonlyMap<string, number>): Slot[] {
  return names.map((name, id) => ({ id, name, layer: layers.get(name) ?? 0, heightPx: nodeHeightPx, y: id, left: [], right: [] }))
}

/** Every edge as neighbours layer by layer, with slots where it passes. */
function makeChains(edges: readonly MapEdgeEnds[], back: ReadonlySet<number>, slots: Slot[]): Chain[] {
  const byName = new Map(slots.map((slot) => [slot.name, slot]))
  const chains: Chain[] = []
  for (const [index, edge] of edges.entries()) {
    const isTurned = back.has(index)
    const from = byName.get(isTurned ? edge.to : edge.from)
    const to = byName.get(isTurned ? edge.from : edge.to)
    if (from === undefined || to === undefined || from === to) continue
    const chain = [from]
    for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
      const pass: Slot = { id: slots.length, name: null, layer, heightPx: passHeightPx, y: from.y, left: [], right: [] }
      slots.push(pass)
      chain.push(pass)
    }
    chain.push(to)
    for (let i = 1; i < chain.length; i += 1) {
      const [before, after] = [chain[i - 1], chain[i]]
      if (before === undefined || after === undefined) continue
      before.right.push(after.id)
      after.left.push(before.id)
    }
    chains.push({ index, isTurned, slots: chain })
  }
  return chains
}

/** Layers in their final order and height. */
function arrange(slots: readonly Slot[]): void {
  const depth = slots.reduce((most, slot) => Math.max(most, slot.layer), 0)
  const layers = Array.from({ length: depth + 1 }, (_, layer) => slots.filter((slot) => slot.layer === layer))
  for (const layer of layers) stack(layer, new Map(layer.map((slot, row) => [slot.id, row * (nodeHeightPx + rowGapPx)])))
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const toRight = sweep % 2 === 0
    for (const layer of toRight ? layers : [...layers].reverse()) {
      const wanted = new Map<number, number>()
      for (const slot of layer) {
        const near = toRight ? slot.left : slot.right
        // The last sweeps look both ways, so that a chain becomes a line.
        const neighbours = sweep >= sweeps - 4 ? [...slot.left, ...slot.right] : near
        wanted.set(slot.id, middle(neighbours.map((id) => slots[id]?.y ?? 0)) ?? slot.y)
      }
      stack(layer, wanted)
    }
  }
}

/** Names may be in any order; an edge whose ends are not among them is left out. */
export function layoutMap(allNames: readonly string[], edges: readonly MapEdgeEnds[]): MapLayout {
  const names = [...new Set(allNames)].sort()
  const back = backEdges(names, edges)
  const known = new Set(names)
  const forward = edges
    .map((edge, index) => (back.has(index) ? { from: edge.to, to: edge.from } : edge))
    .filter(({ from, to }) => from !== to && known.has(from) && known.has(to))
  const slots = makeSlots(names, layersOf(names, forward))
  const chains = makeChains(edges, back, slots)
  arrange(slots)
  const top = slots.reduce((least, slot) => Math.min(least, slot.y - slot.heightPx / 2), Number.POSITIVE_INFINITY)
  const bottom = slots.reduce((most, slot) => Math.max(most, slot.y + slot.heightPx / 2), 0)
  const shift = names.length === 0 ? 0 : marginPx - top
  const depth = slots.reduce((most, slot) => Math.max(most, slot.layer), 0)
  const left = (layer: number): number => marginPx + layer * (nodeWidthPx + layerGapPx)
  const nodes = slots.flatMap(({ name, layer, y }): PlacedNode[] =>
    name === null ? [] : [{ name, layer, x: left(layer), y: y + shift - nodeHeightPx / 2 }],
  )
  const placed = chains.map(({ index, isTurned, slots: chain }): PlacedEdge => {
    const points = chain.flatMap((slot, i): (readonly [number, number])[] => {
      const y = slot.y + shift
      const [near, far] = [left(slot.layer), left(slot.layer) + nodeWidthPx]
      if (i === 0) return [[far, y]]
      if (i === chain.length - 1) return [[near, y]]
      return [
        [near, y],
        [far, y],
      ]
    })
    return { index, points: isTurned ? points.reverse() : points, isLoop: false }
  })
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const loops = edges.flatMap(({ from, to }, index): PlacedEdge[] => {
    const node = byName.get(from)
    if (from !== to || node === undefined) return []
    const x = node.x + nodeWidthPx
    return [
      {
        index,
        points: [
          [x, node.y + 14],
          [x, node.y + nodeHeightPx - 14],
        ],
        isLoop: true,
      },
    ]
  })
  return {
    nodes,
    edges: [...placed, ...loops],
    widthPx: left(depth) + nodeWidthPx + marginPx * 2,
    heightPx: names.length === 0 ? 0 : bottom - top + marginPx * 2,
  }
}

/** The path of an edge: straight through passes, curved between layers. */
export function edgePath({ points, isLoop }: PlacedEdge): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  if (isLoop) {
    const [x, y] = first
    const [, bottom] = rest[0] ?? first
    return `M${x} ${y} C${x + 34} ${y - 6} ${x + 34} ${bottom + 6} ${x} ${bottom}`
  }
  let path = `M${first[0]} ${first[1].toFixed(1)}`
  let [x, y] = first
  for (const [nextX, nextY] of rest) {
    const bend = (nextX - x) / 2
    path += nextY === y ? ` H${nextX}` : ` C${x + bend} ${y.toFixed(1)} ${nextX - bend} ${nextY.toFixed(1)} ${nextX} ${nextY.toFixed(1)}`
    ;[x, y] = [nextX, nextY]
  }
  return path
}
