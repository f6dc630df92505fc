/** One trace: where did the time go, what failed, and every span of it. */
import { useMediaQuery } from '@mantine/hooks'
import type { TraceFacts } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ApiError } from '../../lib/http.ts'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { usePlace } from '../session/index.ts'
import { FlameGraph } from './FlameGraph.tsx'
import { Minimap } from './Minimap.tsx'
import type { TraceModel } from './model/trace-model.ts'
import { OperationTimes } from './OperationTimes.tsx'
import { SpanPanel } from './SpanPanel.tsx'
import { TraceActions, TraceLead, TraceNotes } from './TraceHead.tsx'
import { TimeShares } from './TimeShares.tsx'
import { TraceToolbar } from './TraceToolbar.tsx'
import { traceQuery } from './traces.queries.ts'
import { titleOf } from './trace-words.ts'
import { useTraceView } from './use-trace-view.ts'
import { Waterfall } from './Waterfall.tsx'
import '../../charts/chart.css'
import './trace.css'
import './traces.css'

const route = getRouteApi('/p/$project/explore/traces/$traceId')

/** From this width on the panel of a span stands beside the waterfall. */
const besideFrom = '(min-width: 1100px)'

export function TracePage() {
  const { projectPath } = usePlace()
  const { traceId } = route.useParams()
  const trace = useQuery(traceQuery(projectPath, traceId))
  const isUnknown = trace.error instanceof ApiError && trace.error.status === 404
  if (trace.data !== undefined && trace.data.model.tree.spans.count > 0) {
    return <OpenTrace key={traceId} facts={trace.data.facts} model={trace.data.model} />
  }
  return (
    <Page title="Trace" lead={<code>{traceId}</code>} wide>
      {trace.isPending && <Loading label="the trace" rows={12} onCancel={() => history.back()} />}
      {isUnknown || trace.data !== undefined ? (
        <UnknownTrace onRetry={() => void trace.refetch()} />
      ) : (
        trace.isError && <Failure error={trace.error} title="The trace could not be read" onRetry={() => void trace.refetch()} />
      )}
    </Page>
  )
}

function UnknownTrace({ onRetry }: { readonly onRetry: () => void }) {
  const { project } = usePlace()
  return (
    <Empty
      title="No span of this trace is here"
      icon="search"
      action={
        <button type="button" className="bw-btn bw-btn--plain" onClick={onRetry}>
          Look again
        </button>
      }
    >
      <p>Its spans may still be on their way, may have been left out by sampling, or be older than traces are kept.</p>
      <p>
        <Link to="/p/$project/explore/traces" params={{ project: project.id }}>
          Search traces
        </Link>
      </p>
    </Empty>
  )
}

function OpenTrace({ facts, model }: { readonly facts: TraceFacts; readonly model: TraceModel }) {
  const view = useTraceView(model)
  const isWide = useMediaQuery(besideFrom, window.matchMedia(besideFrom).matches, { getInitialValueInEffect: false })
  const picture = view.search.view ?? 'waterfall'
  const panel = view.open === null ? null : <SpanPanel key={view.open} view={view} node={view.open} facts={facts} />
  return (
    <Page title={titleOf(model)} lead={<TraceLead facts={facts} model={model} />} actions={<TraceActions facts={facts} />} wide>
      <TraceNotes facts={facts} model={model} />
      <TimeShares view={view} />
      <section className="bw-section bw-trace" aria-label="Spans">
        <TraceToolbar view={view} />
        <div className={`bw-trace__body ${panel !== null && isWide ? 'bw-trace__body--beside' : ''}`}>
          <div className="bw-trace__picture">
            {picture === 'waterfall' && (
              <>
                <Minimap view={view} onWindow={view.setWindow} />
                <Waterfall view={view} onWindow={view.setWindow} />
              </>
            )}
            {picture === 'flame' && <FlameGraph view={view} />}
            {picture === 'operations' && <OperationTimes view={view} />}
          </div>
          {panel !== null && isWide && (
            <aside className="bw-trace__panel" aria-label="Span">
              {panel}
            </aside>
          )}
        </div>
      </section>
      {panel !== null && isWide === false && (
        <DetailDrawer title="Span" onClose={view.closeSpan}>
          {panel}
        </DetailDrawer>
      )}
    </Page>
  )
}
