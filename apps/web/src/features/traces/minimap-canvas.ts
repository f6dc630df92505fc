/** Draws a whole trace into a few pixels: rows that share a line of pixels are drawn over each other, failed spans last. */
import { statusError } from './model/span-columns.ts'
import type { TraceModel } from './model/trace-model.ts'
import { isMissing } from './model/trace-tree.ts'

export interface MinimapLook {
  readonly widthPx: number
  readonly heightPx: number
  readonly colorOf: (node: number) => string
  readonly error: string
  readonly missing: string
}

/** Room for the labels of the ticks. */
const topPx = 14
/** A row is never drawn higher. */
const rowPxMax = 5

export function drawMinimap(canvas: HTMLCanvasElement, { tree }: TraceModel, look: MinimapLook): void {
  const ratio = window.devicePixelRatio
  canvas.width = Math.round(look.widthPx * ratio)
  canvas.height = Math.round(look.heightPx * ratio)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  context.clearRect(0, 0, look.widthPx, look.heightPx)
  const total = tree.toNs - tree.fromNs
  const room = look.heightPx - topPx - 2
  const rowPx = Math.min(rowPxMax, room / Math.max(1, tree.nodeCount))
  const barPx = Math.max(1, rowPx * 0.72)
  const bar = (place: number, node: number): void => {
    const x = ((tree.startNs[node] ?? 0) - tree.fromNs) / total
    const width = ((tree.endNs[node] ?? 0) - (tree.startNs[node] ?? 0)) / total
    context.fillRect(x * look.widthPx, topPx + place * rowPx, Math.max(1, width * look.widthPx), barPx)
  }
  let color = ''
  for (let place = 0; place < tree.nodeCount; place += 1) {
    const node = tree.order[place] ?? 0
    const wanted = isMissing(tree, node) ? look.missing : look.colorOf(node)
    if (wanted !== color) {
      color = wanted
      context.fillStyle = color
    }
    bar(place, node)
  }
  context.fillStyle = look.error
  for (let place = 0; place < tree.nodeCount; place += 1) {
    const node = tree.order[place] ?? 0
    if (!isMissing(tree, node) && tree.spans.status[node] === statusError) bar(place, node)
  }
}
