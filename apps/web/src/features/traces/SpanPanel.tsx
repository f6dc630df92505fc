/** One span: what it did, what went wrong in it, everything it carries, and its logs. */
import type { SpanDetail, TraceFacts } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TimeRange } from '../../lib/time-range.ts'
import { formatMs } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, Tag } from '../../ui/StatusMark.tsx'
import { writeFilter } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'
import { windowAround } from './model/time-window.ts'
import { statusError } from './model/span-columns.ts'
import { AttributeList } from './AttributeList.tsx'
import { SpanEvents, SpanExceptions, SpanLinks } from './SpanEvents.tsx'
import { SpanLogs } from './SpanLogs.tsx'
import { spanQuery } from './traces.queries.ts'
import { othersRange } from './TraceHead.tsx'
import { formatNs, kindNames } from './trace-words.ts'
import type { TraceView } from './use-trace-view.ts'
import './span-panel.css'

export interface SpanPanelProps {
  readonly view: TraceView
  readonly node: number
  readonly facts: TraceFacts
}

export function SpanPanel({ view, node, facts }: SpanPanelProps) {
  const { projectPath } = usePlace()
  const { tree } = view.model
  const spanId = tree.spans.ids[node] ?? ''
  const span = useQuery(spanQuery(projectPath, facts.traceId, spanId))
  return (
    <div className="bw-panel">
      <PanelHead view={view} node={node} spanId={spanId} />
      <PanelFacts view={view} node={node} span={span.data ?? null} />
      {span.isPending && <Loading label="the span" rows={5} />}
      {span.isError && <Failure compact error={span.error} title="The span could not be read" onRetry={() => void span.refetch()} />}
      {span.data !== undefined && <PanelBody view={view} node={node} span={span.data} facts={facts} />}
    </div>
  )
}

function PanelHead({ view, node, spanId }: { readonly view: TraceView; readonly node: number; readonly spanId: string }) {
  const { tree } = view.model
  const service = view.serviceOf(node)
  const { project } = usePlace()
  return (
    <header className="bw-panel__head">
      <div className="bw-panel__title">
        <h2>{view.nameOf(node)}</h2>
        <p>
          <span className="bw-swatch" style={{ background: view.colorOf(node) }} />{' '}
          <Link to="/p/$project/services/$service" params={{ project: project.id, service }}>
            {service}
          </Link>{' '}
          <Tag>{kindNames[tree.spans.kind[node] ?? 0] ?? 'unspecified'}</Tag>{' '}
          {tree.spans.status[node] === statusError ? <StatusMark tone="down" label="failed" /> : null}
        </p>
      </div>
      <div className="bw-panel__tools">
        <CopyButton text={spanId} what="span id" />
        <IconButton
          small
          icon="search"
          label="Zoom to this span (z)"
          onClick={() => view.setWindow(windowAround(tree.startNs[node] ?? 0, tree.endNs[node] ?? 0, view.whole))}
        />
        <IconButton small icon="close" className="bw-panel__close" label="Close the span" onClick={view.closeSpan} />
      </div>
    </header>
  )
}

/** Null when nothing is known of calls like it. */
function slownessOf(span: SpanDetail | null): string | null {
  if (span === null || span.slowerThan === null) return null
  const percent = Math.floor(span.slowerThan * 100)
  return percent >= 99 ? 'Among the slowest of calls like it in that hour.' : `Slower than ${percent} % of calls like it in that hour.`
}

function PanelFacts({ view, node, span }: { readonly view: TraceView; readonly node: number; readonly span: SpanDetail | null }) {
  const { tree, selfNs, path } = view.model
  const shiftNs = tree.spans.shiftNs[node] ?? 0
  const onPath = path.ownNs[node] ?? 0
  const slowness = slownessOf(span)
  return (
    <>
      <dl className="bw-facts bw-panel__facts">
        <Fact name="Duration" value={formatNs(tree.spans.durationNs[node] ?? 0)} />
        <Fact name="Own time" value={formatNs(selfNs[node] ?? 0)} title="Time that none of its children covers" />
        <Fact name="Waited for" value={onPath === 0 ? '—' : formatNs(onPath)} title="Its own part of the critical path" />
        <Fact name="Starts after" value={formatNs((tree.startNs[node] ?? 0) - tree.fromNs)} />
        <Fact name="Children" value={(tree.childCount[node] ?? 0).toLocaleString('en-US')} />
        {span !== null && span.weight !== 1 && (
          <Fact name="Stands for" value={`${formatWeight(span.weight)} spans`} title="The sender took samples" />
        )}
      </dl>
      {slowness !== null && <p className="bw-dim">{slowness}</p>}
      {shiftNs !== 0 && (
        <p className="bw-panel__note">
          Moved {formatNs(Math.abs(shiftNs))} {shiftNs < 0 ? 'back' : 'forward'}, because the clock of {view.serviceOf(node)} is{' '}
          {shiftNs < 0 ? 'ahead' : 'behind'}
          {span === null ? '' : `; it reported ${span.start}`}.
        </p>
      )}
    </>
  )
}

function formatWeight(weight: number): string {
  return weight.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

interface PanelBodyProps {
  readonly view: TraceView
  readonly node: number
  readonly span: SpanDetail
  readonly facts: TraceFacts
}

function PanelBody({ view, node, span, facts }: PanelBodyProps) {
  const startMs = Date.parse(span.start)
  const about: Record<string, string> = {
    ...(span.environment === '' ? {} : { environment: span.environment }),
    ...(span.release === '' ? {} : { release: span.release }),
    ...(span.host === '' ? {} : { host: span.host }),
    ...(span.scope === '' ? {} : { scope: span.scope }),
  }
  const range = othersRange(facts)
  return (
    <>
      {span.statusMessage !== '' && <p className="bw-panel__message">{span.statusMessage}</p>}
      <SpanExceptions events={span.events} />
      <p className="bw-panel__ways">
        <SimilarLink span={span} range={range} />
        <ParentButton view={view} node={node} />
      </p>
      <AttributeList title="Attributes" attributes={span.attributes} range={range} isOpen />
      <SpanEvents events={span.events} spanStartMs={startMs} />
      <SpanLogs traceId={facts.traceId} spanId={span.spanId} startMs={startMs} endMs={startMs + span.durationMs} />
      <SpanLinks links={span.links} />
      <AttributeList title="Where" attributes={about} range={range} isOpen />
      <AttributeList title="Resource" attributes={span.resource} range={range} isOpen={false} />
      <p className="bw-dim bw-panel__ids">
        <code>{span.start}</code> · {formatMs(span.durationMs)} · span <code>{span.spanId}</code>
        {span.parentSpanId !== '' && (
          <>
            {' '}
            · parent <code>{span.parentSpanId}</code>
          </>
        )}
      </p>
    </>
  )
}

/** Other traces with such a span. */
function SimilarLink({ span, range }: { readonly span: SpanDetail; readonly range: TimeRange }) {
  const { project } = usePlace()
  const query = [
    writeFilter({ field: 'service', value: span.service, exclude: false }),
    writeFilter({ field: 'name', value: span.name, exclude: false }),
  ].join(' ')
  return (
    <Link to="/p/$project/explore/traces" params={{ project: project.id }} search={{ q: query, ...range }}>
      Spans like this
    </Link>
  )
}

/** The way up, for a pointer. */
function ParentButton({ view, node }: { readonly view: TraceView; readonly node: number }) {
  const parent = view.model.tree.parent[node] ?? -1
  if (parent === -1) return null
  return (
    <Button small variant="quiet" icon="up" onClick={() => view.moveTo(parent)}>
      Parent
    </Button>
  )
}
