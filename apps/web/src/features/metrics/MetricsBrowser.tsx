/** All metrics of the project: what they are, how many series, when the last point came. */
import type { Metric } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import { formatAgoMinutes } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { MiddleCut } from '../../ui/MiddleCut.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { findMetrics, shownType } from './metric-list.ts'
import { useMetrics } from './use-metrics.ts'

export interface MetricsBrowserProps {
  readonly onOpen: (name: string) => void
  readonly openName: string | null
}

function columnsAt(nowMs: number, names: ReadonlySet<string>): readonly Column<Metric>[] {
  return [
    {
      id: 'name',
      header: 'Metric',
      isMain: true,
      value: (metric) => metric.name,
      cell: (metric) => (
        <span className="bw-metric-name">
          <span className="bw-mono bw-metric-name__name">
            <MiddleCut text={metric.name} />
          </span>
          {metric.help !== '' && <span className="bw-dim bw-truncate bw-extra">{metric.help}</span>}
        </span>
      ),
    },
    {
      id: 'type',
      header: 'Type',
      width: '110px',
      value: (metric) => shownType(metric, names),
      cell: (metric) => <Tag>{shownType(metric, names)}</Tag>,
    },
    { id: 'unit', header: 'Unit', width: '90px', isExtra: true, value: (metric) => metric.unit, cell: (metric) => metric.unit },
    {
      id: 'series',
      header: 'Series',
      width: '90px',
      isNumber: true,
      value: (metric) => metric.seriesCount,
      cell: (metric) => formatCount(metric.seriesCount),
    },
    {
      id: 'seen',
      header: 'Last seen',
      width: '110px',
      isNumber: true,
      isExtra: true,
      value: (metric) => Date.parse(metric.lastSeenAt),
      cell: (metric) => <time title={metric.lastSeenAt}>{formatAgoMinutes(Date.parse(metric.lastSeenAt), nowMs)}</time>,
    },
  ]
}

export function MetricsBrowser({ onOpen, openName }: MetricsBrowserProps) {
  const { project } = usePlace()
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const metrics = useMetrics(text)
  const { items } = metrics
  const found = useMemo(() => findMetrics(items ?? [], wanted), [items, wanted])
  const columns = useMemo(
    () => columnsAt(metrics.updatedAtMs, new Set((items ?? []).map((metric) => metric.name))),
    [metrics.updatedAtMs, items],
  )
  if (metrics.error !== null) return <Failure error={metrics.error} title="The metrics could not be listed" onRetry={metrics.retry} />
  return (
    <section className="bw-section" aria-label="All metrics">
      <header className="bw-section__head">
        <SearchField label="Find a metric by name or description" value={text} onChange={setText} />
        <span className="bw-section__note" aria-live="polite">
          {items === undefined
            ? ''
            : `${formatCount(found.length)} of ${formatCount(items.length)}${metrics.isCut ? ' and more; type to search all of them' : ''}`}
        </span>
      </header>
      {items === undefined ? (
        <div className="bw-section__body">
          <Loading label="metrics" rows={8} />
        </div>
      ) : (
        <DataTable
          label="metrics"
          columns={columns}
          rows={found}
          rowKey={(metric) => metric.name}
          onOpen={(metric) => onOpen(metric.name)}
          openKey={openName}
          empty={
            text === '' ? (
              <Empty
                title="No metrics yet"
                icon="metrics"
                action={
                  <Link to="/p/$project/start" params={{ project: project.id }}>
                    Send your first data
                  </Link>
                }
              >
                <p>Here you will find every metric by name, with its type, unit and labels, seconds after something sends it.</p>
              </Empty>
            ) : (
              <Empty title={`No metric has “${text}” in its name or description`} icon="search" />
            )
          }
        />
      )}
    </section>
  )
}
