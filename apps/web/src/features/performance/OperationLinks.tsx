/** From an operation to its traces, its service and its logs. */
import type { OperationName } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { writeFilter } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'

export interface OperationLinksProps {
  readonly name: OperationName
  /** Only traces with errors, at first. */
  readonly failed?: boolean
}

export function OperationLinks({ name: { service, operation }, failed = false }: OperationLinksProps) {
  const { project } = usePlace()
  const params = { project: project.id }
  const ofService = writeFilter({ field: 'service', value: service, exclude: false })
  const search = `${ofService} ${writeFilter({ field: 'name', value: operation, exclude: false })}`
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
