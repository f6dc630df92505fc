/** Ctrl and the wheel zoom a trace's times around the pointer; Shift and the wheel move them. */
import { useEffect, useRef, type RefObject } from 'react'
import { fitWindow, zoomWindow, type TimeWindow } from './model/time-window.ts'

/** How far one notch of a wheel (100 px) zooms. */
const perPx = 1.0025

export interface WheelZoomDeps {
  readonly shown: TimeWindow
  readonly whole: TimeWindow
  readonly onWindow: (window: TimeWindow) => void
}

export function useWheelZoom(frame: RefObject<HTMLElement | null>, { shown, whole, onWindow }: WheelZoomDeps): void {
  const latest = useRef({ shown, whole, onWindow })
  useEffect(() => {
    latest.current = { shown, whole, onWindow }
  }, [shown, whole, onWindow])
  useEffect(() => {
    const element = frame.current
    if (element === null) return undefined
    // Not React's handler: that one is passive and could not keep the page from zooming.
    const onWheel = (event: WheelEvent): void => {
      const now = latest.current
      const times = element.querySelector('[data-times]') ?? element
      const bounds = times.getBoundingClientRect()
      const width = now.shown.toNs - now.shown.fromNs
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width))
        now.onWindow(zoomWindow(now.shown, now.whole, { factor: perPx ** -event.deltaY, aroundNs: now.shown.fromNs + width * share }))
      } else if (event.shiftKey) {
        event.preventDefault()
        const by = ((event.deltaX === 0 ? event.deltaY : event.deltaX) / bounds.width) * width
        now.onWindow(fitWindow({ fromNs: now.shown.fromNs + by, toNs: now.shown.toNs + by }, now.whole))
      }
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [frame])
}
