/**
 * The waterfall: one row a span, drawn only where it is looked at, so that a hundred thousand spans scroll like ten. One place for the
 * keyboard (a tree with an active row), zoom by dragging over the times, by the wheel with Ctrl, by keys.
 */
import { useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import { usePageKeys } from '../../lib/page-keys.ts'
import type { TimeWindow } from './model/time-window.ts'
import { rowOf } from './model/trace-rows.ts'
import { TimeRuler } from './TimeRuler.tsx'
import { useWaterfallKeys } from './use-waterfall-keys.ts'
import { useWheelZoom } from './use-wheel-zoom.ts'
import { rowId, WaterfallRow } from './WaterfallRow.tsx'
import type { TraceView } from './use-trace-view.ts'
import './waterfall.css'

const rowHeightPx = 26
/** Rows drawn above and below what is seen, so that a quick scroll shows no gap. */
const overscan = 12
/** Browsers lose precision in much taller boxes; above this many rows one scroll step passes several. */
const scrollHeightPxMax = 15_000_000

interface Sight {
  readonly first: number
  readonly count: number
}

/** Which rows are in sight; changes only when that changes. */
function useSight(scroller: RefObject<HTMLDivElement | null>, rowCount: number): Sight & { readonly scale: number } {
  const [sight, setSight] = useState<Sight>({ first: 0, count: 40 })
  const scale = Math.max(1, (rowCount * rowHeightPx) / scrollHeightPxMax)
  useEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    const look = (): void => {
      const first = Math.floor((element.scrollTop * scale) / rowHeightPx)
      const count = Math.ceil(element.clientHeight / rowHeightPx)
      setSight((known) => (known.first === first && known.count === count ? known : { first, count }))
    }
    look()
    element.addEventListener('scroll', look, { passive: true })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      observer.disconnect()
    }
  }, [scroller, scale])
  return { ...sight, scale }
}

/** Brings a row into sight when it is not, in the middle. */
function useFollow(scroller: RefObject<HTMLDivElement | null>, row: number, scale: number): void {
  useEffect(() => {
    const element = scroller.current
    if (element === null || row === -1) return
    const top = (row * rowHeightPx) / scale
    const height = element.clientHeight
    if (top < element.scrollTop || top + rowHeightPx > element.scrollTop + height) {
      const isNear = Math.abs(top - element.scrollTop) < height * 1.5
      const below = top > element.scrollTop
      element.scrollTo({ top: isNear ? (below ? top - height + rowHeightPx : top) : top - height / 2 })
    }
    // The tree may reach below the browser's window.
    const bottom = element.getBoundingClientRect().top + top - element.scrollTop + rowHeightPx
    if (bottom > window.innerHeight) window.scrollBy({ top: bottom - window.innerHeight + rowHeightPx })
  }, [scroller, row, scale])
}

/** A press on a row opens its span; on its mark at the left it closes or opens what is below. */
function press(target: EventTarget, view: TraceView): void {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-node]') : null
  const node = Number(row?.dataset['node'] ?? Number.NaN)
  if (row === null || Number.isNaN(node)) return
  if (target instanceof Element && target.closest('[data-turn]') !== null) view.toggle(node)
  else view.openSpan(node)
}

export interface WaterfallProps {
  readonly view: TraceView
  readonly onWindow: (window: TimeWindow) => void
}

export function Waterfall({ view, onWindow }: WaterfallProps) {
  const { model, rows, active, window: shown, whole } = view
  const scroller = useRef<HTMLDivElement>(null)
  const frame = useRef<HTMLDivElement>(null)
  const sight = useSight(scroller, rows.length)
  const activeRow = useMemo(() => (active === null ? -1 : rowOf(model.tree, rows, active)), [model.tree, rows, active])
  useFollow(scroller, activeRow, sight.scale)
  const onKeyDown = useWaterfallKeys(view, activeRow, onWindow)
  usePageKeys(scroller, (event) => {
    if (event.key === 'Escape') return
    onKeyDown(event)
    if (event.defaultPrevented) scroller.current?.focus({ preventScroll: true })
  })
  useWheelZoom(frame, { shown, whole, onWindow })
  const from = Math.max(0, sight.first - overscan)
  const to = Math.min(rows.length, sight.first + sight.count + overscan)
  const height = Math.min(scrollHeightPxMax, rows.length * rowHeightPx)
  const isActiveDrawn = activeRow >= from && activeRow < to
  // In a box that is shorter than its rows, rows keep their distance around the first one in sight.
  const offset = sight.scale === 1 ? 0 : (sight.first * rowHeightPx) / sight.scale - sight.first * rowHeightPx
  return (
    <div className="bw-waterfall" ref={frame}>
      <TimeRuler view={view} onWindow={onWindow} />
      <div
        ref={scroller}
        className="bw-waterfall__scroll"
        role="tree"
        aria-label={`Spans of the trace, ${rows.length} rows. Arrow keys move, Enter opens a span.`}
        aria-activedescendant={active !== null && isActiveDrawn ? rowId(active) : undefined}
        tabIndex={0}
        data-waterfall
        onKeyDown={onKeyDown}
        onClick={(event) => press(event.target, view)}
        onFocus={(event) => {
          // A pressed row leaves the page when it is scrolled away; the keyboard stays with the tree.
          if (event.target !== event.currentTarget) event.currentTarget.focus({ preventScroll: true })
        }}
      >
        <div role="presentation" style={{ height }}>
          {Array.from(rows.subarray(from, to), (node, index) => (
            <WaterfallRow
              key={node}
              view={view}
              node={node}
              topPx={(from + index) * rowHeightPx + offset}
              isActive={node === active}
              isOpen={node === view.open}
            />
          ))}
        </div>
      </div>
    </div>
  )
}
