/** The whole trace at a glance: every span a stroke where it ran, failed ones on top. Dragging chooses the part that the waterfall shows. */
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import { readChartColors, useScheme } from '../../charts/chart-colors.ts'
import { fitWindow, isWhole, ticksOf, type TimeWindow } from './model/time-window.ts'
import { drawMinimap } from './minimap-canvas.ts'
import type { TraceView } from './use-trace-view.ts'
import { formatNs } from './trace-words.ts'

const heightPx = 64
/** Shorter drags are presses. */
const dragPxMin = 4
/** How near the pointer must be to an edge of the window to move that edge. */
const edgePx = 6

type Grip = 'new' | 'from' | 'to' | 'move'

interface Drag {
  readonly grip: Grip
  readonly startNs: number
  readonly before: TimeWindow
}

export interface MinimapProps {
  readonly view: TraceView
  readonly onWindow: (window: TimeWindow) => void
}

/** The window while something is dragged. */
function dragged({ grip, startNs, before }: Drag, atNs: number, whole: TimeWindow): TimeWindow {
  if (grip === 'move') return fitWindow({ fromNs: before.fromNs + atNs - startNs, toNs: before.toNs + atNs - startNs }, whole)
  const fixed = grip === 'from' ? before.toNs : grip === 'to' ? before.fromNs : startNs
  return fitWindow({ fromNs: Math.min(fixed, atNs), toNs: Math.max(fixed, atNs) }, whole)
}

export function Minimap({ view, onWindow }: MinimapProps) {
  const { window: shown, whole, model } = view
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drag, setDrag] = useState<Drag | null>(null)
  const [widthPx, setWidthPx] = useState(0)
  const scheme = useScheme()
  const colors = useMemo(() => {
    const page = readChartColors(scheme)
    const down = getComputedStyle(document.documentElement).getPropertyValue('--bw-down').trim()
    return { error: down, missing: page.border }
  }, [scheme])
  const { colorOf } = view
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => setWidthPx(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (canvas.current !== null && widthPx > 0) drawMinimap(canvas.current, model, { widthPx, heightPx, colorOf, ...colors })
    // The colours of services follow the scheme; `colorOf` itself is made anew at every drawing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [model, widthPx, colors])
  const total = whole.toNs - whole.fromNs
  const share = (ns: number): number => ((ns - whole.fromNs) / total) * 100
  const timeAt = (event: PointerEvent): number => {
    const bounds = box.current?.getBoundingClientRect()
    if (bounds === undefined || bounds.width === 0) return whole.fromNs
    return whole.fromNs + (Math.min(bounds.width, Math.max(0, event.clientX - bounds.left)) / bounds.width) * total
  }
  const gripAt = (atNs: number): Grip => {
    if (isWhole(shown, whole)) return 'new'
    const near = (edgePx / Math.max(1, widthPx)) * total
    if (Math.abs(atNs - shown.fromNs) < near) return 'from'
    if (Math.abs(atNs - shown.toNs) < near) return 'to'
    return atNs > shown.fromNs && atNs < shown.toNs ? 'move' : 'new'
  }
  const isZoomed = !isWhole(shown, whole)
  return (
    <div className="bw-minimap">
      <div
        ref={box}
        className="bw-minimap__box"
        style={{ height: heightPx }}
        aria-hidden="true"
        title="Drag to zoom, double-click to see all"
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          const at = timeAt(event)
          setDrag({ grip: gripAt(at), startNs: at, before: shown })
        }}
        onPointerMove={(event) => {
          if (drag === null) return
          const at = timeAt(event)
          if (drag.grip !== 'new' || (Math.abs(at - drag.startNs) / total) * widthPx >= dragPxMin) onWindow(dragged(drag, at, whole))
        }}
        onPointerUp={() => setDrag(null)}
        onPointerCancel={() => setDrag(null)}
        onDoubleClick={() => onWindow(whole)}
      >
        <canvas ref={canvas} style={{ width: '100%', height: heightPx }} />
        {ticksOf(whole, whole.fromNs, 6).map((tick) => (
          <span key={tick} className="bw-minimap__tick" style={{ left: `${share(tick)}%` }}>
            {tick === whole.fromNs ? '' : formatNs(tick - whole.fromNs)}
          </span>
        ))}
        {isZoomed && (
          <>
            <span className="bw-minimap__shade" style={{ left: 0, width: `${share(shown.fromNs)}%` }} />
            <span className="bw-minimap__shade" style={{ left: `${share(shown.toNs)}%`, right: 0 }} />
            <span
              className="bw-minimap__window"
              style={{ left: `${share(shown.fromNs)}%`, width: `${share(shown.toNs) - share(shown.fromNs)}%` }}
            />
          </>
        )}
      </div>
    </div>
  )
}
