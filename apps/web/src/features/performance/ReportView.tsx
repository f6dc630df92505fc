/** The report: the chosen time against the same length of time before. */
import type { Deploy, OperationChange, OperationOfPeriod, PerformanceFinding, PerformanceReport } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useZone } from '../../lib/preferences.ts'
import { formatShort } from '../../lib/time-format.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { ChangeMark } from './ChangeMark.tsx'
import type { UpdateSearch } from './performance-search.ts'
import { changeOf, findingNames, msText, periodText, rateText, shareText, stateTone } from './performance-words.ts'
import { reportQuery } from './performance.queries.ts'

export function ReportView({ onUpdate }: { readonly onUpdate: UpdateSearch }) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const report = useQuery(reportQuery(projectPath, resolved))
  const { data } = report
  if (report.isPending) return <Loading label="the report" rows={8} />
  if (report.isError) return <Failure error={report.error} title="The report could not be made" onRetry={() => void report.refetch()} />
  if (data === undefined) return null
  return (
    <div className="bw-perf-report" aria-busy={report.isPlaceholderData}>
      <p className="bw-perf-summary">
        {periodText(data.now, data.before)} <span className="bw-dim">Choose the time in the bar above.</span>
      </p>
      {data.isPartial && (
        <Notice tone="warn" icon="warning" title="Not all operations are in the report">
          <p>There are too many; those with the least time spent are left out.</p>
        </Notice>
      )}
      <Changes title="Slower" note="by the time it costs" rows={data.slower} onUpdate={onUpdate} />
      <Changes title="More errors" note="beyond chance" rows={data.moreErrors} onUpdate={onUpdate} />
      <Changes title="Faster" note="by the time it saves" rows={data.faster} onUpdate={onUpdate} />
      <Changes title="Fewer errors" note="beyond chance" rows={data.fewerErrors} onUpdate={onUpdate} />
      <Findings title="Found" rows={data.found} onUpdate={onUpdate} />
      <Findings title="Resolved" rows={data.resolved} onUpdate={onUpdate} />
      <Deploys rows={data.deploys} />
      <Operations title="New operations" rows={data.appeared} onUpdate={onUpdate} />
      <Operations title="No longer called" rows={data.gone} onUpdate={onUpdate} />
      {isEmpty(data) && (
        <Empty title="Nothing changed" icon="check">
          <p>No operation got slower, faster, or failed more or less than before by an amount that means something.</p>
        </Empty>
      )}
    </div>
  )
}

function isEmpty(report: PerformanceReport): boolean {
  const parts = [report.slower, report.moreErrors, report.faster, report.fewerErrors, report.found, report.resolved]
  return [...parts, report.deploys, report.appeared, report.gone].every((part) => part.length === 0)
}

interface PartProps<Row> {
  readonly title: string
  readonly rows: readonly Row[]
  readonly onUpdate: UpdateSearch
}

function keyOf({ service, operation, kind }: { service: string; operation: string; kind: string }): string {
  return `${service} ${operation} ${kind}`
}

function Name({ service, operation }: { readonly service: string; readonly operation: string }) {
  return (
    <span className="bw-perf-name">
      <span className="bw-perf-title">{operation}</span>
      <span className="bw-dim">{service}</span>
    </span>
  )
}

const changeColumns: readonly Column<OperationChange>[] = [
  { id: 'operation', header: 'Operation', isMain: true, value: ({ operation }) => operation, cell: (row) => <Name {...row} /> },
  {
    id: 'p50',
    header: 'p50',
    isNumber: true,
    isExtra: true,
    value: ({ now }) => now.p50Ms,
    cell: ({ now, before }) => (
      <span className="bw-perf-figure">
        {msText(now.p50Ms)} <ChangeMark change={changeOf(now.p50Ms, before.p50Ms)} />
      </span>
    ),
  },
  {
    id: 'p95',
    header: 'p95',
    isNumber: true,
    value: ({ now }) => now.p95Ms,
    cell: ({ now, before }) => (
      <span className="bw-perf-figure" title={`Before: ${msText(before.p95Ms)}`}>
        {msText(now.p95Ms)} <ChangeMark change={changeOf(now.p95Ms, before.p95Ms)} />
      </span>
    ),
  },
  {
    id: 'errors',
    header: 'Failed',
    isNumber: true,
    value: ({ now }) => now.errorRate,
    cell: ({ now, before }) => <span title={`Before: ${shareText(before.errorRate)}`}>{shareText(now.errorRate)}</span>,
  },
  {
    id: 'calls',
    header: 'Calls',
    isNumber: true,
    isExtra: true,
    value: ({ now }) => now.perMinute,
    cell: ({ now }) => rateText(now.perMinute),
  },
  {
    id: 'lost',
    header: 'Time lost',
    isNumber: true,
    isExtra: true,
    value: ({ lostMs }) => lostMs,
    cell: ({ lostMs }) => (lostMs < 0 ? `−${msText(-lostMs)}` : msText(lostMs)),
  },
]

function Changes({ title, rows, note, onUpdate }: PartProps<OperationChange> & { readonly note: string }) {
  if (rows.length === 0) return null
  return (
    <Section title={title} note={note}>
      <DataTable
        label={title.toLowerCase()}
        columns={changeColumns}
        rows={rows}
        rowKey={keyOf}
        onOpen={({ service, operation, kind }) => onUpdate({ service, operation, kind })}
      />
    </Section>
  )
}

const operationColumns: readonly Column<OperationOfPeriod>[] = [
  { id: 'operation', header: 'Operation', isMain: true, value: ({ operation }) => operation, cell: (row) => <Name {...row} /> },
  { id: 'p95', header: 'p95', isNumber: true, value: ({ figures }) => figures.p95Ms, cell: ({ figures }) => msText(figures.p95Ms) },
  {
    id: 'calls',
    header: 'Calls',
    isNumber: true,
    value: ({ figures }) => figures.perMinute,
    cell: ({ figures }) => rateText(figures.perMinute),
  },
]

function Operations({ title, rows, onUpdate }: PartProps<OperationOfPeriod>) {
  if (rows.length === 0) return null
  return (
    <Section title={title}>
      <DataTable
        label={title.toLowerCase()}
        columns={operationColumns}
        rows={rows}
        rowKey={keyOf}
        onOpen={({ service, operation, kind }) => onUpdate({ service, operation, kind })}
      />
    </Section>
  )
}

const findingColumns: readonly Column<PerformanceFinding>[] = [
  {
    id: 'finding',
    header: 'Finding',
    value: ({ finding }) => findingNames[finding],
    cell: ({ finding, state }) => <StatusMark tone={stateTone(state)} label={findingNames[finding]} />,
  },
  { id: 'title', header: 'What', isMain: true, value: ({ title }) => title, cell: ({ title }) => <span title={title}>{title}</span> },
  { id: 'state', header: 'State', isExtra: true, value: ({ state }) => state, cell: ({ state }) => state },
]

function Findings({ title, rows, onUpdate }: PartProps<PerformanceFinding>) {
  if (rows.length === 0) return null
  return (
    <Section title={title}>
      <DataTable
        label={title.toLowerCase()}
        columns={findingColumns}
        rows={rows}
        rowKey={({ id }) => id}
        onOpen={({ id }) => onUpdate({ open: id })}
      />
    </Section>
  )
}

function Deploys({ rows }: { readonly rows: readonly Deploy[] }) {
  const [zone] = useZone()
  if (rows.length === 0) return null
  const columns: readonly Column<Deploy>[] = [
    { id: 'at', header: 'Time', value: ({ at }) => at, cell: ({ at }) => <time dateTime={at}>{formatShort(Date.parse(at), zone)}</time> },
    { id: 'version', header: 'Version', isMain: true, value: ({ version }) => version, cell: ({ version }) => version },
    { id: 'service', header: 'Service', value: ({ service }) => service, cell: ({ service }) => service ?? 'all' },
    {
      id: 'source',
      header: 'Known from',
      isExtra: true,
      value: ({ source }) => source,
      cell: ({ source, createdBy }) => (source === 'api' ? (createdBy ?? 'the API') : 'its spans'),
    },
  ]
  return (
    <Section title="Deploys">
      <DataTable label="deploys" columns={columns} rows={rows} rowKey={({ id }) => id} />
    </Section>
  )
}
