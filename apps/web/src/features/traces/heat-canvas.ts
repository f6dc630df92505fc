/** Draws the heat map of durations; failed spans are a red line of dots at the bottom, so that they are seen whatever they took. */
import { strengthOf, type HeatMap } from './model/heat-map.ts'

export interface HeatLook {
  readonly widthPx: number
  readonly heightPx: number
  readonly cell: string
  readonly error: string
  readonly grid: string
}

const errorPx = 4

export function drawHeatMap(canvas: HTMLCanvasElement, map: HeatMap, look: HeatLook): void {
  const ratio = window.devicePixelRatio
  canvas.width = Math.round(look.widthPx * ratio)
  canvas.height = Math.round(look.heightPx * ratio)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  context.clearRect(0, 0, look.widthPx, look.heightPx)
  if (map.rows === 0 || map.columns === 0) return
  const width = look.widthPx / map.columns
  const height = look.heightPx / map.rows
  context.fillStyle = look.grid
  for (let row = 1; row < map.rows; row += 1) context.fillRect(0, Math.round(look.heightPx - row * height), look.widthPx, 1)
  context.fillStyle = look.cell
  for (let row = 0; row < map.rows; row += 1) {
    for (let column = 0; column < map.columns; column += 1) {
      const count = map.cells[row * map.columns + column] ?? 0
      if (count === 0) continue
      context.globalAlpha = strengthOf(count, map.highest)
      context.fillRect(column * width, look.heightPx - (row + 1) * height + 1, Math.max(1, width - 1), Math.max(1, height - 1))
    }
  }
  const highest = map.errors.reduce((most, each) => Math.max(most, each), 0)
  context.fillStyle = look.error
  for (const [column, count] of map.errors.entries()) {
    if (count === 0) continue
    context.globalAlpha = 0.4 + 0.6 * strengthOf(count, highest)
    context.fillRect(column * width, look.heightPx - errorPx, Math.max(1, width - 1), errorPx)
  }
  context.globalAlpha = 1
}
