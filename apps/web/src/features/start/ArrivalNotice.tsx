/** Waits for data and says when it came. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SourceRow } from '@bellwether/protocol'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Notice } from '../../ui/Notice.tsx'
import { usePlace } from '../session/index.ts'
import { foreignSources, protocolName, sourcesQuery } from '../sources/index.ts'
import { arrivalSince, flowingNow } from './arrival-model.ts'

const pollMs = 2000

export function ArrivalNotice() {
  const { projectPath, project } = usePlace()
  const nowMs = useNow()
  const sources = useQuery({ ...sourcesQuery(projectPath), select: foreignSources, refetchInterval: pollMs })
  const [before, setBefore] = useState<readonly SourceRow[] | null>(null)
  if (before === null && sources.data !== undefined) setBefore(sources.data)
  const fresh = arrivalSince(before ?? [], sources.data ?? [])
  const arrival = fresh ?? flowingNow(sources.data ?? [], nowMs)
  if (sources.isError) {
    return (
      <Notice tone="warn" icon="warning" title="Not watching for data">
        <p>{sources.error.message} Trying again.</p>
      </Notice>
    )
  }
  if (sources.isPending) {
    return (
      <Notice icon="clock" title="Checking…">
        <p className="bw-dim">
          <span className="bw-pulse" aria-hidden="true" /> Asking whether data is arriving.
        </p>
      </Notice>
    )
  }
  if (arrival === null) {
    return (
      <Notice icon="clock" title="Waiting for data…">
        <p className="bw-dim">
          <span className="bw-pulse" aria-hidden="true" /> This page notices by itself.
        </p>
      </Notice>
    )
  }
  return (
    <Notice
      tone="ok"
      icon="check"
      title="Receiving data"
      action={
        <Link className="bw-btn bw-btn--primary" to="/p/$project/explore/metrics" params={{ project: project.id }}>
          See the metrics
        </Link>
      }
    >
      <p>
        {fresh === null ? 'Since the program started, received' : 'Received'} {formatCount(arrival.points)}{' '}
        {arrival.points === 1 ? 'record' : 'records'} from {protocolName(arrival.protocol)}, the last{' '}
        {formatAgo(Date.parse(arrival.lastSeenAt), nowMs)}.
      </p>
    </Notice>
  )
}
