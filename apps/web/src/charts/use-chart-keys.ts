/** Arrows, Home, End and Page keys move the crosshair of a chart from point to point, and what is there is spoken. */
import { useState, type KeyboardEvent } from 'react'
import { formatDateTime, type Zone } from '../lib/time-format.ts'
import { formatValue, type Unit } from '../lib/units.ts'
import type { ChartData } from './chart-option.ts'
import { setHovered, tooltipRows } from './hover.ts'

/** Series spoken at one time; more are not listened to. */
const spokenRowsMax = 4
/** Points a Page key moves. */
const pageSteps = 10

export interface ChartKeys {
  readonly spoken: string
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** Where a key leads from `index`; null for a key that leads nowhere. */
export function targetOf(key: string, index: number, last: number): number | null {
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    Home: 0,
    End: last,
    PageUp: index - pageSteps,
    PageDown: index + pageSteps,
  }
  const target = targets[key]
  return target === undefined ? null : Math.max(0, Math.min(last, target))
}

export function useChartKeys(data: ChartData, unit: Unit, zone: Zone): ChartKeys {
  const [spoken, setSpoken] = useState('')
  const [index, setIndex] = useState<number | null>(null)
  return {
    spoken,
    onKeyDown: (event) => {
      if (event.key === 'Escape') setHovered(null)
      const last = data.timesMs.length - 1
      // The first key starts from the end: what is now matters most.
      const target = targetOf(event.key, Math.min(index ?? last + 1, last + 1), last)
      const timeMs = target === null ? undefined : data.timesMs[target]
      if (target === null || timeMs === undefined) return
      event.preventDefault()
      setIndex(target)
      setHovered(timeMs)
      const rows = tooltipRows(data.series, target, null).slice(0, spokenRowsMax)
      const values = rows.map((row) => `${row.name} ${formatValue(row.value, unit)}`).join(', ')
      setSpoken(`${formatDateTime(timeMs, zone)}: ${values === '' ? 'no data' : values}`)
    },
  }
}
