/** What one metric costs, label by label, and the shortest way to a rule about it. */
import type { LabelCost } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { metricCostQuery } from './cardinality.queries.ts'

export interface CostDrawerProps {
  readonly name: string
  readonly onClose: () => void
  /** Null: the reader may not make rules. */
  readonly onRule: ((metric: string, label: string | null) => void) | null
}

export function CostDrawer({ name, onClose, onRule }: CostDrawerProps) {
  const { projectPath } = usePlace()
  const cost = useQuery(metricCostQuery(projectPath, name))
  const rule = (label: string | null): void => {
    onClose()
    onRule?.(name, label)
  }
  return (
    <DetailDrawer title={<span className="bw-mono">{name}</span>} onClose={onClose}>
      {cost.isError && <Failure compact error={cost.error} title="This metric could not be read" onRetry={() => void cost.refetch()} />}
      {cost.isPending && <Loading label="the metric" rows={4} />}
      {cost.data !== undefined && (
        <>
          <p>
            {formatCount(cost.data.activeSeries)} series with samples in the last hour, {formatCount(cost.data.newSeries)} of them new
            {cost.data.samples === null ? '' : `; ${formatCount(cost.data.samples)} samples in the last day`}.
          </p>
          <DataTable
            label="labels"
            columns={columnsFor(onRule === null ? null : rule)}
            rows={cost.data.labels}
            rowKey={({ name: label }) => label}
            empty={
              <Empty title="No labels" icon="metrics">
                <p>The metric is one series, or had no samples in the last day.</p>
              </Empty>
            }
          />
          <p className="bw-dim">Distinct values among {formatCount(cost.data.seriesCounted)} series of the last day.</p>
        </>
      )}
    </DetailDrawer>
  )
}

function columnsFor(onRule: ((label: string | null) => void) | null): readonly Column<LabelCost>[] {
  return [
    { id: 'label', header: 'Label', value: ({ name }) => name, cell: ({ name }) => <code>{name}</code> },
    { id: 'values', header: 'Values', isNumber: true, value: ({ values }) => values, cell: ({ values }) => formatCount(values) },
    {
      id: 'examples',
      header: 'Such as',
      isMain: true,
      cell: ({ examples }) => <span title={examples.join('\n')}>{examples.join(', ')}</span>,
    },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: ({ name }) =>
        onRule === null ? null : (
          <Button small onClick={() => onRule(name)} aria-label={`Drop ${name}`}>
            Drop…
          </Button>
        ),
    },
  ]
}
