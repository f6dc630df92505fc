/** One finding: the evidence, the deploy that fits, an example trace, and what becomes of it. */
import type { PerformanceFinding } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { ChartMark } from '../../charts/chart-option.ts'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime } from '../../lib/time-format.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { Button } from '../../ui/Button.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { useRange } from '../range/index.ts'
import { may, usePlace } from '../session/index.ts'
import { evidenceRange } from './evidence-range.ts'
import { OperationCharts, type ChartId } from './OperationCharts.tsx'
import { BeforeAndAfter, OperationLinks } from './OperationLinks.tsx'
import { factText, findingAdvice, findingNames, stateTone } from './performance-words.ts'
import { changeFinding, findingQuery } from './performance.queries.ts'

export interface FindingDrawerProps {
  readonly id: string
  readonly onClose: () => void
}

export function FindingDrawer({ id, onClose }: FindingDrawerProps) {
  const { projectPath } = usePlace()
  const finding = useQuery(findingQuery(projectPath, id))
  const { data } = finding
  return (
    <DetailDrawer title={data === undefined ? 'Finding' : findingNames[data.finding]} onClose={onClose}>
      {finding.isPending && <Loading label="the finding" rows={5} />}
      {finding.isError && (
        <Failure compact error={finding.error} title="The finding could not be read" onRetry={() => void finding.refetch()} />
      )}
      {data !== undefined && <FindingDetail finding={data} />}
    </DetailDrawer>
  )
}

function FindingDetail({ finding }: { readonly finding: PerformanceFinding }) {
  const { project } = usePlace()
  const { nowMs } = useRange()
  const { title, state, stateChangedBy, service, operation, kind, subject, facts, cause, example, changeAt } = finding
  const range: ResolvedRange = useMemo(() => evidenceRange(finding, nowMs), [finding, nowMs])
  const change: ChartMark | null = useMemo(
    () => (changeAt === null || cause !== null ? null : { atMs: Date.parse(changeAt), label: 'change' }),
    [changeAt, cause],
  )
  return (
    <>
      <p className="bw-perf-finding-title">{title}</p>
      <p>
        <StatusMark tone={stateTone(state)} label={state} />{' '}
        <span className="bw-dim">
          {stateChangedBy === null ? '' : `by ${stateChangedBy} · `}
          {service} · {operation}
        </span>
      </p>
      <Decisions finding={finding} />
      {cause !== null && (
        <p className="bw-perf-cause">
          It fits the deploy of <strong>{cause.version}</strong>
          {cause.service === null ? '' : ` of ${cause.service}`} at <Moment at={cause.at} />
          {cause.source === 'spans' ? ', seen as a new version in its spans' : ''}.
        </p>
      )}
      {subject !== '' && <Subject text={subject} />}
      <dl className="bw-facts">
        {facts.map((fact) => (
          <Fact key={fact.name} name={fact.name} value={factText(fact)} />
        ))}
      </dl>
      {example !== null && (
        <p className="bw-perf-ways">
          <Link
            className="bw-btn bw-btn--primary"
            to="/p/$project/explore/traces/$traceId"
            params={{ project: project.id, traceId: example.traceId }}
            search={example.spanIds[0] === undefined ? {} : { span: example.spanIds[0] }}
          >
            Example trace
          </Link>
          <Link to="/p/$project/explore/logs" params={{ project: project.id }} search={{ q: `trace_id:${example.traceId}` }}>
            Its logs
          </Link>
        </p>
      )}
      <OperationLinks name={{ service, operation, kind }} failed={finding.finding === 'error_regression'} />
      <OperationCharts name={{ service, operation, kind }} range={range} change={change} shown={chartsOf(finding)} />
      <p className="bw-dim">{findingAdvice[finding.finding]}</p>
      {finding.finding === 'latency_regression' && changeAt !== null && (
        <BeforeAndAfter name={{ service, operation, kind }} range={range} changeMs={Date.parse(changeAt)} />
      )}
      <p className="bw-dim">
        First seen <Moment at={finding.firstSeenAt} />, last seen <Moment at={finding.lastSeenAt} />.
      </p>
    </>
  )
}

function chartsOf({ finding }: PerformanceFinding): readonly ChartId[] {
  if (finding === 'error_regression') return ['errors', 'calls']
  return finding === 'throughput_drop' ? ['calls', 'errors'] : ['duration', 'calls']
}

function Moment({ at }: { readonly at: string }) {
  const [zone] = useZone()
  return <time dateTime={at}>{formatDateTime(Date.parse(at), zone)}</time>
}

/** A query, or calls a line each. */
function Subject({ text }: { readonly text: string }) {
  const lines = text.split('\n')
  return (
    <ol className={lines.length > 1 ? 'bw-perf-subject' : 'bw-perf-subject bw-perf-subject--one'}>
      {lines.map((line) => (
        <li key={line}>
          <code>{line}</code>
        </li>
      ))}
    </ol>
  )
}

function Decisions({ finding: { id, state } }: { readonly finding: PerformanceFinding }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (next: 'known' | 'resolved') => changeFinding(projectPath, id, next),
    onSettled: () => client.invalidateQueries({ queryKey: ['performance', projectPath] }),
  })
  if (!may(organization, 'write')) return null
  return (
    <>
      {change.isError && <Failure compact error={change.error} title="The finding could not be changed" />}
      <p className="bw-perf-actions">
        {state !== 'known' && (
          <Button small disabled={change.isPending} onClick={() => change.mutate('known')}>
            {state === 'resolved' ? 'Open again' : 'Known'}
          </Button>
        )}
        {state !== 'resolved' && (
          <Button small disabled={change.isPending} onClick={() => change.mutate('resolved')}>
            Resolved
          </Button>
        )}
      </p>
    </>
  )
}
