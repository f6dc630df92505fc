/** One row of the waterfall: what the span is at the left, when it ran at the right. */
import { memo } from 'react'
import { formatNs } from './trace-words.ts'
import { isMissing } from './model/trace-tree.ts'
import { statusError } from './model/span-columns.ts'
import { pathSegments } from './model/trace-model.ts'
import type { TraceView } from './use-trace-view.ts'
import { Icon } from '../../ui/Icon.tsx'

/** Levels that are indented; below, the depth is written. */
const indentLevelsMax = 18
const indentPx = 12

export function rowId(node: number): string {
  return `bw-span-${node}`
}

export interface WaterfallRowProps {
  readonly view: TraceView
  readonly node: number
  readonly topPx: number
  readonly isActive: boolean
  readonly isOpen: boolean
}

export const WaterfallRow = memo(function WaterfallRow({ view, node, topPx, isActive, isOpen }: WaterfallRowProps) {
  const { model, closed, found } = view
  const { tree } = model
  const hasChildren = (tree.childCount[node] ?? 0) > 0
  const isClosed = closed[node] === 1
  const classes = [
    'bw-span',
    isActive ? 'bw-span--active' : '',
    isOpen ? 'bw-span--open' : '',
    found !== null && found.marked[node] !== 1 ? 'bw-span--dim' : '',
    found !== null && found.marked[node] === 1 ? 'bw-span--found' : '',
  ].join(' ')
  return (
    <div
      id={rowId(node)}
      className={classes}
      style={{ top: topPx }}
      role="treeitem"
      tabIndex={-1}
      aria-level={(tree.depth[node] ?? 0) + 1}
      aria-expanded={hasChildren ? !isClosed : undefined}
      aria-selected={isOpen}
      aria-label={view.describe(node)}
      data-node={node}
    >
      <SpanLabel view={view} node={node} />
      <SpanBar view={view} node={node} />
    </div>
  )
})

function SpanLabel({ view, node }: { readonly view: TraceView; readonly node: number }) {
  const { model, closed } = view
  const { tree } = model
  const { spans } = tree
  const missing = isMissing(tree, node)
  const depth = tree.depth[node] ?? 0
  const children = tree.childCount[node] ?? 0
  const isError = !missing && spans.status[node] === statusError
  const errorsBelow = (tree.errorCount[node] ?? 0) - (isError ? 1 : 0)
  const isClosed = closed[node] === 1
  const service = missing ? '' : view.serviceOf(node)
  return (
    <span className="bw-span__label" style={{ paddingLeft: 4 + Math.min(depth, indentLevelsMax) * indentPx }}>
      {depth > indentLevelsMax && <span className="bw-span__depth">{depth}</span>}
      <span
        className={`bw-span__turn ${children === 0 ? 'bw-span__turn--none' : ''}`}
        aria-hidden="true"
        title={children === 0 ? undefined : isClosed ? 'Open (→)' : 'Close (←)'}
        data-turn={children > 0 ? '' : undefined}
      >
        {children > 0 && (
          <>
            <Icon name={isClosed ? 'right' : 'down'} size={12} />
            {isClosed && <span className="bw-span__count">{(tree.behind[tree.place[node] ?? 0] ?? 0) - (tree.place[node] ?? 0) - 1}</span>}
          </>
        )}
      </span>
      <span className="bw-span__swatch" style={missing ? undefined : { background: view.colorOf(node) }} />
      {missing ? (
        <span className="bw-span__missing">missing span</span>
      ) : (
        <>
          <span className="bw-span__service">{service}</span>
          <span className="bw-span__name">{view.nameOf(node)}</span>
        </>
      )}
      {isError && (
        <span className="bw-span__error" title="This span failed">
          <Icon name="warning" size={12} />
        </span>
      )}
      {!isError && errorsBelow > 0 && isClosed && (
        <span className="bw-span__error" title={`${errorsBelow} failed below`}>
          <Icon name="warning" size={12} /> {errorsBelow}
        </span>
      )}
      {!missing && spans.shiftNs[node] !== 0 && (
        <span className="bw-span__mark" title={`The clock of ${service} goes wrong: moved by ${formatNs(spans.shiftNs[node] ?? 0)}`}>
          <Icon name="clock" size={12} />
        </span>
      )}
      {tree.isLooped[node] === 1 && (
        <span className="bw-span__mark" title="This span names itself or one of its descendants as its parent">
          <Icon name="refresh" size={12} />
        </span>
      )}
    </span>
  )
}

/** Bars narrower than this are drawn this wide, CSS px. */
const barPxMin = 2

function SpanBar({ view, node }: { readonly view: TraceView; readonly node: number }) {
  const { model, window: shown, hasPath } = view
  const { tree } = model
  const width = shown.toNs - shown.fromNs
  const share = (ns: number): number => ((ns - shown.fromNs) / width) * 100
  const [start, end] = [tree.startNs[node] ?? 0, tree.endNs[node] ?? 0]
  const left = Math.max(0, share(start))
  const right = Math.min(100, share(end))
  const isOutside = end < shown.fromNs || start > shown.toNs
  const missing = isMissing(tree, node)
  const isError = !missing && tree.spans.status[node] === statusError
  const length = Math.max(0, right - left)
  return (
    <span className="bw-span__times">
      {isOutside ? (
        <span className={`bw-span__outside ${start > shown.toNs ? 'bw-span__outside--after' : ''}`}>{start > shown.toNs ? '›' : '‹'}</span>
      ) : (
        <>
          <span
            className={`bw-span__bar ${missing ? 'bw-span__bar--missing' : ''} ${isError ? 'bw-span__bar--error' : ''}`}
            style={{ left: `${left}%`, width: `max(${barPxMin}px, ${length}%)`, ...(missing ? {} : { background: view.colorOf(node) }) }}
          />
          {hasPath &&
            pathSegments(model, node).map(([from, to]) => {
              const a = Math.max(0, share(from))
              const b = Math.min(100, share(to))
              return b <= a ? null : <span key={from} className="bw-span__path" style={{ left: `${a}%`, width: `max(1px, ${b - a}%)` }} />
            })}
          <Duration leftPercent={left} rightPercent={left + length} text={missing ? '?' : formatNs(end - start)} />
        </>
      )}
    </span>
  )
}

/** Beside the bar where there is room: at its right, else at its left, else in it. */
function Duration({
  leftPercent,
  rightPercent,
  text,
}: {
  readonly leftPercent: number
  readonly rightPercent: number
  readonly text: string
}) {
  if (rightPercent < 86)
    return (
      <span className="bw-span__duration" style={{ left: `calc(${rightPercent}% + 6px)` }}>
        {text}
      </span>
    )
  if (leftPercent > 14)
    return (
      <span className="bw-span__duration" style={{ right: `calc(${100 - leftPercent}% + 4px)` }}>
        {text}
      </span>
    )
  return (
    <span className="bw-span__duration bw-span__duration--in" style={{ right: `calc(${100 - rightPercent}% + 6px)` }}>
      {text}
    </span>
  )
}
