/** From a row to everything that belongs to it: its trace, its host, its release, its problem. */
import type { LogRow } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { absoluteRange } from '../../lib/time-range.ts'
import { Icon } from '../../ui/Icon.tsx'
import { usePlace } from '../session/index.ts'
import { timeMsOf } from './log-text.ts'
import type { LogsState } from './use-logs.ts'

/** What is shown around the moment of the row elsewhere, to each side. */
const aroundMs = 15 * 60_000

export function LogLinks({ row, state }: { readonly row: LogRow; readonly state: LogsState }) {
  const { project } = usePlace()
  const atMs = timeMsOf(row.timestamp)
  const around = absoluteRange(atMs - aroundMs, atMs + aroundMs)
  const only = (field: string, value: string): void => state.filterOnly(field, value)
  return (
    <ul className="bw-logs-links" aria-label="From here">
      {row.traceId !== '' && (
        <li>
          <Link
            to="/p/$project/explore/traces/$traceId"
            params={{ project: project.id, traceId: row.traceId }}
            search={row.spanId === '' ? around : { ...around, span: row.spanId }}
          >
            <Icon name="right" size={14} /> Its trace
          </Link>
        </li>
      )}
      {row.traceId !== '' && (
        <li>
          <button type="button" onClick={() => state.setQuery(`trace_id:${row.traceId}`)}>
            <Icon name="filter" size={14} /> Logs of its trace
          </button>
        </li>
      )}
      {row.problem !== '' && (
        <li>
          <Link to="/p/$project/problems/$problem" params={{ project: project.id, problem: row.problem }}>
            <Icon name="warning" size={14} /> Its problem
          </Link>
        </li>
      )}
      {row.service !== '' && (
        <li>
          <Link to="/p/$project/services/$service" params={{ project: project.id, service: row.service }} search={around}>
            <Icon name="overview" size={14} /> Service {row.service}
          </Link>
        </li>
      )}
      {row.host !== '' && (
        <li>
          <button type="button" onClick={() => only('host', row.host)}>
            <Icon name="system" size={14} /> Host {row.host}
          </button>
        </li>
      )}
      {row.release !== '' && (
        <li>
          <button type="button" onClick={() => only('release', row.release)}>
            <Icon name="send" size={14} /> Release {row.release}
          </button>
        </li>
      )}
      <li>
        <Link to="/p/$project/explore/metrics" params={{ project: project.id }} search={{ ...around }}>
          <Icon name="metrics" size={14} /> Metrics at this time
        </Link>
      </li>
    </ul>
  )
}
