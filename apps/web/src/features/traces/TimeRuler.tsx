/** Above the waterfall: the moments of the window. Dragging over it zooms into what was dragged over; a double press shows all. */
import { useRef, useState, type PointerEvent } from 'react'
import { formatNs } from './trace-words.ts'
import { fitWindow, ticksOf, type TimeWindow } from './model/time-window.ts'
import type { TraceView } from './use-trace-view.ts'

/** Shorter drags are presses. */
const dragPxMin = 6
/** Below this width there is room for two labels. */
const phoneWidthPx = 760

export interface TimeRulerProps {
  readonly view: TraceView
  readonly onWindow: (window: TimeWindow) => void
}

export function TimeRuler({ view, onWindow }: TimeRulerProps) {
  const { window: shown, whole } = view
  const box = useRef<HTMLDivElement>(null)
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null)
  const width = shown.toNs - shown.fromNs
  const placeOf = (event: PointerEvent): number => {
    const bounds = box.current?.getBoundingClientRect()
    return bounds === undefined ? 0 : Math.min(bounds.width, Math.max(0, event.clientX - bounds.left))
  }
  const finish = (): void => {
    const boxWidth = box.current?.clientWidth ?? 1
    if (drag !== null && Math.abs(drag.to - drag.from) >= dragPxMin) {
      const at = (px: number): number => shown.fromNs + (px / boxWidth) * width
      onWindow(fitWindow({ fromNs: at(Math.min(drag.from, drag.to)), toNs: at(Math.max(drag.from, drag.to)) }, whole))
    }
    setDrag(null)
  }
  return (
    <div className="bw-waterfall__head">
      <span className="bw-waterfall__title">Span</span>
      <div
        ref={box}
        className="bw-ruler"
        data-times
        aria-hidden="true"
        title="Drag to zoom, double-click to see all"
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: placeOf(event), to: placeOf(event) })
        }}
        onPointerMove={(event) => {
          if (drag !== null) setDrag({ ...drag, to: placeOf(event) })
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
        onDoubleClick={() => onWindow(whole)}
      >
        {ticksOf(shown, whole.fromNs, window.innerWidth < phoneWidthPx ? 2 : 6).map((tick) => (
          <span key={tick} className="bw-ruler__tick" style={{ left: `${((tick - shown.fromNs) / width) * 100}%` }}>
            {formatNs(tick - whole.fromNs)}
          </span>
        ))}
        {drag !== null && (
          <span className="bw-ruler__drag" style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }} />
        )}
      </div>
    </div>
  )
}
