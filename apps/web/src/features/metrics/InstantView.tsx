/** The values of this moment: one row a series, one column a label. */
import { useQueries } from '@tanstack/react-query'
import { formatValue, type Unit } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { letterOf } from './explore-search.ts'
import { instantQuery } from './metrics.queries.ts'
import { seriesName, type LabelSet } from './prometheus.ts'
import { fillIntervals } from './promql-text.ts'

/** Label columns at most; the rest stands in the row's title. */
const labelColumnsMax = 8

interface InstantRow {
  readonly letter: string
  readonly labels: LabelSet
  readonly value: number
}

export interface InstantViewProps {
  readonly queries: readonly string[]
  readonly isOff: (index: number) => boolean
  readonly unit: Unit
  readonly timeMs: number
}

export function InstantView({ queries, isOff, unit, timeMs }: InstantViewProps) {
  const { projectPath } = usePlace()
  const asked = queries
    .map((query, index) => ({ query, letter: letterOf(index), isOff: isOff(index) }))
    .filter((each) => each.query !== '' && !each.isOff)
  const results = useQueries({
    queries: asked.map(({ query }) => instantQuery(projectPath, fillIntervals(query, 15_000, 3_600_000), timeMs)),
  })
  const failed = results.find((result) => result.isError)
  if (failed !== undefined) {
    return (
      <div className="bw-section__body">
        <Failure error={failed.error} title="The values could not be read" onRetry={() => void failed.refetch()} />
      </div>
    )
  }
  if (results.some((result) => result.isPending && result.isFetching)) return <Loading label="values" />
  const text = results.find((result) => result.data?.text !== null && result.data?.text !== undefined)?.data?.text
  if (text !== undefined && text !== null) return <p className="bw-section__body bw-mono">{text}</p>
  const rows = results.flatMap((result, index) =>
    (result.data?.series ?? []).map((series): InstantRow => ({
      letter: asked[index]?.letter ?? '',
      labels: series.labels,
      value: series.value,
    })),
  )
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort().slice(0, labelColumnsMax)
  const columns: readonly Column<InstantRow>[] = [
    ...(asked.length > 1
      ? [{ id: 'letter', header: 'Query', value: (row: InstantRow) => row.letter, cell: (row: InstantRow) => row.letter }]
      : []),
    ...names.map((name): Column<InstantRow> => ({
      id: `label:${name}`,
      header: name === '__name__' ? 'metric' : name,
      value: (row) => row.labels[name] ?? '',
      cell: (row) => row.labels[name] ?? '',
    })),
    {
      id: 'value',
      header: 'Value',
      isNumber: true,
      value: (row) => row.value,
      cell: (row) => <span title={`${seriesName(row.labels)}\n${row.value}`}>{formatValue(row.value, unit)}</span>,
    },
  ]
  return (
    <DataTable
      label="values"
      columns={columns}
      rows={rows}
      rowKey={(row) => `${row.letter}${seriesName(row.labels)}`}
      initialSort={{ column: 'value', descending: true }}
      empty={
        <Empty title="Nothing at this moment" icon="metrics">
          <p>No series matches now. The chart shows when there was one last.</p>
        </Empty>
      }
    />
  )
}
