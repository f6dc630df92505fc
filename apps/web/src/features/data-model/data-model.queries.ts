/** A metric with the numbers it is stored under. */
import { metricAnatomyBodySchema } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

export function anatomyQuery(projectPath: string, metric: string) {
  return queryOptions({
    queryKey: ['anatomy', projectPath, metric],
    queryFn: ({ signal }) => request(`${projectPath}/metrics/${encodeURIComponent(metric)}/anatomy`, metricAnatomyBodySchema, { signal }),
  })
}
