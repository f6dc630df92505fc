/** The moment under the pointer, shared by all charts of a page, outside React so that moving the pointer renders no page. */
import { useSyncExternalStore } from 'react'

let hoveredMs: number | null = null
const listeners = new Set<() => void>()

export function setHovered(timeMs: number | null): void {
  if (timeMs === hoveredMs) return
  hoveredMs = timeMs
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The hovered moment, or null. */
export function useHovered(): number | null {
  return useSyncExternalStore(subscribe, () => hoveredMs)
}

/** The index of the time nearest to `timeMs`, or -1 when there is none or it is more than a step away. */
export function nearestIndex(timesMs: Float64Array, stepMs: number, timeMs: number): number {
  if (timesMs.length === 0) return -1
  const index = Math.round((timeMs - (timesMs[0] ?? 0)) / stepMs)
  const bounded = Math.max(0, Math.min(timesMs.length - 1, index))
  return Math.abs((timesMs[bounded] ?? 0) - timeMs) > stepMs ? -1 : bounded
}

export interface TooltipRow {
  readonly name: string
  readonly color: string
  readonly value: number
  readonly isNearest: boolean
}

/** Rows of a tooltip at most; the legend has the rest. */
export const tooltipRowsMax = 12

/** Series at one time, largest first; the one nearest to the pointer's value is marked and always among them. */
export function tooltipRows(
  series: readonly { readonly name: string; readonly color: string; readonly values: Float64Array }[],
  index: number,
  pointerValue: number | null,
): readonly TooltipRow[] {
  const present = series
    .map(({ name, color, values }) => ({ name, color, value: values[index] ?? Number.NaN }))
    .filter((row) => !Number.isNaN(row.value))
  if (present.length === 0) return []
  const distance = (value: number): number => (pointerValue === null ? Number.POSITIVE_INFINITY : Math.abs(value - pointerValue))
  const nearest = pointerValue === null ? null : present.reduce((best, row) => (distance(row.value) < distance(best.value) ? row : best))
  const sorted = present.sort((a, b) => b.value - a.value)
  const shown = sorted.slice(0, tooltipRowsMax)
  if (nearest !== null && !shown.includes(nearest)) shown[shown.length - 1] = nearest
  return shown.map((row) => ({ ...row, isNearest: row === nearest }))
}
