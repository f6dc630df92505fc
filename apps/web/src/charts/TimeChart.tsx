/**
 * A chart over time: columns in, pixels out. Drag zooms, Shift-drag pans, double click resets; arrows move the crosshair.
 * What it shows is said in a sentence for screen readers; the points stand in a table on the page that uses it.
 */
import { useMemo, useRef } from 'react'
import { useZone } from '../lib/preferences.ts'
import type { Unit } from '../lib/units.ts'
import { hatchTile, readChartColors, useScheme } from './chart-colors.ts'
import { chartOption, type ChartData, type ChartStyle } from './chart-option.ts'
import { Crosshair } from './Crosshair.tsx'
import { nearestIndex, setHovered } from './hover.ts'
import { useChartKeys } from './use-chart-keys.ts'
import { useChartPointer } from './use-chart-pointer.ts'
import { useEcharts } from './use-echarts.ts'
import './chart.css'

export interface TimeChartProps {
  readonly data: ChartData
  readonly style: ChartStyle
  readonly unit: Unit
  readonly fromMs: number
  readonly toMs: number
  readonly fillingFromMs: number | null
  readonly heightPx: number
  /** One sentence: what the chart shows. */
  readonly summary: string
  readonly onZoom: (fromMs: number, toMs: number) => void
  readonly onReset: () => void
}

/** Below this width the time axis has room for three labels. */
const phoneWidthPx = 760

export function TimeChart({ data, style, unit, fromMs, toMs, fillingFromMs, heightPx, summary, onZoom, onReset }: TimeChartProps) {
  const scheme = useScheme()
  const [zone] = useZone()
  const option = useMemo(() => {
    const colors = readChartColors(scheme)
    const timeLabels = window.innerWidth < phoneWidthPx ? 3 : 5
    return chartOption(data, { timeLabels, style, unit, zone, fromMs, toMs, fillingFromMs, colors, hatch: hatchTile(colors.text) })
  }, [data, style, unit, zone, fromMs, toMs, fillingFromMs, scheme])
  const { box, chart, failed } = useEcharts(option)
  const frame = useRef<HTMLDivElement>(null)
  const pointer = useChartPointer({ frame, chart, fromMs, toMs, onZoom })
  const keys = useChartKeys(data, unit, zone)
  // In a stack the height says nothing about the series under it.
  const isStacked = style === 'stacked' || style === 'bars'
  return (
    <div
      ref={frame}
      className="bw-chart"
      style={{ height: heightPx }}
      role="application"
      aria-label={`Chart. ${summary} Arrow keys move through time.`}
      tabIndex={0}
      {...pointer.handlers}
      onDoubleClick={onReset}
      onKeyDown={(event) => {
        pointer.forgetPointer()
        keys.onKeyDown(event)
      }}
      onBlur={() => setHovered(null)}
    >
      <div ref={box} className="bw-chart__canvas" aria-hidden="true" />
      {failed && <p className="bw-chart__failed">The chart could not be loaded. Reload the page, or use the table.</p>}
      {chart !== null && (
        <Crosshair
          data={data}
          unit={unit}
          pixelOf={(ms) => Number(chart.convertToPixel({ xAxisIndex: 0 }, ms))}
          indexOf={(ms) => nearestIndex(data.timesMs, data.stepMs, data.areIntervals === true ? ms - data.stepMs / 2 : ms)}
          pointerValue={isStacked ? null : pointer.pointerValue}
        />
      )}
      {pointer.selection !== null && <div className="bw-chart__selection" style={pointer.selection} />}
      <span className="bw-sr" aria-live="polite">
        {keys.spoken}
      </span>
    </div>
  )
}
