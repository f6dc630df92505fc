/** Columns that services and operations share: rate, errors and durations, each with its trend. */
import type { RedFigures, RedTrend, TraceExemplar } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { Sparkline } from '../../charts/Sparkline.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { formatDuration, formatRate, formatShare, sparkValues, toneOfErrors } from './red-words.ts'

interface RedRow extends RedFigures {
  readonly trend: RedTrend
  readonly slowest: TraceExemplar | null
  readonly failed: TraceExemplar | null
}

function duration<Row extends RedRow>(id: 'p50Ms' | 'p95Ms' | 'p99Ms', header: string): Column<Row> {
  return {
    id,
    header,
    isNumber: true,
    isExtra: id !== 'p95Ms',
    isAside: id !== 'p95Ms',
    value: (row) => row[id],
    cell: (row) => formatDuration(row[id]),
  }
}

/** The steps of the trends of an answer. */
export interface TrendSteps {
  readonly to: string
  readonly stepSec: number
  readonly trendFrom: string
}

/** Columns of rates, errors and durations. The last step of a trend, when it is still filling, is left out: it would look like a fall. */
export function redColumns<Row extends RedRow>({ to, stepSec, trendFrom }: TrendSteps): Column<Row>[] {
  const steps = Math.max(1, Math.floor((Date.parse(to) - Date.parse(trendFrom)) / 1000 / stepSec))
  const spark = (values: readonly (number | null)[]): Float64Array => sparkValues(values.slice(0, steps))
  return [
    {
      id: 'rate',
      header: 'Rate',
      isNumber: true,
      value: (row) => row.perSec,
      cell: (row) => (
        <span className="bw-red">
          <Sparkline values={spark(row.trend.perSec)} />
          <span title={`${row.count.toLocaleString('en-US')} calls`}>{formatRate(row.perSec)}</span>
        </span>
      ),
    },
    {
      id: 'errors',
      header: 'Errors',
      isNumber: true,
      value: (row) => row.errorRate,
      cell: (row) => (
        <span className={`bw-red bw-red--errors bw-red--${toneOfErrors(row.errorRate)}`}>
          <Sparkline values={spark(row.trend.errorRate)} />
          <span title={`${row.errors.toLocaleString('en-US')} failed`}>{formatShare(row.errorRate)}</span>
        </span>
      ),
    },
    duration<Row>('p50Ms', 'p50'),
    {
      ...duration<Row>('p95Ms', 'p95'),
      cell: (row) => (
        <span className="bw-red">
          <Sparkline values={spark(row.trend.p95Ms)} />
          <span>{formatDuration(row.p95Ms)}</span>
        </span>
      ),
    },
    duration<Row>('p99Ms', 'p99'),
    { id: 'examples', header: 'Traces', isExtra: true, cell: (row) => <Examples slowest={row.slowest} failed={row.failed} /> },
  ]
}

function Examples({ slowest, failed }: { readonly slowest: TraceExemplar | null; readonly failed: TraceExemplar | null }) {
  return (
    <span className="bw-examples">
      {slowest !== null && <ExampleLink example={slowest} label={`slowest ${formatDuration(slowest.durationMs)}`} />}
      {failed !== null && <ExampleLink example={failed} label="failed" />}
    </span>
  )
}

export function ExampleLink({ example, label }: { readonly example: TraceExemplar; readonly label: string }) {
  const { project } = usePlace()
  return (
    <Link
      to="/p/$project/explore/traces/$traceId"
      params={{ project: project.id, traceId: example.traceId }}
      search={{ span: example.spanId }}
      onClick={(event) => event.stopPropagation()}
      title={`A trace at ${example.at}`}
    >
      {example.isError && label === 'failed' ? <StatusMark tone="down" label={label} /> : label}
    </Link>
  )
}
