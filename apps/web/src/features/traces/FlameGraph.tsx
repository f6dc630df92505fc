/** The flame graph: spans of one name under the same parents as one box, as wide as the work in it. A press fills the width with a box. */
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { Button } from '../../ui/Button.tsx'
import { boxKey, drawnBoxes, findBox, type DrawnBox } from './model/flame-layout.ts'
import { flameGraph, type FlameBox, type FlameGraph as Graph } from './model/flame-model.ts'
import { isMissing } from './model/trace-tree.ts'
import { formatNs, plural } from './trace-words.ts'
import type { TraceView } from './use-trace-view.ts'
import './flame.css'

const rowPx = 22

function sentence(box: FlameBox, totalNs: number): string {
  const share = totalNs === 0 ? '' : ` (${((box.totalNs / totalNs) * 100).toFixed(1)} %)`
  const errors = box.errors === 0 ? '' : `, ${plural(box.errors, 'error')}`
  return `${box.service} ${box.name}: ${formatNs(box.totalNs)}${share}, own ${formatNs(box.selfNs)}, ${plural(box.count, 'span')}${errors}`
}

/** Pale enough for text of every theme; the full colour stands at the left. */
function fillOf(color: string | undefined): { background?: string; borderLeftColor?: string } {
  return color === undefined ? {} : { background: `color-mix(in srgb, ${color} 26%, var(--bw-bg))`, borderLeftColor: color }
}

/** Where an arrow key leads from a box. */
function neighbour(
  { graph, drawn }: { readonly graph: Graph; readonly drawn: readonly DrawnBox[] },
  box: FlameBox,
  key: string,
): FlameBox | undefined {
  if (key === 'ArrowUp') return graph.boxes[box.parent]
  if (key === 'ArrowDown') return graph.boxes[box.children[0] ?? -1]
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined
  const row = drawn.filter((each) => each.box.depth === box.depth).sort((a, b) => a.left - b.left)
  const at = row.findIndex((each) => each.box.id === box.id)
  return row[at + (key === 'ArrowLeft' ? -1 : 1)]?.box
}

export function FlameGraph({ view }: { readonly view: TraceView }) {
  const { model } = view
  const graph = useMemo(() => flameGraph(model.tree, model.selfNs), [model])
  const filled = useMemo(() => findBox(graph, view.search.box), [graph, view.search.box])
  const drawn = useMemo(() => drawnBoxes(graph, filled), [graph, filled])
  const [hovered, setHovered] = useState<FlameBox | null>(null)
  const root = useRef<HTMLDivElement>(null)
  const fill = (box: FlameBox | null): void => {
    view.update({ box: box === null || box.id === filled?.id ? undefined : boxKey(graph, box) })
  }
  const focus = (id: number): void => root.current?.querySelector<HTMLElement>(`[data-box="${id}"]`)?.focus()
  const onKeyDown = (event: KeyboardEvent, box: FlameBox): void => {
    if (event.key === 'Escape' && filled !== null) fill(null)
    else {
      const next = neighbour({ graph, drawn }, box, event.key)
      if (next === undefined) return
      focus(next.id)
    }
    event.preventDefault()
  }
  const depth = drawn.reduce((most, { box }) => Math.max(most, box.depth + 1), 0)
  const shown = hovered ?? filled
  const colorOf = (box: FlameBox): string | undefined => (isMissing(model.tree, box.example) ? undefined : view.colorOf(box.example))
  // One stop for Tab; arrows move within.
  const stop = filled?.id ?? drawn[0]?.box.id
  return (
    <div className="bw-flame">
      <div className="bw-flame__head">
        <span className="bw-truncate">
          {shown === null
            ? 'Boxes are as wide as the work in them: own time of all spans of that name under the same parents. Work at the same time adds up.'
            : sentence(shown, graph.totalNs)}
        </span>
        {filled !== null && (
          <span className="bw-flame__tools">
            <Button small onClick={() => view.openSpan(filled.example)}>
              Open the longest span
            </Button>
            <Button small icon="zoomOut" onClick={() => fill(null)}>
              All
            </Button>
          </span>
        )}
      </div>
      <div
        ref={root}
        className="bw-flame__boxes"
        style={{ height: depth * rowPx }}
        role="group"
        aria-label="Flame graph. Arrow keys move, Enter fills the width with a box."
        onPointerLeave={() => setHovered(null)}
      >
        {drawn.map(({ box, left, width, isAbove }) => (
          <button
            key={box.id}
            type="button"
            data-box={box.id}
            tabIndex={box.id === stop ? 0 : -1}
            className={`bw-flame__box ${isAbove ? 'bw-flame__box--above' : ''} ${box.errors > 0 ? 'bw-flame__box--error' : ''} ${box.id === filled?.id ? 'bw-flame__box--filled' : ''}`}
            style={{ left: `${left * 100}%`, width: `${width * 100}%`, top: box.depth * rowPx, ...fillOf(colorOf(box)) }}
            aria-label={sentence(box, graph.totalNs)}
            onPointerEnter={() => setHovered(box)}
            onFocus={() => setHovered(box)}
            onClick={() => fill(box)}
            onDoubleClick={() => view.openSpan(box.example)}
            onKeyDown={(event) => onKeyDown(event, box)}
          >
            {box.name}
            {box.count > 1 && <span className="bw-flame__count"> ×{box.count.toLocaleString('en-US')}</span>}
          </button>
        ))}
      </div>
    </div>
  )
}
