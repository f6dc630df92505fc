/** Traces as a table: when, what, how long, what failed, which services took part. Two of them can be chosen to be compared. */
import type { FoundTrace } from '@bellwether/protocol'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useScheme } from '../../charts/chart-colors.ts'
import { useZone } from '../../lib/preferences.ts'
import { formatClock, formatDateTime, formatShort } from '../../lib/time-format.ts'
import { formatMs } from '../../lib/units.ts'
import { styleSeries } from '../../theme/series-colors.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Icon } from '../../ui/Icon.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { plural, shortId } from './trace-words.ts'

/** Services named in a row; the others are counted. */
const servicesShownMax = 3
const dayMs = 86_400_000

export interface TraceTableProps {
  readonly rows: readonly FoundTrace[]
  readonly picks: readonly string[]
  readonly onPick: (picks: readonly string[] | undefined) => void
  /** The button for the next page. */
  readonly more: ReactNode
}

export function TraceTable({ rows, picks, onPick, more }: TraceTableProps) {
  const { project } = usePlace()
  const navigate = useNavigate()
  const [zone] = useZone()
  const scheme = useScheme()
  const longestMs = rows.reduce((most, { durationMs }) => Math.max(most, durationMs), 0)
  const colors = styleSeries([...new Set(rows.flatMap(({ services }) => services.map(({ service }) => service)))], scheme)
  const times = rows.map(({ start }) => Date.parse(start))
  const isOneDay = Math.max(...times) - Math.min(...times) < dayMs
  const columns: Column<FoundTrace>[] = [
    {
      id: 'pick',
      header: '',
      isExtra: true,
      cell: ({ traceId }) => (
        <input
          type="checkbox"
          aria-label={`Compare trace ${shortId(traceId)}`}
          title="Choose two to compare"
          checked={picks.includes(traceId)}
          onClick={(event) => event.stopPropagation()}
          onChange={() => {
            const next = picks.includes(traceId) ? picks.filter((id) => id !== traceId) : [...picks, traceId]
            onPick(next.length === 0 ? undefined : next)
          }}
        />
      ),
    },
    {
      id: 'start',
      header: 'Started',
      value: ({ start }) => start,
      cell: ({ start }) => (
        <time dateTime={start} title={formatDateTime(Date.parse(start), zone)}>
          {isOneDay ? formatClock(Date.parse(start), zone) : formatShort(Date.parse(start), zone)}
        </time>
      ),
    },
    {
      id: 'trace',
      header: 'Trace',
      isMain: true,
      value: ({ service, name }) => `${service} ${name}`,
      cell: (row) => <RootCell row={row} projectId={project.id} color={colors.get(row.service)?.color ?? ''} />,
    },
    {
      id: 'duration',
      header: 'Duration',
      isNumber: true,
      value: ({ durationMs }) => durationMs,
      cell: ({ durationMs, errors }) => (
        <span className="bw-traces__duration">
          <span className={`bw-traces__bar ${errors > 0 ? 'bw-traces__bar--error' : ''}`} aria-hidden="true">
            <span style={{ width: `${longestMs === 0 ? 0 : (durationMs / longestMs) * 100}%` }} />
          </span>
          <span>{formatMs(durationMs)}</span>
        </span>
      ),
    },
    {
      id: 'spans',
      header: 'Spans',
      isNumber: true,
      isExtra: true,
      value: ({ spans }) => spans,
      cell: ({ spans }) => spans.toLocaleString('en-US'),
    },
    {
      id: 'errors',
      header: 'Errors',
      isNumber: true,
      value: ({ errors }) => errors,
      cell: ({ errors }) => (errors === 0 ? '' : <span className="bw-trace__bad">{errors.toLocaleString('en-US')}</span>),
    },
    {
      id: 'services',
      header: 'Services',
      isExtra: true,
      value: ({ services }) => services.map(({ service }) => service).join(' '),
      cell: ({ services }) => (
        <span className="bw-traces__services">
          {services.slice(0, servicesShownMax).map(({ service, spans }) => (
            <span key={service} title={`${service}: ${plural(spans, 'span')}`}>
              <span className="bw-swatch" style={{ background: colors.get(service)?.color ?? '' }} />
              {service} <span className="bw-dim">{spans.toLocaleString('en-US')}</span>
            </span>
          ))}
          {services.length > servicesShownMax && <span className="bw-dim">+{services.length - servicesShownMax}</span>}
        </span>
      ),
    },
  ]
  return (
    <>
      <DataTable
        label="traces"
        columns={columns}
        rows={rows}
        rowKey={({ traceId }) => traceId}
        onOpen={({ traceId, matches }) =>
          void navigate({
            to: '/p/$project/explore/traces/$traceId',
            params: { project: project.id, traceId },
            search: spanSearch(matches),
          })
        }
      />
      {more !== null && <div className="bw-traces__more">{more}</div>}
    </>
  )
}

/** The trace opens at the span that was found, when there is one that matters. */
function spanSearch(matches: FoundTrace['matches']): { span?: string } {
  const failed = matches.find(({ status }) => status === 'error')
  return failed === undefined ? {} : { span: failed.spanId }
}

function RootCell({ row, projectId, color }: { readonly row: FoundTrace; readonly projectId: string; readonly color: string }) {
  const [match] = row.matches
  const isElsewhere = match !== undefined && (match.name !== row.name || match.service !== row.service)
  return (
    <span className="bw-traces__root">
      <span className="bw-swatch" style={{ background: color }} />
      <Link
        to="/p/$project/explore/traces/$traceId"
        params={{ project: projectId, traceId: row.traceId }}
        search={spanSearch(row.matches)}
        title={`${row.service}: ${row.name}`}
        onClick={(event) => event.stopPropagation()}
      >
        <span className="bw-dim">{row.service}</span> {row.name}
      </Link>
      {!row.hasRoot && (
        <span className="bw-traces__matched" title="The root of this trace has not come; this is its earliest span">
          <Icon name="help" size={12} /> no root
        </span>
      )}
      {isElsewhere && (
        <span className="bw-traces__matched bw-extra">
          {row.matched.toLocaleString('en-US')}× {match.service} {match.name}
        </span>
      )}
    </span>
  )
}

export function PickBar({ picks, onClear }: { readonly picks: readonly string[]; readonly onClear: () => void }) {
  const { project } = usePlace()
  const [a, b] = picks
  if (a === undefined) return null
  return (
    <div className="bw-traces__pick" role="status">
      <span>
        {picks.map(shortId).join(' and ')} chosen{b === undefined ? '; choose one more to compare' : ''}
      </span>
      {b !== undefined && (
        <Link
          className="bw-btn bw-btn--primary bw-btn--small"
          to="/p/$project/explore/traces/compare"
          params={{ project: project.id }}
          search={{ a, b }}
        >
          Compare
        </Link>
      )}
      <Button small variant="quiet" onClick={onClear}>
        Clear
      </Button>
    </div>
  )
}
