/** One row of the waterfall: what the span is at the left, when it ran at the right. */
import { memo } from 'react'
import { formatNs } from './trace-words.ts'
import { isMissing } from './model/trace-tree.ts'
import { statusError } from './model/span-columns.ts'
import { isFoldable } from './model/trace-rows.ts'
import { SpanBar } from './SpanBar.tsx'
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
  const canFold = isFoldable(tree, node)
  const isClosed = closed[node] === 1
  const isFound = found?.marked[node] === 1
  const classes = [
    'bw-span',
    isActive ? 'bw-span--active' : '',
    isOpen ? 'bw-span--open' : '',
    found !== null && !isFound ? 'bw-span--dim' : '',
    found !== null && isFound ? 'bw-span--found' : '',
  ].join(' ')
  return (
    <div
      id={rowId(node)}
      className={classes}
      style={{ top: topPx }}
      role="treeitem"
      tabIndex={-1}
      aria-level={(tree.depth[node] ?? 0) + 1}
      aria-expanded={canFold ? !isClosed : undefined}
      aria-selected={isOpen}
      aria-label={view.describe(node, isClosed)}
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
  const canFold = isFoldable(tree, node)
  const run = tree.runLength[node] ?? 0
  const isError = !missing && spans.status[node] === statusError
  const errorsBelow = (tree.errorCount[node] ?? 0) - (isError ? 1 : 0)
  const isClosed = closed[node] === 1
  const service = missing ? '' : view.serviceOf(node)
  return (
    <span className="bw-span__label" style={{ paddingLeft: 4 + Math.min(depth, indentLevelsMax) * indentPx }}>
      {depth > indentLevelsMax && <span className="bw-span__depth">{depth}</span>}
      <span
        className={`bw-span__turn ${canFold ? '' : 'bw-span__turn--none'}`}
        aria-hidden="true"
        title={canFold ? (isClosed ? 'Open (→)' : 'Close (←)') : undefined}
        data-turn={canFold ? '' : undefined}
      >
        {canFold && (
          <>
            <Icon name={isClosed ? 'right' : 'down'} size={12} />
            {isClosed && run === 0 && (
              <span className="bw-span__count">{(tree.behind[tree.place[node] ?? 0] ?? 0) - (tree.place[node] ?? 0) - 1}</span>
            )}
          </>
        )}
      </span>
      <span className="bw-span__swatch" style={missing ? undefined : { background: view.colorOf(node) }} />
      {missing ? (
        <span className="bw-span__missing">missing span</span>
      ) : (
        <>
          <span className="bw-span__service">{service}</span>
          {run > 0 && isClosed && <span className="bw-span__run">{run.toLocaleString('en-US')}×</span>}
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
