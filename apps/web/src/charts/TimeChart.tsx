/**
 * A chart over time: columns in, pixels out. Drag zooms, Shift-drag pans, double click resets; arrows move the crosshair.
 * What it shows is said in a sentence for screen readers; the table stands beside it (`ChartTable.tsx`).
 */
import { useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useZone } from '../lib/preferences.ts'
import { formatDateTime } from '../lib/time-format.ts'
import { formatValue, type Unit } from '../lib/units.ts'
import { chartOption, type ChartData, type ChartStyle } from './chart-option.ts'
import { hatchTile, readChartColors, useScheme } from './chart-colors.ts'
import { Crosshair } from './Crosshair.tsx'
import { nearestIndex, setHovered, tooltipRows } from './hover.ts'
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

/** Shorter drags are clicks. */
const dragPxMin = 6

interface Drag {
  readonly startX: number
  readonly pans: boolean
  readonly x: number
}

export function TimeChart({ data, style, unit, fromMs, toMs, fillingFromMs, heightPx, summary, onZoom, onReset }: TimeChartProps) {
  const scheme = useScheme()
  const [zone] = useZone()
  const option = useMemo(() => {
    const colors = readChartColors()
    const hatch = hatchTile(colors.text)
    return chartOption(data, { style, unit, zone, fromMs, toMs, fillingFromMs, colors, hatch })
    // The scheme decides the colours that are read from the page.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data, style, unit, zone, fromMs, toMs, fillingFromMs, scheme])
  const { box, chart, drawn, failed } = useEcharts(option)
  const frame = useRef<HTMLDivElement>(null)
  const [drag, setDrag] = useState<Drag | null>(null)
  const [pointerValue, setPointerValue] = useState<number | null>(null)
  const [spoken, setSpoken] = useState('')

  const pixelOf = (ms: number): number => (chart === null ? 0 : Number(chart.convertToPixel({ xAxisIndex: 0 }, ms)))
  const timeOf = (x: number): number => (chart === null ? fromMs : Number(chart.convertFromPixel({ xAxisIndex: 0 }, x)))
  const xOf = (event: PointerEvent): number => event.clientX - (frame.current?.getBoundingClientRect().left ?? 0)
  const yOf = (event: PointerEvent): number => event.clientY - (frame.current?.getBoundingClientRect().top ?? 0)

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0 || chart === null || event.pointerType === 'touch') return
    frame.current?.setPointerCapture(event.pointerId)
    setDrag({ startX: xOf(event), pans: event.shiftKey, x: xOf(event) })
  }
  const onPointerMove = (event: PointerEvent): void => {
    if (chart === null) return
    const x = xOf(event)
    if (drag !== null) setDrag({ ...drag, x })
    const time = timeOf(x)
    setHovered(time >= fromMs && time <= toMs ? time : null)
    const value = Number(chart.convertFromPixel({ yAxisIndex: 0 }, yOf(event)))
    setPointerValue(style === 'line' || style === 'area' ? value : null)
  }
  const onPointerUp = (event: PointerEvent): void => {
    if (drag === null) return
    setDrag(null)
    const x = xOf(event)
    if (Math.abs(x - drag.startX) < dragPxMin) return
    const [a, b] = [timeOf(drag.startX), timeOf(x)]
    if (drag.pans) onZoom(fromMs - (b - a), toMs - (b - a))
    else onZoom(Math.max(fromMs, Math.min(a, b)), Math.min(toMs, Math.max(a, b)))
  }
  const move = (index: number): void => {
    const timeMs = data.timesMs[index]
    if (timeMs === undefined) return
    setHovered(timeMs)
    setPointerValue(null)
    const rows = tooltipRows(data.series, index, null).slice(0, 4)
    setSpoken(
      `${formatDateTime(timeMs, zone)}: ${rows.map((row) => `${row.name} ${formatValue(row.value, unit)}`).join(', ') || 'no data'}`,
    )
  }
  const [keyIndex, setKeyIndex] = useState(-1)
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = data.timesMs.length - 1
    const from = keyIndex < 0 || keyIndex > last ? last : keyIndex
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      Home: 0,
      End: last,
      PageUp: from - 10,
      PageDown: from + 10,
    }
    const target = targets[event.key]
    if (event.key === 'Escape') setHovered(null)
    if (target === undefined) return
    event.preventDefault()
    const bounded = Math.max(0, Math.min(last, target))
    setKeyIndex(bounded)
    move(bounded)
  }

  const clear = (): void => {
    setHovered(null)
    setDrag(null)
  }
  const selection = drag === null || drag.pans || Math.abs(drag.x - drag.startX) < dragPxMin ? null : drag
  return (
    <div
      ref={frame}
      className="bw-chart"
      style={{ height: heightPx }}
      role="application"
      aria-label={`Chart. ${summary} Arrow keys move through time.`}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={clear}
      onPointerCancel={clear}
      onDoubleClick={onReset}
      onKeyDown={onKeyDown}
      onBlur={clear}
    >
      <div ref={box} className="bw-chart__canvas" aria-hidden="true" />
      {failed && <p className="bw-chart__failed">The chart could not be loaded. Reload the page, or use the table.</p>}
      {chart !== null && (
        <Crosshair
          data={data}
          unit={unit}
          pixelOf={pixelOf}
          indexOf={(ms) => nearestIndex(data.timesMs, data.stepMs, ms)}
          pointerValue={pointerValue}
          drawn={drawn}
        />
      )}
      {selection !== null && (
        <div
          className="bw-chart__selection"
          style={{ left: Math.min(selection.startX, selection.x), width: Math.abs(selection.x - selection.startX) }}
        />
      )}
      <span className="bw-sr" aria-live="polite">
        {spoken}
      </span>
    </div>
  )
}
