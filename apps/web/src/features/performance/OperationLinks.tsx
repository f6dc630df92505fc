/** From an operation to its traces, its service and its logs. */
import type { OperationName } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { writeFilter } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'
import { writeRange } from '../traces/index.ts'

export interface OperationLinksProps {
  readonly name: OperationName
  /** Only traces with errors, at first. */
  readonly failed?: boolean
}

export function OperationLinks({ name: { service, operation }, failed = false }: OperationLinksProps) {
  const { project } = usePlace()
  const params = { project: project.id }
  const { ofService, search } = searchesOf(service, operation)
  return (
    <p className="bw-perf-ways">
      <Link to="/p/$project/explore/traces" params={params} search={{ q: failed ? `${search} status:error` : search }}>
        {failed ? 'Failed traces' : 'Traces'}
      </Link>
      <Link to="/p/$project/explore/logs" params={params} search={{ q: ofService }}>
        Logs of {service}
      </Link>
      <Link to="/p/$project/services/$service" params={{ ...params, service }}>
        Service
      </Link>
    </p>
  )
}

export interface BeforeAndAfterProps {
  readonly name: OperationName
  /** What lies before and after the change in it is compared. */
  readonly range: ResolvedRange
  readonly changeMs: number
}

/** To the comparison of an operation's traces from before a change with those from after it. */
export function BeforeAndAfter({ name: { service, operation }, range: { fromMs, toMs }, changeMs }: BeforeAndAfterProps) {
  const { project } = usePlace()
  const { search } = searchesOf(service, operation)
  return (
    <p className="bw-perf-ways">
      <Link
        to="/p/$project/explore/traces/compare"
        params={{ project: project.id }}
        search={{ qa: search, qb: search, ra: writeRange(fromMs, changeMs), rb: writeRange(changeMs, toMs) }}
      >
        Compare traces from before and after the change
      </Link>
    </p>
  )
}

function searchesOf(service: string, operation: string): { ofService: string; search: string } {
  const ofService = writeFilter({ field: 'service', value: service, exclude: false })
  return { ofService, search: `${ofService} ${writeFilter({ field: 'name', value: operation, exclude: false })}` }
}
