/** What sends data to this project. */
import type { SourceRow } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { protocolName, sourcesQuery } from './sources.queries.ts'

const refreshMs = 3000
/** A source that is silent for longer is marked: most senders report at least once a minute. */
const silentMs = 5 * 60_000

function columnsAt(nowMs: number): readonly Column<SourceRow>[] {
  return [
    { id: 'protocol', header: 'Source', value: (source) => protocolName(source.protocol), cell: (source) => protocolName(source.protocol) },
    {
      id: 'state',
      header: 'State',
      value: (source) => source.lastSeenAt,
      cell: (source) =>
        nowMs - Date.parse(source.lastSeenAt) < silentMs ? (
          <StatusMark tone="ok" label="sending" />
        ) : (
          <StatusMark tone="unknown" label="silent" />
        ),
    },
    {
      id: 'points',
      header: 'Received',
      isNumber: true,
      value: (source) => source.points,
      cell: (source) => <span title={String(source.points)}>{formatCount(source.points)}</span>,
    },
    {
      id: 'first',
      header: 'First seen',
      isNumber: true,
      isExtra: true,
      value: (source) => source.firstSeenAt,
      cell: (source) => <time title={source.firstSeenAt}>{formatAgo(Date.parse(source.firstSeenAt), nowMs)}</time>,
    },
    {
      id: 'last',
      header: 'Last seen',
      isNumber: true,
      value: (source) => source.lastSeenAt,
      cell: (source) => <time title={source.lastSeenAt}>{formatAgo(Date.parse(source.lastSeenAt), nowMs)}</time>,
    },
  ]
}

export function SourcesPage() {
  const { projectPath, project } = usePlace()
  const nowMs = useNow()
  const sources = useQuery({ ...sourcesQuery(projectPath), refetchInterval: refreshMs })
  return (
    <Page
      title="Sources"
      lead={`Protocols that sent data to project “${project.name}” since the program started, live.`}
      actions={
        <Link className="bw-btn bw-btn--primary" to="/p/$project/start" params={{ project: project.id }}>
          Send data
        </Link>
      }
    >
      <section className="bw-section" aria-label="Sources">
        {sources.isPending && <Loading label="sources" />}
        {sources.isError && <Failure error={sources.error} title="The sources could not be read" onRetry={() => void sources.refetch()} />}
        {sources.data !== undefined && (
          <DataTable
            label="sources"
            columns={columnsAt(nowMs)}
            rows={sources.data}
            rowKey={(source) => source.protocol}
            initialSort={{ column: 'last', descending: true }}
            empty={
              <Empty title="Nothing has been sent yet" icon="send">
                <p>An OpenTelemetry SDK, a collector or a Prometheus server shows up here with its first request.</p>
              </Empty>
            }
          />
        )}
      </section>
    </Page>
  )
}
