/** Operations of two sides, with the change between them as a bar that leans left or right. */
import type { ComparedOperation, ComparedTraces, OperationInTraces, TracesComparison } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { formatMs } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { addCondition, writeFilter } from '../../ui/search-filters.ts'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'

function signed(ms: number): string {
  return ms === 0 ? '0' : `${ms > 0 ? '+' : '−'}${formatMs(Math.abs(ms))}`
}

function average(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function sideColumn(id: 'left' | 'right', header: string): Column<ComparedOperation> {
  const of = (row: ComparedOperation): OperationInTraces | null => row[id]
  return {
    id,
    header,
    isNumber: true,
    value: (row) => of(row)?.selfMs ?? null,
    cell: (row) => {
      const work = of(row)
      if (work === null) return <span className="bw-dim">—</span>
      return (
        <span
          title={`${average(work.spans)} spans a trace, ${formatMs(work.averageMs)} each; with what it waits for ${formatMs(work.totalMs)}`}
        >
          {formatMs(work.selfMs)} <span className="bw-dim">{average(work.spans)}×</span>
        </span>
      )
    },
  }
}

export interface ComparedOperationsProps {
  readonly data: TracesComparison
  readonly left: ComparedTraces
  readonly right: ComparedTraces
}

export function ComparedOperations({ data, right }: ComparedOperationsProps) {
  const { project } = usePlace()
  const most = data.operations.reduce((largest, { changeMs }) => Math.max(largest, Math.abs(changeMs)), 0)
  const columns: Column<ComparedOperation>[] = [
    {
      id: 'operation',
      header: 'Operation',
      isMain: true,
      value: ({ service, operation }) => `${service} ${operation}`,
      cell: (row) => (
        <span className="bw-traces__root">
          <Link
            to="/p/$project/explore/traces"
            params={{ project: project.id }}
            search={{ q: queryOf(row, right) }}
            title="Traces of the right side with this operation"
          >
            <span className="bw-dim">{row.service}</span> {row.operation}
          </Link>
          {row.left === null && <Tag tone="accent">only right</Tag>}
          {row.right === null && <Tag>only left</Tag>}
        </span>
      ),
    },
    sideColumn('left', 'Left'),
    sideColumn('right', 'Right'),
    {
      id: 'change',
      header: 'Change',
      isNumber: true,
      value: ({ changeMs }) => changeMs,
      cell: ({ changeMs }) => (
        <span className="bw-versus__change">
          <ChangeBar share={most === 0 ? 0 : changeMs / most} />
          <span>{signed(changeMs)}</span>
        </span>
      ),
    },
    {
      id: 'errors',
      header: 'Errors a trace',
      isNumber: true,
      isExtra: true,
      value: ({ left, right: other }) => (other?.errors ?? 0) - (left?.errors ?? 0),
      cell: ({ left, right: other }) => {
        const [before, after] = [left?.errors ?? 0, other?.errors ?? 0]
        if (before === 0 && after === 0) return ''
        return (
          <span className={after > before ? 'bw-trace__bad' : ''}>
            {average(before)} → {average(after)}
          </span>
        )
      },
    },
  ]
  return (
    <DataTable
      label="compared operations"
      columns={columns}
      rows={data.operations}
      rowKey={(row) => `${row.service}\n${row.operation}\n${row.kind}`}
    />
  )
}

function queryOf({ service, operation }: ComparedOperation, side: ComparedTraces): string {
  const own = [
    writeFilter({ field: 'service', value: service, exclude: false }),
    writeFilter({ field: 'name', value: operation, exclude: false }),
  ].join(' ')
  if (side.traceId !== null) return `trace_id:${side.traceId} ${own}`
  return addCondition(side.query, own)
}

/** A share of -1 to 1, as a bar that leans left or right. */
export function ChangeBar({ share }: { readonly share: number }) {
  const width = Math.abs(share) * 50
  const tone = share > 0 ? 'more' : 'less'
  return (
    <span className="bw-versus__bar" aria-hidden="true">
      {share !== 0 && (
        <span className={`bw-versus__bar--${tone}`} style={{ left: `${share > 0 ? 50 : 50 - width}%`, width: `${width}%` }} />
      )}
    </span>
  )
}
