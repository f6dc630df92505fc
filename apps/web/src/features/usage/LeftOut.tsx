/** Parts of rows that were left out when the rows were stored: how many, for which limit, and what to do. */
import type { UsageRow } from '@bellwether/protocol'
import { formatCount } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Page.tsx'
import { Empty } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { leftOutOf, type LeftOutRow } from './left-out-model.ts'
import './left-out.css'

const columns: readonly Column<LeftOutRow>[] = [
  {
    id: 'limit',
    header: 'Limit',
    isMain: true,
    value: (row) => row.reason,
    cell: (row) => (
      <span className="bw-left-out">
        <code>{row.reason}</code>
        <span className="bw-dim">{row.meaning}</span>
      </span>
    ),
  },
  { id: 'project', header: 'Project', isExtra: true, value: (row) => row.project, cell: (row) => row.project },
  { id: 'kind', header: 'Kind', value: (row) => row.kind, cell: (row) => row.kind },
  {
    id: 'parts',
    header: 'Left out',
    isNumber: true,
    value: (row) => row.parts,
    cell: (row) => <span title={row.parts.toLocaleString('en-US')}>{formatCount(row.parts)}</span>,
  },
]

export function LeftOut({ rows }: { readonly rows: readonly UsageRow[] }) {
  return (
    <Section title="Left out of rows" note="the rows are stored and counted as stored, without these parts">
      <DataTable
        label="parts left out"
        columns={columns}
        rows={leftOutOf(rows)}
        rowKey={(row) => `${row.project} ${row.kind} ${row.reason}`}
        empty={
          <Empty title="Every row is whole" icon="check">
            <p>Attributes, events or links beyond what a row takes would be counted here, with the name of the limit.</p>
          </Empty>
        }
      />
    </Section>
  )
}
