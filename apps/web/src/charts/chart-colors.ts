/** The theme's colours as the canvas needs them: numbers, not variables. */
import { useComputedColorScheme } from '@mantine/core'
import type { ColorScheme } from '../theme/series-colors.ts'

export interface ChartColors {
  readonly text: string
  readonly grid: string
  readonly border: string
}

export function useScheme(): ColorScheme {
  return useComputedColorScheme('light', { getInitialValueInEffect: false })
}

/** `scheme` is the one the page is in: the page's own variables are read, which follow it. */
export function readChartColors(scheme: ColorScheme): ChartColors {
  const [text = '', grid = '', border = ''] = readTokens(scheme, ['--bw-axis', '--bw-grid', '--bw-border'])
  return { text, grid, border }
}

/** The values of the page's variables in a scheme. */
export function readTokens(scheme: ColorScheme, names: readonly string[]): readonly string[] {
  // The attribute may be set a moment after the scheme changed.
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme)
  const style = getComputedStyle(document.documentElement)
  return names.map((name) => style.getPropertyValue(name).trim())
}

/** A small tile of diagonal lines: "this part is not complete yet". */
export function hatchTile(color: string): HTMLCanvasElement {
  const tile = document.createElement('canvas')
  tile.width = 8
  tile.height = 8
  const context = tile.getContext('2d')
  if (context !== null) {
    context.strokeStyle = color
    context.globalAlpha = 0.35
    context.lineWidth = 1
    context.beginPath()
    for (const start of [-4, 4]) {
      context.moveTo(start, 8)
      context.lineTo(start + 8, 0)
    }
    context.stroke()
  }
  return tile
}
