/** The map drawn: services in layers from callers to called. A press or the keyboard chooses one, which brings out its edges. */
import type { MapEdge, MapNode, ServiceMap } from '@bellwether/protocol'
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import { placeLabels } from './map-labels.ts'
import { edgePath, layoutMap, nodeHeightPx, nodeWidthPx, type MapLayout, type PlacedEdge, type PlacedNode } from './map-layout.ts'
import { formatDuration, formatRate, formatShare, toneOfErrors } from './red-words.ts'

export interface MapPictureProps {
  readonly map: ServiceMap
  readonly chosen: string | null
  readonly onChoose: (id: string | null) => void
}

const kindWords: Readonly<Record<MapNode['kind'], string>> = {
  service: 'service',
  database: 'database',
  queue: 'queue',
  external: 'outside',
}

/** The node an arrow key leads to: along an edge to the side, or the nearest in the same layer. */
function neighbour(layout: MapLayout, id: string, key: string): string | null {
  const from = layout.nodes.find(({ name }) => name === id)
  if (from === undefined) return null
  const distance = (node: PlacedNode): number => Math.abs(node.y - from.y)
  const isAside = key === 'ArrowLeft' || key === 'ArrowRight'
  const candidates = layout.nodes.filter((node) => {
    if (node.name === id) return false
    if (key === 'ArrowLeft') return node.layer === from.layer - 1
    if (key === 'ArrowRight') return node.layer === from.layer + 1
    if (node.layer !== from.layer) return false
    return key === 'ArrowUp' ? node.y < from.y : key === 'ArrowDown' ? node.y > from.y : false
  })
  candidates.sort((a, b) => distance(a) - distance(b) || (isAside ? a.y - b.y : 0))
  return candidates[0]?.name ?? null
}

export function MapPicture({ map, chosen, onChoose }: MapPictureProps) {
  const root = useRef<HTMLDivElement>(null)
  const layout = useMemo(
    () =>
      layoutMap(
        map.nodes.map(({ id }) => id),
        map.edges,
      ),
    [map],
  )
  const nodes = useMemo(() => new Map(map.nodes.map((node) => [node.id, node])), [map])
  const isNear = (edge: MapEdge): boolean => chosen === null || edge.from === chosen || edge.to === chosen
  const texts = new Map(map.edges.map((edge, index) => [index, labelText(edge, chosen !== null)]))
  const labels = placeLabels(
    layout.edges.flatMap((placed) => {
      const edge = map.edges[placed.index]
      if (edge === undefined || !isNear(edge)) return []
      const weight = toneWeights[toneOfErrors(edge.figures.errorRate)] + edge.figures.perSec / (1 + edge.figures.perSec)
      return [{ placed, text: texts.get(placed.index) ?? '', weight }]
    }),
  )
  const near = new Set(map.edges.filter(isNear).flatMap(({ from, to }) => [from, to]))
  const most = map.edges.reduce((highest, { figures }) => Math.max(highest, figures.perSec), 0)
  const onKeyDown = (event: KeyboardEvent, id: string): void => {
    if (event.key === 'Escape') onChoose(null)
    else {
      const next = neighbour(layout, id, event.key)
      if (next === null) return
      root.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus()
    }
    event.preventDefault()
  }
  const stop = chosen ?? layout.nodes[0]?.name
  useEffect(() => {
    if (chosen === null) return
    const node = root.current?.querySelector(`[data-node="${CSS.escape(chosen)}"]`)
    node?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [chosen, layout])
  return (
    <div className="bw-map" ref={root} role="group" aria-label="Map of services" tabIndex={-1}>
      <div className="bw-map__plane" style={{ width: layout.widthPx, height: layout.heightPx }}>
        <svg width={layout.widthPx} height={layout.heightPx} aria-hidden="true">
          <defs>
            {(['ok', 'warn', 'down', 'unknown'] as const).map((tone) => (
              <marker
                key={tone}
                id={`bw-arrow-${tone}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerUnits="userSpaceOnUse"
                markerWidth="10"
                markerHeight="10"
                orient="auto-start-reverse"
              >
                <path d="M0 .5L8 4 0 7.5z" className={`bw-map__arrow bw-map__arrow--${tone}`} />
              </marker>
            ))}
          </defs>
          {layout.edges.map((placed) => {
            const edge = map.edges[placed.index]
            return edge === undefined ? null : <Edge key={placed.index} placed={placed} edge={edge} isDim={!isNear(edge)} most={most} />
          })}
        </svg>
        {labels.map(({ index, x, y }) => (
          <EdgeLabel key={index} edge={map.edges[index]} text={texts.get(index) ?? ''} x={x} y={y} />
        ))}
        {layout.nodes.map((placed) => {
          const node = nodes.get(placed.name)
          return node === undefined ? null : (
            <NodeBox
              key={placed.name}
              placed={placed}
              node={node}
              isChosen={chosen === placed.name}
              isDim={chosen !== null && !near.has(placed.name)}
              isStop={stop === placed.name}
              onChoose={() => onChoose(chosen === placed.name ? null : placed.name)}
              onKeyDown={(event) => onKeyDown(event, placed.name)}
            />
          )
        })}
      </div>
    </div>
  )
}

interface EdgeProps {
  readonly placed: PlacedEdge
  readonly edge: MapEdge
  readonly isDim: boolean
}

/** Wider where more is called. */
function Edge({ placed, edge, isDim, most }: EdgeProps & { readonly most: number }) {
  const tone = toneOfErrors(edge.figures.errorRate)
  const width = most === 0 ? 1.2 : 1.2 + 2.6 * Math.sqrt(edge.figures.perSec / most)
  return (
    <path
      d={edgePath(placed)}
      className={`bw-map__edge bw-map__edge--${tone} ${edge.kind === 'message' ? 'bw-map__edge--message' : ''} ${isDim ? 'bw-map__dim' : ''}`}
      strokeWidth={width}
      markerEnd={`url(#bw-arrow-${tone})`}
    />
  )
}

interface EdgeLabelProps {
  readonly edge: MapEdge | undefined
  readonly text: string
  readonly x: number
  readonly y: number
}

function EdgeLabel({ edge, text, x, y }: EdgeLabelProps) {
  const tone = toneOfErrors(edge?.figures.errorRate ?? null)
  const isBad = tone === 'warn' || tone === 'down'
  return (
    <span className={`bw-map__label ${isBad ? `bw-map__label--${tone}` : ''}`} style={{ left: x, top: y }} aria-hidden="true">
      {text}
    </span>
  )
}

/** Longest text between two layers; the last part is left out of a longer one. */
const labelLengthMax = 19

/** Calls, failed ones where there are many, and how long the slow calls take. */
function labelText({ figures }: MapEdge, isChosen: boolean): string {
  const isBad = toneOfErrors(figures.errorRate) === 'warn' || toneOfErrors(figures.errorRate) === 'down'
  const failed = isBad || isChosen ? ` · ${formatShare(figures.errorRate)}` : ''
  const short = `${formatRate(figures.perSec)}${failed}`
  const whole = `${short} · ${formatDuration(figures.p95Ms)}`
  return whole.length > labelLengthMax ? short : whole
}

const toneWeights = { down: 3, warn: 2, ok: 1, unknown: 1, paused: 1 }

/** Not said twice: a search engine is often called by its own name. */
function whatItIs({ kind, name, system }: MapNode): string {
  if (kind === 'service' || system === name) return ''
  return `${system === '' ? kindWords[kind] : system} · `
}

interface NodeBoxProps {
  readonly placed: PlacedNode
  readonly node: MapNode
  readonly isChosen: boolean
  readonly isDim: boolean
  readonly isStop: boolean
  readonly onChoose: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

function NodeBox({ placed, node, isChosen, isDim, isStop, onChoose, onKeyDown }: NodeBoxProps) {
  const { figures } = node
  const tone = toneOfErrors(figures.errorRate)
  const words = `${node.name}, ${kindWords[node.kind]}: ${formatRate(figures.perSec)}, ${formatShare(figures.errorRate)} failed, p95 ${formatDuration(figures.p95Ms)}`
  return (
    <button
      type="button"
      data-node={placed.name}
      tabIndex={isStop ? 0 : -1}
      className={`bw-map__node bw-map__node--${node.kind} bw-map__node--${tone} ${isChosen ? 'bw-map__node--chosen' : ''} ${isDim ? 'bw-map__dim' : ''}`}
      style={{ left: placed.x, top: placed.y, width: nodeWidthPx, height: nodeHeightPx }}
      aria-pressed={isChosen}
      aria-label={words}
      title={words}
      onClick={onChoose}
      onKeyDown={onKeyDown}
    >
      <span className="bw-map__name">{node.name}</span>
      <span className="bw-map__figures">
        {whatItIs(node)}
        {formatRate(figures.perSec)}
        {(tone === 'warn' || tone === 'down') && <strong> · {formatShare(figures.errorRate)}</strong>} · {formatDuration(figures.p95Ms)}
      </span>
    </button>
  )
}
