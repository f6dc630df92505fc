/** Usage: everything received, and what became of it. Nothing may be lost without a line here. */
import type { UsageRow } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatBytes, formatCount } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { Equation } from './Equation.tsx'
import { GapMark } from './GapMark.tsx'
import { LeftOutSection } from './LeftOutSection.tsx'
import { lostIn, rowKeyOf, useLastingGaps, type LastingGaps } from './gaps.ts'
import { balanceOf, explainReason, reasonsOf, usageQuery, type ReasonRow } from './usage.queries.ts'

const refreshMs = 2000

const count = (id: 'received' | 'stored' | 'refused' | 'dropped' | 'queued', header: string): Column<UsageRow> => ({
  id,
  header,
  isNumber: true,
  isExtra: id === 'queued' || id === 'dropped',
  value: (row) => balanceOf([row])[id],
  cell: (row) => <span title={balanceOf([row])[id].toLocaleString('en-US')}>{formatCount(balanceOf([row])[id])}</span>,
})

const columnsWith = (lasting: LastingGaps): readonly Column<UsageRow>[] => [
  { id: 'project', header: 'Project', value: (row) => row.projectName, cell: (row) => row.projectName },
  { id: 'kind', header: 'Kind', value: (row) => row.kind, cell: (row) => row.kind },
  count('received', 'Received'),
  count('stored', 'Stored'),
  count('refused', 'Refused'),
  count('dropped', 'Dropped'),
  count('queued', 'Queued'),
  { id: 'bytes', header: 'On the wire', isNumber: true, isExtra: true, value: (row) => row.bytes, cell: (row) => formatBytes(row.bytes) },
  {
    id: 'check',
    header: 'Check',
    cell: (row) => <GapMark missing={balanceOf([row]).missing} lost={lostIn([row], lasting)} />,
  },
]

const reasonColumns: readonly Column<ReasonRow>[] = [
  { id: 'reason', header: 'Reason', value: (row) => row.reason, cell: (row) => <code>{row.reason}</code> },
  { id: 'what', header: 'What', value: (row) => row.what, cell: (row) => row.what },
  { id: 'project', header: 'Project', isExtra: true, value: (row) => row.project, cell: (row) => row.project },
  { id: 'kind', header: 'Kind', isExtra: true, value: (row) => row.kind, cell: (row) => row.kind },
  { id: 'rows', header: 'Records', isNumber: true, value: (row) => row.rows, cell: (row) => formatCount(row.rows) },
  { id: 'meaning', header: 'Meaning', isExtra: true, cell: (row) => <span className="bw-dim">{explainReason(row.reason) ?? ''}</span> },
]

export function UsagePage() {
  const { organizationPath, organization, project } = usePlace()
  const usage = useQuery({ ...usageQuery(organizationPath), refetchInterval: refreshMs })
  const rows = usage.data ?? []
  const lasting = useLastingGaps(rows, usage.dataUpdatedAt)
  return (
    <Page
      title="Usage"
      lead={`Points, log records and spans received by organization “${organization.name}” since the program started, and what became of them. Live.`}
      actions={
        <Link
          className="bw-btn bw-btn--plain"
          to="/p/$project/explore/metrics"
          params={{ project: project.id }}
          search={{
            q: [
              'sum by (kind) (rate(bellwether_ingest_received_total[$__rate_interval]))',
              'sum by (kind) (rate(bellwether_ingest_stored_total[$__rate_interval]))',
            ],
          }}
        >
          Over time
        </Link>
      }
    >
      {usage.isError && <Failure error={usage.error} title="Usage could not be read" onRetry={() => void usage.refetch()} />}
      {usage.isPending && <Loading label="usage" />}
      {usage.data !== undefined && (
        <>
          <Section title="Everything">
            <div className="bw-section__body">
              <Equation balance={balanceOf(rows)} lost={lostIn(rows, lasting)} />
            </div>
          </Section>
          <Section title="By project and kind">
            <DataTable
              label="usage"
              columns={columnsWith(lasting)}
              rows={rows}
              rowKey={rowKeyOf}
              initialSort={{ column: 'received', descending: true }}
              empty={
                <Empty
                  title="Nothing was received yet"
                  icon="data"
                  action={
                    <Link to="/p/$project/start" params={{ project: project.id }}>
                      Send your first data
                    </Link>
                  }
                >
                  <p>Each project and kind of data gets a line here with its first record.</p>
                </Empty>
              }
            />
          </Section>
          <Section title="Refused and dropped, by reason">
            <DataTable
              label="reasons"
              columns={reasonColumns}
              rows={reasonsOf(rows)}
              rowKey={(row) => `${row.project} ${row.kind} ${row.what} ${row.reason}`}
              empty={
                <Empty title="Nothing was refused or dropped" icon="check">
                  <p>If it were, the reason and the number of records would stand here.</p>
                </Empty>
              }
            />
          </Section>
          <LeftOutSection rows={rows} />
        </>
      )}
    </Page>
  )
}
