/** The logs that name a span. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatMs } from '../../lib/units.ts'
import { absoluteRange } from '../../lib/time-range.ts'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, type Tone } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import { logsSearchOf, spanLogsQuery } from './traces.queries.ts'

/** Logs are written a little before and after their span by clocks that differ. */
const aroundMs = 60_000

export interface SpanLogsProps {
  readonly traceId: string
  readonly spanId: string
  readonly startMs: number
  readonly endMs: number
}

/** OpenTelemetry's numbers come in groups of four. */
const severityGroups: readonly (readonly [tone: Tone, word: string])[] = [
  ['paused', 'trace'],
  ['paused', 'debug'],
  ['ok', 'info'],
  ['warn', 'warn'],
  ['down', 'error'],
  ['down', 'fatal'],
]

function severityOf(severity: number): readonly [tone: Tone, word: string] {
  return severityGroups[Math.floor((severity - 1) / 4)] ?? ['unknown', 'log']
}

export function SpanLogs({ traceId, spanId, startMs, endMs }: SpanLogsProps) {
  const { projectPath, project } = usePlace()
  const logs = useQuery(spanLogsQuery(projectPath, traceId, spanId))
  const rows = logs.data?.items ?? []
  const range = absoluteRange(startMs - aroundMs, endMs + aroundMs)
  return (
    <details className="bw-panel__part" open>
      <summary>
        Logs <span className="bw-dim">{logs.data === undefined ? '' : rows.length}</span>
      </summary>
      {logs.isPending && <Loading label="the logs" rows={2} />}
      {logs.isError && <Failure compact error={logs.error} title="The logs could not be read" onRetry={() => void logs.refetch()} />}
      {logs.data !== undefined && rows.length === 0 && <p className="bw-dim">No log names this span.</p>}
      <ol className="bw-events">
        {rows.map(({ id, timestamp, severity, body }) => {
          const [tone, word] = severityOf(severity)
          return (
            <li key={id}>
              <span className="bw-events__at" title={timestamp}>
                {formatOffset(Date.parse(timestamp) - startMs)}
              </span>
              <StatusMark tone={tone} label={word} />
              <Link
                className="bw-events__body"
                to="/p/$project/explore/logs"
                params={{ project: project.id }}
                search={{ q: logsSearchOf(traceId, spanId), open: id, ...range }}
              >
                {body === '' ? '(no message)' : body}
              </Link>
            </li>
          )
        })}
      </ol>
      <p>
        <Link to="/p/$project/explore/logs" params={{ project: project.id }} search={{ q: logsSearchOf(traceId), ...range }}>
          All logs of the trace
        </Link>
      </p>
    </details>
  )
}

/** Before the span's start with a minus: clocks differ. */
function formatOffset(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`
}
