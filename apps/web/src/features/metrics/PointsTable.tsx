/** The points behind a chart, newest first. */
import { useMemo } from 'react'
import type { ChartData } from '../../charts/chart-option.ts'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime } from '../../lib/time-format.ts'
import { formatValue, type Unit } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import type { Column } from '../../ui/table-model.ts'

/** Series side by side; CSV has them all. */
const columnsMax = 12

interface PointRow {
  readonly index: number
  readonly timeMs: number
}

export function PointsTable({ data, unit }: { readonly data: ChartData; readonly unit: Unit }) {
  const [zone] = useZone()
  const rows = useMemo(() => Array.from(data.timesMs, (timeMs, index): PointRow => ({ index, timeMs })), [data.timesMs])
  const columns: readonly Column<PointRow>[] = [
    {
      id: 'time',
      header: 'Time',
      value: (row) => row.timeMs,
      cell: (row) => <time title={new Date(row.timeMs).toISOString()}>{formatDateTime(row.timeMs, zone)}</time>,
    },
    ...data.series.slice(0, columnsMax).map((series): Column<PointRow> => ({
      id: series.name,
      header: series.name,
      isNumber: true,
      value: (row) => series.values[row.index] ?? Number.NaN,
      cell: (row) => {
        const value = series.values[row.index] ?? Number.NaN
        return Number.isNaN(value) ? <span className="bw-dim">–</span> : <span title={String(value)}>{formatValue(value, unit)}</span>
      },
    })),
  ]
  return (
    <>
      <DataTable
        label="points"
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.timeMs)}
        initialSort={{ column: 'time', descending: true }}
        maxHeight="60dvh"
      />
      {data.series.length > columnsMax && (
        <p className="bw-legend__more">
          The first {columnsMax} of {data.series.length} series; the download above has all.
        </p>
      )}
    </>
  )
}
