/** Where the labels of a map's edges stand so that none covers another: beside the middle of the last stretch, or left out. */
import type { PlacedEdge } from './map-layout.ts'

export interface LabelWanted {
  readonly placed: PlacedEdge
  readonly text: string
  /** Higher is placed first. */
  readonly weight: number
}

export interface PlacedLabel {
  readonly index: number
  readonly x: number
  readonly y: number
}

const charPx = 6.1
const heightPx = 16
const paddingPx = 10
/** Places along the stretch, in the order they are tried. */
const tries: readonly number[] = [0.5, 0.38, 0.62, 0.28, 0.72]

/** A point of the curve between two points that leaves and arrives level; `t` 0 to 1. */
function along([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number], t: number): readonly [number, number] {
  const rise = t * t * (3 - 2 * t)
  return [ax + (bx - ax) * t, ay + (by - ay) * rise]
}

function candidates({ placed }: LabelWanted): (readonly [number, number])[] {
  const { points, isLoop } = placed
  const [first, second] = points
  if (first === undefined || second === undefined) return []
  if (isLoop) return [[first[0] + 48, (first[1] + second[1]) / 2]]
  // From the end: there the edges to different services are apart.
  const stretches = points.slice(1).map((to, i) => [points[i] ?? to, to] as const)
  return stretches.reverse().flatMap(([from, to]) => tries.map((t) => along(from, to, t)))
}

/** Labels that fit, heaviest first. */
export function placeLabels(wanted: readonly LabelWanted[]): readonly PlacedLabel[] {
  const taken: { x: number; y: number; half: number }[] = []
  const placed: PlacedLabel[] = []
  for (const each of [...wanted].sort((a, b) => b.weight - a.weight || a.placed.index - b.placed.index)) {
    const half = (each.text.length * charPx + paddingPx) / 2
    const free = candidates(each).find(([x, y]) =>
      taken.every((other) => Math.abs(other.x - x) >= other.half + half || Math.abs(other.y - y) >= heightPx),
    )
    if (free === undefined) continue
    taken.push({ x: free[0], y: free[1], half })
    placed.push({ index: each.placed.index, x: free[0], y: free[1] })
  }
  return placed
}
