/** The pointer over a chart: hovering, dragging to zoom, Shift-dragging to pan. */
import type { EChartsType } from 'echarts/core'
import { useState, type PointerEvent, type RefObject } from 'react'
import { setHovered } from './hover.ts'

/** Shorter drags are clicks. */
const dragPxMin = 6

export interface ChartPointerDeps {
  readonly frame: RefObject<HTMLDivElement | null>
  readonly chart: EChartsType | null
  readonly fromMs: number
  readonly toMs: number
  readonly onZoom: (fromMs: number, toMs: number) => void
}

interface Drag {
  readonly startX: number
  readonly pans: boolean
  readonly x: number
}

export interface ChartPointer {
  /** The part being selected, px from the left; null when none is. */
  readonly selection: { readonly left: number; readonly width: number } | null
  /** The value at the pointer's height, null when there is no pointer. */
  readonly pointerValue: number | null
  readonly forgetPointer: () => void
  readonly handlers: {
    readonly onPointerDown: (event: PointerEvent) => void
    readonly onPointerMove: (event: PointerEvent) => void
    readonly onPointerUp: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
    readonly onPointerCancel: () => void
  }
}

export function useChartPointer({ frame, chart, fromMs, toMs, onZoom }: ChartPointerDeps): ChartPointer {
  const [drag, setDrag] = useState<Drag | null>(null)
  const [pointerValue, setPointerValue] = useState<number | null>(null)
  const timeOf = (x: number): number => (chart === null ? fromMs : Number(chart.convertFromPixel({ xAxisIndex: 0 }, x)))
  const placeOf = (event: PointerEvent): { x: number; y: number } => {
    const box = frame.current?.getBoundingClientRect()
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) }
  }
  const clear = (): void => {
    setHovered(null)
    setDrag(null)
    setPointerValue(null)
  }
  const isLong = drag !== null && Math.abs(drag.x - drag.startX) >= dragPxMin
  return {
    selection: isLong && !drag.pans ? { left: Math.min(drag.startX, drag.x), width: Math.abs(drag.x - drag.startX) } : null,
    pointerValue,
    forgetPointer: () => setPointerValue(null),
    handlers: {
      onPointerDown: (event) => {
        if (event.button !== 0 || chart === null || event.pointerType === 'touch') return
        frame.current?.setPointerCapture(event.pointerId)
        const { x } = placeOf(event)
        setDrag({ startX: x, pans: event.shiftKey, x })
      },
      onPointerMove: (event) => {
        if (chart === null) return
        const { x, y } = placeOf(event)
        if (drag !== null) setDrag({ ...drag, x })
        const time = timeOf(x)
        setHovered(time >= fromMs && time <= toMs ? time : null)
        setPointerValue(Number(chart.convertFromPixel({ yAxisIndex: 0 }, y)))
      },
      onPointerUp: (event) => {
        if (drag === null) return
        setDrag(null)
        const { x } = placeOf(event)
        if (Math.abs(x - drag.startX) < dragPxMin) return
        const [a, b] = [timeOf(drag.startX), timeOf(x)]
        if (drag.pans) onZoom(fromMs - (b - a), toMs - (b - a))
        else onZoom(Math.max(fromMs, Math.min(a, b)), Math.min(toMs, Math.max(a, b)))
      },
      onPointerLeave: clear,
      onPointerCancel: clear,
    },
  }
}
