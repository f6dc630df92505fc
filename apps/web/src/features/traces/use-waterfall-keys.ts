/**
 * Keys of the waterfall: ↑ ↓ (j k) move, → opens or goes in, ← closes or goes up, Enter opens the span, Home, End, Page keys; e next error,
 * n N next and previous found; + − zoom, 0 all, z the span, Shift and arrows move the window; [ and ] close and open everything.
 */
import { fitWindow, windowAround, zoomWindow, type TimeWindow } from './model/time-window.ts'
import { isFoldable, nextMarked } from './model/trace-rows.ts'
import type { TraceView } from './use-trace-view.ts'

/** What both the page's and the tree's events have. */
type PressedKey = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'preventDefault' | 'stopPropagation'>

const pageRows = 20
/** Share of the window that one press moves it by. */
const panShare = 0.2

function rowTarget(key: string, row: number, last: number): number | null {
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    j: row + 1,
    ArrowUp: row - 1,
    k: row - 1,
    Home: 0,
    End: last,
    PageDown: row + pageRows,
    PageUp: row - pageRows,
  }
  const target = targets[key]
  return target === undefined ? null : Math.min(last, Math.max(0, target))
}

/** The window a key leads to, null for a key that is about rows. */
function windowTarget(event: PressedKey, view: TraceView): TimeWindow | null {
  const { window: shown, whole, active, model } = view
  const [startNs, endNs] = active === null ? [shown.fromNs, shown.toNs] : [model.tree.startNs[active] ?? 0, model.tree.endNs[active] ?? 0]
  const middle = Math.min(shown.toNs, Math.max(shown.fromNs, (startNs + endNs) / 2))
  if (event.key === '+' || event.key === '=') return zoomWindow(shown, whole, { factor: 1.6, aroundNs: middle })
  if (event.key === '-') return zoomWindow(shown, whole, { factor: 1 / 1.6, aroundNs: middle })
  if (event.key === '0') return whole
  if (event.key === 'z') return active === null ? whole : windowAround(startNs, endNs, whole)
  if (!event.shiftKey || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return null
  const by = (shown.toNs - shown.fromNs) * panShare * (event.key === 'ArrowLeft' ? -1 : 1)
  return fitWindow({ fromNs: shown.fromNs + by, toNs: shown.toNs + by }, whole)
}

function stepInTree(key: string, view: TraceView): boolean {
  const { active, model, closed } = view
  const { tree } = model
  if (active === null) return false
  const canFold = isFoldable(tree, active)
  if (key === 'ArrowRight' && canFold) {
    if (closed[active] === 1) view.toggle(active)
    else view.moveTo(tree.order[(tree.place[active] ?? 0) + 1] ?? active)
    return true
  }
  if (key === 'ArrowLeft') {
    const parent = tree.parent[active] ?? -1
    if (canFold && closed[active] !== 1) view.toggle(active)
    else if (parent !== -1) view.moveTo(parent)
    return true
  }
  return false
}

export function useWaterfallKeys(view: TraceView, activeRow: number, onWindow: (window: TimeWindow) => void) {
  return (event: PressedKey): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { model, rows, active } = view
    const window = windowTarget(event, view)
    const row = rowTarget(event.key, activeRow, rows.length - 1)
    if (window !== null) onWindow(window)
    else if (row !== null) view.moveTo(rows[row] ?? 0)
    else if (event.key === 'Enter' && active !== null) view.openSpan(active)
    else if (event.key === 'Escape' && view.open !== null) view.closeSpan()
    else if (event.key === 'e' || event.key === 'E') moveToMarked(view, view.failed, event.key === 'E' ? -1 : 1)
    else if ((event.key === 'n' || event.key === 'N') && view.found !== null)
      moveToMarked(view, view.found.marked, event.key === 'N' ? -1 : 1)
    else if (event.key === '[') view.closeAll()
    else if (event.key === ']') view.openAll()
    else if (!stepInTree(event.key, { ...view, model })) return
    event.preventDefault()
    event.stopPropagation()
  }
}

function moveToMarked(view: TraceView, marked: Uint8Array, step: 1 | -1): void {
  const next = nextMarked(view.model.tree, marked, view.active, step)
  if (next !== null) view.moveTo(next)
}
