/** The line at the hovered moment, the same in all charts, and the values there. Text only: names come from outside. */
import { useZone } from '../lib/preferences.ts'
import { formatClock, formatDateTime } from '../lib/time-format.ts'
import { formatValue, type Unit } from '../lib/units.ts'
import { drawnAtMs, type ChartData } from './chart-option.ts'
import { tooltipRows, useHovered } from './hover.ts'

export interface CrosshairProps {
  readonly data: ChartData
  readonly unit: Unit
  readonly pixelOf: (timeMs: number) => number
  readonly indexOf: (timeMs: number) => number
  /** The value at the pointer's height; marks the nearest series. */
  readonly pointerValue: number | null
}

export function Crosshair({ data, unit, pixelOf, indexOf, pointerValue }: CrosshairProps) {
  const hovered = useHovered()
  const [zone] = useZone()
  if (hovered === null) return null
  const index = indexOf(hovered)
  const timeMs = data.timesMs[index]
  if (timeMs === undefined) return null
  const x = pixelOf(drawnAtMs(data, timeMs))
  const rows = tooltipRows(data.series, index, pointerValue)
  const present = data.series.filter((series) => !Number.isNaN(series.values[index] ?? Number.NaN)).length
  const flips = x > pixelOf(data.timesMs[Math.floor(data.timesMs.length / 2)] ?? 0)
  return (
    <>
      <div className="bw-chart__line" style={{ left: x }} />
      <div className={`bw-tip ${flips ? 'bw-tip--left' : ''}`} style={{ left: x }} aria-hidden="true">
        <div className="bw-tip__time">
          {formatDateTime(timeMs, zone)}
          {data.areIntervals === true && ` – ${formatClock(timeMs + data.stepMs, zone)}`}
        </div>
        {rows.length === 0 && <div className="bw-dim">no data</div>}
        {rows.map((row) => (
          <div key={row.name} className={`bw-tip__row ${row.isNearest ? 'bw-tip__row--nearest' : ''}`}>
            <span className="bw-swatch" style={{ background: row.color }} />
            <span className="bw-tip__name">{row.name}</span>
            <span className="bw-tip__value">{formatValue(row.value, unit)}</span>
          </div>
        ))}
        {present > rows.length && <div className="bw-dim">and {present - rows.length} more</div>}
      </div>
    </>
  )
}
