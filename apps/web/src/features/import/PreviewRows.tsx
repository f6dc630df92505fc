/** What the first rows of a file become. */
import type { ImportPreviewBody } from '@bellwether/protocol'
import { DataTable } from '../../ui/DataTable.tsx'
import type { Column } from '../../ui/table-model.ts'

type Row = ImportPreviewBody['rows'][number]

const columns: readonly Column<Row>[] = [
  { id: 'line', header: 'Line', isNumber: true, width: '60px', value: (row) => row.line, cell: (row) => row.line },
  {
    id: 'series',
    header: 'Becomes',
    isMain: true,
    cell: (row) =>
      row.refusal === null ? (
        <code title={row.series}>{row.series}</code>
      ) : (
        <span className="bw-import-refused">refused: {row.refusal}</span>
      ),
  },
  { id: 'value', header: 'Value', isNumber: true, cell: (row) => (row.refusal === null ? row.value : '') },
  { id: 'at', header: 'Time', isExtra: true, cell: (row) => row.at ?? '' },
]

export function PreviewRows({ preview }: { readonly preview: ImportPreviewBody }) {
  return (
    <DataTable
      label="first rows"
      columns={columns}
      rows={preview.rows}
      rowKey={(row) => `${row.line} ${row.series} ${row.refusal ?? ''}`}
    />
  )
}
