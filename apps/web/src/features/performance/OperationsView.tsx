/** Operations: a line each, with what changed since the same time before. */
import type { OperationSummary } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Sparkline } from '../../charts/Sparkline.tsx'
import { formatCount } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { MiddleCut } from '../../ui/MiddleCut.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { TracesEmpty } from '../traces/index.ts'
import { ChangeMark } from './ChangeMark.tsx'
import type { PerformanceSearch, UpdateSearch } from './performance-search.ts'
import { apdexText, changeOf, msText, rateText, shareText } from './performance-words.ts'
import { operationsQuery } from './performance.queries.ts'

export interface OperationsViewProps {
  readonly search: PerformanceSearch
  readonly onUpdate: UpdateSearch
}

const orders = [
  { value: 'time', label: 'Time spent' },
  { value: 'slower', label: 'Slower' },
  { value: 'p95', label: 'p95' },
  { value: 'errors', label: 'Errors' },
  { value: 'count', label: 'Calls' },
  { value: 'apdex', label: 'Apdex' },
] as const

function keyOf({ service, operation, kind }: Pick<OperationSummary, 'service' | 'operation' | 'kind'>): string {
  return `${service} ${operation} ${kind}`
}

export function OperationsView({ search, onUpdate }: OperationsViewProps) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { find = '', order = 'time', service, operation, kind } = search
  const operations = useQuery(operationsQuery(projectPath, { ...resolved, order, find }))
  const { data } = operations
  const openKey = service === undefined || operation === undefined ? null : keyOf({ service, operation, kind: kind ?? 'server' })
  const isNothing = data !== undefined && data.total === 0 && find === ''
  return (
    <>
      {operations.isPending && <Loading label="the operations" rows={8} />}
      {operations.isError && (
        <Failure error={operations.error} title="The operations could not be read" onRetry={() => void operations.refetch()} />
      )}
      {data?.isPartial === true && (
        <Notice tone="warn" icon="warning" title="Not all operations are looked at">
          <p>There are too many; those with the least time spent are left out. Narrow the range.</p>
        </Notice>
      )}
      {isNothing && <TracesEmpty />}
      {data !== undefined && !isNothing && (
        <section className="bw-section" aria-label="Operations" aria-busy={operations.isPlaceholderData}>
          <div className="bw-section__head bw-perf-head">
            <SearchField
              label="Find an operation or service"
              value={find}
              onChange={(text) => onUpdate({ find: text === '' ? undefined : text })}
            />
            <Segmented
              label="Largest first"
              value={order}
              options={orders}
              onChange={(next) => onUpdate({ order: next === 'time' ? undefined : next })}
            />
          </div>
          <DataTable
            key={order}
            label="operations"
            columns={columns}
            rows={data.items}
            rowKey={keyOf}
            onOpen={(row) => onUpdate({ service: row.service, operation: row.operation, kind: row.kind })}
            openKey={openKey}
            empty={
              <Empty title="No operation has that name" icon="search">
                <p>Take a letter away, or look at a longer time.</p>
              </Empty>
            }
          />
          {data.total > data.items.length && (
            <p className="bw-dim bw-perf-note">
              The first {formatCount(data.items.length)} of {formatCount(data.total)} operations; find the others by name.
            </p>
          )}
        </section>
      )}
    </>
  )
}

const columns: readonly Column<OperationSummary>[] = [
  {
    id: 'operation',
    header: 'Operation',
    isMain: true,
    value: ({ service, operation }) => `${operation} (${service})`,
    cell: ({ service, operation, kind, openFindings }) => (
      <span className="bw-perf-name">
        <MiddleCut text={operation} />
        <span className="bw-dim bw-extra">{service}</span>
        {kind === 'client' && (
          <span className="bw-extra">
            <Tag>call</Tag>
          </span>
        )}
        {openFindings > 0 && <Tag tone="warn">{openFindings === 1 ? '1 finding' : `${openFindings} findings`}</Tag>}
      </span>
    ),
  },
  {
    id: 'trend',
    header: 'p95 over time',
    isExtra: true,
    cell: ({ trend }) => <Sparkline values={Float64Array.from(trend.p95Ms, (value) => value ?? Number.NaN)} />,
  },
  {
    id: 'p95',
    header: 'p95',
    isNumber: true,
    value: ({ now }) => now.p95Ms,
    cell: ({ now, before }) => (
      <span className="bw-perf-figure">
        {msText(now.p95Ms)} <ChangeMark change={changeOf(now.p95Ms, before?.p95Ms ?? null)} />
      </span>
    ),
  },
  { ...numbers('p50', ({ now }) => now.p50Ms, msText), header: 'p50', isAside: true },
  { ...numbers('p99', ({ now }) => now.p99Ms, msText), header: 'p99', isAside: true },
  {
    id: 'calls',
    header: 'Calls',
    isNumber: true,
    value: ({ now }) => now.perMinute,
    cell: ({ now }) => <span title={`${formatCount(Math.round(now.count))} calls`}>{rateText(now.perMinute)}</span>,
  },
  {
    id: 'errors',
    header: 'Failed',
    isNumber: true,
    value: ({ now }) => now.errorRate,
    cell: ({ now }) => <span className={(now.errorRate ?? 0) >= 0.01 ? 'bw-perf-bad' : ''}>{shareText(now.errorRate)}</span>,
  },
  { ...numbers('apdex', ({ now }) => now.apdex, apdexText), header: 'Apdex', isAside: true },
  { ...numbers('time', ({ now }) => now.totalMs, msText), header: 'Time spent' },
]

function numbers(
  id: string,
  value: (row: OperationSummary) => number | null,
  text: (value: number | null) => string,
): Omit<Column<OperationSummary>, 'header'> {
  return { id, isNumber: true, isExtra: true, value, cell: (row) => text(value(row)) }
}
