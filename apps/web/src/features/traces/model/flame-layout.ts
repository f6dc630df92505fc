/** Which boxes of a flame graph are drawn, and where, when one of them fills the width. */
import type { FlameBox, FlameGraph } from './flame-model.ts'

export interface DrawnBox {
  readonly box: FlameBox
  /** Shares of the width, 0 to 1. */
  readonly left: number
  readonly width: number
  /** It stands above the box that fills the width. */
  readonly isAbove: boolean
}

/** Boxes narrower than this share are left out: they would be less than a pixel. */
const shareMin = 0.0006
/** More are not drawn; the smallest are left out. */
const boxesMax = 4000

/** `filled`: the box that fills the width, null for all. */
export function drawnBoxes(graph: FlameGraph, filled: FlameBox | null): readonly DrawnBox[] {
  const fromNs = filled?.leftNs ?? 0
  const widthNs = filled?.totalNs ?? graph.totalNs
  const above = new Set<number>()
  for (let up = filled?.parent ?? -1; up !== -1; up = graph.boxes[up]?.parent ?? -1) above.add(up)
  const found: DrawnBox[] = []
  for (const box of graph.boxes) {
    if (above.has(box.id)) {
      found.push({ box, left: 0, width: 1, isAbove: true })
      continue
    }
    const left = widthNs === 0 ? 0 : (box.leftNs - fromNs) / widthNs
    const width = widthNs === 0 ? (filled === null ? 1 / graph.boxes.length : 1) : box.totalNs / widthNs
    if (width < shareMin || left < -1e-9 || left + width > 1 + 1e-9) continue
    if (filled !== null && box.depth < filled.depth) continue
    found.push({ box, left, width, isAbove: false })
  }
  if (found.length <= boxesMax) return found
  return [...found].sort((a, b) => b.width - a.width).slice(0, boxesMax)
}

/** A box as it stands in the address: the names from the top, which are the same in the next trace of that kind. */
export function boxKey(graph: FlameGraph, box: FlameBox): string {
  const names: string[] = []
  for (let each: FlameBox | undefined = box; each !== undefined; each = graph.boxes[each.parent]) {
    names.push(`${each.service}/${each.name}`.replace(/[\\>]/g, '\\$&'))
  }
  return names.reverse().join('>')
}

export function findBox(graph: FlameGraph, key: string | undefined): FlameBox | null {
  if (key === undefined) return null
  return graph.boxes.find((box) => key.length < 4000 && boxKey(graph, box) === key) ?? null
}
