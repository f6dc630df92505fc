/** One service: its rate, errors and durations over time, its operations, and whom it talks to. */
import type { OperationKind, RedSeries, ServiceOperation, ServiceOperationsAnswer } from '@bellwether/protocol'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { writeFilter } from '../../ui/search-filters.ts'
import { formatCount, formatMs } from '../../lib/units.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { EnvironmentSelect } from './EnvironmentSelect.tsx'
import { Neighbours } from './Neighbours.tsx'
import { RedCharts } from './RedCharts.tsx'
import { redColumns } from './red-columns.tsx'
import { formatDuration, formatRate, formatShare } from './red-words.ts'
import { ServiceFindings } from './ServiceFindings.tsx'
import { readServiceSearch, type ServiceSearch } from './services-search.ts'
import { mapQuery, operationsQuery, seriesQuery } from './services.queries.ts'
import './services.css'

const route = getRouteApi('/p/$project/services/$service')

export function ServicePage() {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { service } = route.useParams()
  const { environment = '', operation = null, kind = null } = route.useSearch()
  const go = route.useNavigate()
  const asked = { ...resolved, environment }
  const series = useQuery(seriesQuery(projectPath, service, { ...asked, operation, kind }))
  const operations = useQuery(operationsQuery(projectPath, service, asked))
  const map = useQuery(mapQuery(projectPath, asked))
  const update = (change: { readonly [Key in keyof ServiceSearch]?: ServiceSearch[Key] | undefined }): void =>
    void go({ search: (current) => readServiceSearch({ ...current, ...change }) })
  return (
    <Page
      title={service}
      lead={series.data === undefined ? 'Calls, failures and durations.' : leadOf(series.data)}
      actions={
        <>
          <EnvironmentSelect
            environments={map.data?.environments ?? []}
            value={environment}
            onChange={(next) => update({ environment: next })}
          />
          <Ways service={service} operation={operation} />
        </>
      }
      wide
    >
      {operation !== null && (
        <div className="bw-service-only">
          <span>
            The charts are about <strong>{operation}</strong>
            {kind === null ? '' : ` (${kind})`}.
          </span>
          <Button small onClick={() => update({ operation: undefined, kind: undefined })}>
            All operations
          </Button>
        </div>
      )}
      <ServiceFindings service={service} />
      {series.isPending && <Loading label="the charts" rows={6} />}
      {series.isError && <Failure error={series.error} title="The series could not be read" onRetry={() => void series.refetch()} />}
      {series.data !== undefined && <RedCharts series={series.data} />}
      <OperationsSection operations={operations} chosen={operation} onChoose={(name, of) => update({ operation: name, kind: of })} />
      {map.data !== undefined && <Neighbours map={map.data} service={service} />}
    </Page>
  )
}

function leadOf({ figures }: RedSeries): string {
  if (figures.count === 0) return 'No call in this time range.'
  return `${formatRate(figures.perSec)}, ${formatShare(figures.errorRate)} failed, p50 ${formatDuration(figures.p50Ms)}, p95 ${formatDuration(figures.p95Ms)}, p99 ${formatDuration(figures.p99Ms)}.`
}

/** From a service to everything else of it. */
function Ways({ service, operation }: { readonly service: string; readonly operation: string | null }) {
  const { project } = usePlace()
  const own = writeFilter({ field: 'service', value: service, exclude: false })
  const name = operation === null ? '' : ` ${writeFilter({ field: 'name', value: operation, exclude: false })}`
  const params = { project: project.id }
  return (
    <>
      <Link className="bw-btn bw-btn--plain" to="/p/$project/explore/traces" params={params} search={{ q: `${own}${name}` }}>
        Traces
      </Link>
      <Link className="bw-btn bw-btn--plain" to="/p/$project/explore/logs" params={params} search={{ q: own }}>
        Logs
      </Link>
    </>
  )
}

interface OperationsSectionProps {
  readonly operations: UseQueryResult<ServiceOperationsAnswer>
  readonly chosen: string | null
  readonly onChoose: (operation: string, kind: OperationKind) => void
}

function OperationsSection({ operations, chosen, onChoose }: OperationsSectionProps) {
  const items = operations.data?.items ?? []
  const totalMs = items.reduce((sum, each) => sum + each.totalMs, 0)
  const columns: Column<ServiceOperation>[] = [
    {
      id: 'operation',
      header: 'Operation',
      isMain: true,
      value: ({ operation }) => operation,
      cell: ({ operation, kind }) => (
        <span className="bw-service-name">
          <span className="bw-truncate" title={operation}>
            {operation}
          </span>
          <span className="bw-extra">
            <Tag>{kind}</Tag>
          </span>
        </span>
      ),
    },
    ...(operations.data === undefined ? [] : redColumns<ServiceOperation>(operations.data)),
    {
      id: 'total',
      header: 'Time spent',
      isNumber: true,
      value: (row) => row.totalMs,
      cell: (row) => <span title={formatMs(row.totalMs)}>{totalMs === 0 ? '—' : `${Math.round((row.totalMs / totalMs) * 100)} %`}</span>,
    },
  ]
  return (
    <Section
      title="Operations"
      note={operations.data === undefined ? '' : `${formatCount(items.length)}, most time first; a press shows one in the charts`}
    >
      {operations.isPending && (
        <div className="bw-section__body">
          <Loading label="the operations" rows={5} />
        </div>
      )}
      {operations.isError && (
        <Failure compact error={operations.error} title="The operations could not be read" onRetry={() => void operations.refetch()} />
      )}
      {operations.data !== undefined && (
        <DataTable
          label="operations"
          columns={columns}
          rows={items}
          rowKey={({ operation, kind }) => `${kind} ${operation}`}
          onOpen={({ operation, kind }) => onChoose(operation, kind)}
          openKey={chosen === null ? null : (items.find(({ operation }) => operation === chosen)?.kind ?? '') + ` ${chosen}`}
          empty={
            <Empty title="No operation in this time range" icon="search">
              <p>The service sent no spans. Widen the range.</p>
            </Empty>
          }
        />
      )}
    </Section>
  )
}
