/**
 * Durations over time as a heat map: what is usual, what is not. A drag marks a rectangle; what is in it can be searched for, or compared
 * with everything else. Arrow keys move a cell, with Shift they widen the rectangle.
 */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { TracesHistogram } from '@bellwether/protocol'
import { readTokens, useScheme } from '../../charts/chart-colors.ts'
import { useZone } from '../../lib/preferences.ts'
import { formatShort, formatTick } from '../../lib/time-format.ts'
import { formatCount, formatMs } from '../../lib/units.ts'
import { drawHeatMap } from './heat-canvas.ts'
import { heatMapOf, selectionOf, type CellRange, type HeatMap, type HeatSelection } from './model/heat-map.ts'
import './traces.css'

const heightPx = 168
/** Labels at the left at most. */
const labelsMax = 6

export interface DurationMapProps {
  readonly histogram: TracesHistogram
  readonly selected: CellRange | null
  readonly onSelect: (range: CellRange | null) => void
}

interface Cell {
  readonly column: number
  readonly row: number
}

function rangeOf(a: Cell, b: Cell): CellRange {
  return {
    columns: [Math.min(a.column, b.column), Math.max(a.column, b.column)],
    rows: [Math.min(a.row, b.row), Math.max(a.row, b.row)],
  }
}

/** Two cells that span the range after a key; null for a key that means nothing here. */
function keyTarget(event: KeyboardEvent, map: HeatMap, selected: CellRange | null): CellRange | null {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  }
  const step = steps[event.key]
  if (step === undefined) return null
  const bounded = (value: number, max: number): number => Math.max(0, Math.min(max - 1, value))
  if (selected === null) return rangeOf({ column: map.columns - 1, row: map.rows - 1 }, { column: map.columns - 1, row: map.rows - 1 })
  const end = { column: bounded(selected.columns[1] + step[0], map.columns), row: bounded(selected.rows[1] + step[1], map.rows) }
  return event.shiftKey ? rangeOf({ column: selected.columns[0], row: selected.rows[0] }, end) : rangeOf(end, end)
}

export function DurationMap({ histogram, selected, onSelect }: DurationMapProps) {
  const map = useMemo(() => heatMapOf(histogram), [histogram])
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [widthPx, setWidthPx] = useState(0)
  const [start, setStart] = useState<Cell | null>(null)
  const [hovered, setHovered] = useState<Cell | null>(null)
  const [zone] = useZone()
  const scheme = useScheme()
  const [cell = '', error = '', grid = ''] = useMemo(() => readTokens(scheme, ['--bw-accent', '--bw-down', '--bw-grid']), [scheme])
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => setWidthPx(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (canvas.current !== null && widthPx > 0) drawHeatMap(canvas.current, map, { widthPx, heightPx, cell, error, grid })
  }, [map, widthPx, cell, error, grid])
  const cellAt = (event: PointerEvent): Cell | null => {
    const bounds = box.current?.getBoundingClientRect()
    if (bounds === undefined || map.rows === 0) return null
    const column = Math.floor(((event.clientX - bounds.left) / bounds.width) * map.columns)
    const row = map.rows - 1 - Math.floor(((event.clientY - bounds.top) / bounds.height) * map.rows)
    return { column: Math.max(0, Math.min(map.columns - 1, column)), row: Math.max(0, Math.min(map.rows - 1, row)) }
  }
  const shown = hovered === null ? null : selectionOf(map, rangeOf(hovered, hovered))
  const summary = `Durations of ${formatCount(histogram.total)} spans over time.`
  return (
    <div className="bw-heat">
      <DurationLabels map={map} />
      <div
        ref={box}
        className="bw-heat__box"
        style={{ height: heightPx }}
        role="application"
        tabIndex={0}
        aria-label={`${summary} Arrow keys move a mark, with Shift they widen it.`}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === 'touch') return
          event.currentTarget.setPointerCapture(event.pointerId)
          setStart(cellAt(event))
        }}
        onPointerMove={(event) => {
          const at = cellAt(event)
          setHovered(at)
          if (start !== null && at !== null && (at.column !== start.column || at.row !== start.row)) onSelect(rangeOf(start, at))
        }}
        onPointerUp={(event) => {
          const at = cellAt(event)
          if (start !== null && at !== null && at.column === start.column && at.row === start.row) {
            onSelect(selected === null ? rangeOf(at, at) : null)
          }
          setStart(null)
        }}
        onPointerCancel={() => setStart(null)}
        onPointerLeave={() => setHovered(null)}
        onKeyDown={(event) => {
          const next = event.key === 'Escape' ? null : keyTarget(event, map, selected)
          if (next === null && event.key !== 'Escape') return
          event.preventDefault()
          onSelect(next)
        }}
      >
        <canvas ref={canvas} style={{ width: '100%', height: heightPx }} aria-hidden="true" />
        {selected !== null && <span className="bw-heat__selected" style={boxOf(map, selected)} />}
        {hovered !== null && shown !== null && start === null && (
          <HeatTip cell={hovered} map={map} shown={shown} errors={map.errors[hovered.column] ?? 0} zone={zone} />
        )}
      </div>
      <TimeLabels map={map} zone={zone} />
    </div>
  )
}

/** Where a range of cells is, in percent. */
function boxOf(map: HeatMap, { columns, rows }: CellRange) {
  return {
    left: `${(columns[0] / map.columns) * 100}%`,
    width: `${((columns[1] - columns[0] + 1) / map.columns) * 100}%`,
    bottom: `${(rows[0] / map.rows) * 100}%`,
    height: `${((rows[1] - rows[0] + 1) / map.rows) * 100}%`,
  }
}

function DurationLabels({ map }: { readonly map: HeatMap }) {
  const every = Math.max(1, Math.ceil(map.rows / labelsMax))
  return (
    <div className="bw-heat__durations" aria-hidden="true" style={{ height: heightPx }}>
      {Array.from({ length: map.rows }, (_, row) =>
        row % every === 0 && row < map.rows - 1 ? (
          <span key={row} style={{ bottom: `${((row + 1) / map.rows) * 100}%` }}>
            {formatMs(map.uppersMs[map.firstClass + row] ?? 0)}
          </span>
        ) : null,
      )}
    </div>
  )
}

function TimeLabels({ map, zone }: { readonly map: HeatMap; readonly zone: 'browser' | 'utc' }) {
  const labels = window.innerWidth < 760 ? 3 : 6
  const rangeMs = map.columns * map.stepMs
  return (
    <div className="bw-heat__times" aria-hidden="true">
      {Array.from({ length: labels }, (_, index) => (
        <span key={index}>{formatTick(map.fromMs + (rangeMs * index) / labels, rangeMs, zone)}</span>
      ))}
    </div>
  )
}

interface HeatTipProps {
  readonly cell: Cell
  readonly map: HeatMap
  readonly shown: HeatSelection
  readonly errors: number
  readonly zone: 'browser' | 'utc'
}

function HeatTip({ cell, map, shown, errors, zone }: HeatTipProps) {
  const left = ((cell.column + 0.5) / map.columns) * 100
  return (
    <div className={`bw-tip ${left > 50 ? 'bw-tip--left' : ''}`} style={{ left: `${left}%` }} aria-hidden="true">
      <div className="bw-tip__time">{formatShort(shown.fromMs, zone)}</div>
      <div>
        {shown.overMs === 0 ? 'up to' : `${formatMs(shown.overMs)} to`} {shown.upToMs === null ? 'any' : formatMs(shown.upToMs)}
      </div>
      <div>
        <strong>{formatCount(shown.spans)}</strong> spans
      </div>
      {errors > 0 && <div className="bw-trace__bad">{formatCount(errors)} failed at that time</div>}
    </div>
  )
}
