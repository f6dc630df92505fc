/** All spans of a trace added up by service and operation. */
import { useMemo } from 'react'
import { DataTable } from '../../ui/DataTable.tsx'
import type { Column } from '../../ui/table-model.ts'
import { flameGraph, operationTimes, type OperationTime } from './model/flame-model.ts'
import { isMissing } from './model/trace-tree.ts'
import { formatNs } from './trace-words.ts'
import type { TraceView } from './use-trace-view.ts'

export function OperationTimes({ view }: { readonly view: TraceView }) {
  const { model } = view
  const rows = useMemo(() => operationTimes(flameGraph(model.tree, model.selfNs)), [model])
  const totalNs = rows.reduce((sum, row) => sum + row.selfNs, 0)
  const columns: Column<OperationTime>[] = [
    {
      id: 'operation',
      header: 'Operation',
      isMain: true,
      value: ({ service, name }) => `${service} ${name}`,
      cell: ({ service, name, example }) => (
        <span className="bw-truncate">
          <span
            className="bw-swatch"
            style={{ background: isMissing(model.tree, example) ? 'var(--bw-border-strong)' : view.colorOf(example) }}
          />{' '}
          <span className="bw-dim">{service}</span> {name}
        </span>
      ),
    },
    { id: 'count', header: 'Spans', isNumber: true, value: (row) => row.count, cell: (row) => row.count.toLocaleString('en-US') },
    {
      id: 'errors',
      header: 'Errors',
      isNumber: true,
      value: (row) => row.errors,
      cell: (row) => (row.errors === 0 ? '' : <span className="bw-trace__bad">{row.errors.toLocaleString('en-US')}</span>),
    },
    {
      id: 'self',
      header: 'Own time',
      isNumber: true,
      value: (row) => row.selfNs,
      cell: (row) => (
        <span title="Time that none of its children covers, of all its spans together">
          {formatNs(row.selfNs)} <span className="bw-dim">{totalNs === 0 ? '' : `${Math.round((row.selfNs / totalNs) * 100)} %`}</span>
        </span>
      ),
    },
    {
      id: 'longest',
      header: 'Longest',
      isNumber: true,
      isExtra: true,
      value: (row) => row.longestNs,
      cell: (row) => formatNs(row.longestNs),
    },
  ]
  return (
    <DataTable
      label="operations of the trace"
      columns={columns}
      rows={rows}
      rowKey={({ service, name }) => `${service}\n${name}`}
      initialSort={{ column: 'self', descending: true }}
      onOpen={({ example }) => view.openSpan(example)}
    />
  )
}
