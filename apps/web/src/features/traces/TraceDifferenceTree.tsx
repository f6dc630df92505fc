/** Two traces as one tree of operations: which are only in one of them, and where the time of the others went. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import { ChangeBar } from './ComparedOperations.tsx'
import { differenceSentence } from './model/difference-words.ts'
import { flameGraph } from './model/flame-model.ts'
import {
  openAtFirst,
  shownNodes,
  traceDifference,
  type DifferenceNode,
  type SideWork,
  type TraceDifference,
} from './model/trace-difference.ts'
import type { TraceModel } from './model/trace-model.ts'
import { isMissing } from './model/trace-tree.ts'
import { traceQuery } from './traces.queries.ts'
import { formatNs } from './trace-words.ts'
import './difference-tree.css'

/** Rows drawn at once. */
const rowsMax = 300

interface Sides<T> {
  readonly left: T
  readonly right: T
}

export function TraceDifferenceTree({ ids }: { readonly ids: Sides<string> }) {
  const { projectPath } = usePlace()
  const left = useQuery(traceQuery(projectPath, ids.left))
  const right = useQuery(traceQuery(projectPath, ids.right))
  const failed = left.isError ? left : right.isError ? right : null
  return (
    <Section
      title="Where the time went"
      note="one line for the spans of one service and name under the same operations; what explains most of the difference first"
    >
      {failed !== null ? (
        <Failure compact error={failed.error} title="A trace could not be read" onRetry={() => void failed.refetch()} />
      ) : left.data === undefined || right.data === undefined ? (
        <div className="bw-section__body">
          <Loading label="both traces" rows={8} />
        </div>
      ) : (
        <Tree models={{ left: left.data.model, right: right.data.model }} ids={ids} />
      )}
    </Section>
  )
}

interface TreeProps {
  readonly models: Sides<TraceModel>
  readonly ids: Sides<string>
}

function Tree({ models, ids }: TreeProps) {
  const difference = useMemo(() => {
    const graphOf = ({ tree, selfNs }: TraceModel) => flameGraph(tree, selfNs)
    return traceDifference(graphOf(models.left), graphOf(models.right))
  }, [models.left, models.right])
  const [open, setOpen] = useState(() => openAtFirst(difference))
  const rows = shownNodes(difference, open, rowsMax + 1)
  const turn = (id: number): void =>
    setOpen((known) => {
      const next = new Set(known)
      if (!next.delete(id)) next.add(id)
      return next
    })
  return (
    <>
      <div className="bw-difference__head">
        <p>{differenceSentence(difference, models)}</p>
        <Button small variant="quiet" onClick={() => setOpen(new Set(difference.nodes.map(({ id }) => id)))}>
          Open all
        </Button>
        <Button small variant="quiet" onClick={() => setOpen(openAtFirst(difference))}>
          Only what differs
        </Button>
      </div>
      <div className="bw-table-scroll" tabIndex={0} role="group" aria-label="Operations of both traces, as a tree">
        <table className="bw-table bw-difference">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col" className="bw-num bw-difference__side">
                Left, own time
              </th>
              <th scope="col" className="bw-num bw-difference__side">
                Right, own time
              </th>
              <th scope="col" className="bw-num">
                Change
              </th>
              <th scope="col" className="bw-num bw-difference__duration">
                Duration
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, rowsMax).map((node) => (
              <Row
                key={node.id}
                node={node}
                difference={difference}
                isOpen={open.has(node.id)}
                onTurn={() => turn(node.id)}
                {...{ models, ids }}
              />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > rowsMax && (
        <p className="bw-difference__more">The first {rowsMax} lines are shown: close what does not differ to see the others.</p>
      )}
    </>
  )
}

interface RowProps extends TreeProps {
  readonly node: DifferenceNode
  readonly difference: TraceDifference
  readonly isOpen: boolean
  readonly onTurn: () => void
}

function Row({ node, difference, isOpen, onTurn, models, ids }: RowProps) {
  const { left, right, changeNs, depth } = node
  const isQuiet = node.movedNs < difference.movedNs / 1000
  return (
    <tr className={isQuiet ? 'bw-difference__quiet' : ''}>
      <th scope="row">
        <span className="bw-difference__name" style={{ paddingLeft: `calc(${Math.min(depth, 16)} * var(--bw-difference-step))` }}>
          {node.children.length > 0 ? (
            <button
              type="button"
              className="bw-difference__turn"
              aria-expanded={isOpen}
              aria-label={`${isOpen ? 'Close' : 'Open'} ${node.service} ${node.name}`}
              onClick={onTurn}
            >
              <Icon name={isOpen ? 'down' : 'right'} size={12} />
            </button>
          ) : (
            <span className="bw-difference__turn" />
          )}
          <span className="bw-difference__what">
            <SpanLink node={node} models={models} ids={ids} />
            <span className="bw-difference__both bw-dim">
              {workText(left)} → {workText(right)}
            </span>
          </span>
          {left === null && <Tag tone="accent">only right</Tag>}
          {right === null && <Tag>only left</Tag>}
          {(right?.errors ?? 0) > (left?.errors ?? 0) && (
            <Tag tone="down">{`${(right?.errors ?? 0) - (left?.errors ?? 0)} more failed`}</Tag>
          )}
        </span>
      </th>
      <Work work={left} />
      <Work work={right} />
      <td className="bw-num">
        <span className="bw-versus__change">
          <ChangeBar share={difference.movedNs === 0 ? 0 : changeNs / difference.movedNs} />
          <span>{signedNs(changeNs)}</span>
        </span>
      </td>
      <td className="bw-num bw-difference__duration">
        {durationText(left)} → {durationText(right)}
      </td>
    </tr>
  )
}

/** To the longest of its spans, on the right where it is there. */
function SpanLink({ node, models, ids }: Pick<RowProps, 'node' | 'models' | 'ids'>) {
  const { project } = usePlace()
  const side = node.right === null ? 'left' : 'right'
  const example = node[side]?.example ?? -1
  const { tree } = models[side]
  const text = (
    <>
      <span className="bw-dim">{node.service}</span> {node.name}
    </>
  )
  const span = isMissing(tree, example) ? undefined : tree.spans.ids[example]
  if (span === undefined) return <span className="bw-truncate">{text}</span>
  return (
    <Link
      to="/p/$project/explore/traces/$traceId"
      params={{ project: project.id, traceId: ids[side] }}
      search={{ span }}
      className="bw-truncate"
      title={`${node.service} ${node.name}: the longest span of the ${side} trace`}
    >
      {text}
    </Link>
  )
}

function Work({ work }: { readonly work: SideWork | null }) {
  return (
    <td className="bw-num bw-difference__side">
      {work === null ? (
        <span className="bw-dim">—</span>
      ) : (
        <>
          {formatNs(work.selfNs)} {work.count > 1 && <span className="bw-dim">{work.count.toLocaleString('en-US')}×</span>}
        </>
      )}
    </td>
  )
}

function workText(work: SideWork | null): string {
  return work === null ? '—' : `${formatNs(work.selfNs)}${work.count > 1 ? ` ${work.count.toLocaleString('en-US')}×` : ''}`
}

function durationText(work: SideWork | null): string {
  return work === null ? '—' : formatNs(work.durationNs)
}

function signedNs(ns: number): string {
  return ns === 0 ? '0' : `${ns > 0 ? '+' : '−'}${formatNs(Math.abs(ns))}`
}
