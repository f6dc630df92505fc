/** Which protocols sent data to the project since the program started. */
import { pageSchema, sourceRowSchema, type SourceRow } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

const sourcePage = pageSchema(sourceRowSchema)

export function sourcesQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['sources', projectPath],
    queryFn: async ({ signal }) => (await request(`${projectPath}/sources`, sourcePage, { signal })).items,
    staleTime: 1000,
  })
}

const names: Readonly<Record<string, string>> = {
  otlp_http: 'OpenTelemetry over HTTP',
  otlp_grpc: 'OpenTelemetry over gRPC',
  remote_write: 'Prometheus remote write',
  remote_write_1: 'Prometheus remote write 1',
  remote_write_2: 'Prometheus remote write 2',
  scrape: 'Scraped targets',
  statsd: 'StatsD',
  loki: 'Loki push',
  json_lines: 'JSON lines',
  syslog: 'Syslog',
  influx: 'Influx lines',
  import: 'Imported files',
  collector: 'Metrics clients',
  sentry: 'Sentry SDKs',
  self: 'Bellwether itself',
}

/** A protocol's name as people say it. */
export function protocolName(protocol: string): string {
  return names[protocol.replaceAll('-', '_')] ?? protocol
}

/** Sources other than Bellwether watching itself. */
export function foreignSources(sources: readonly SourceRow[]): readonly SourceRow[] {
  return sources.filter((source) => source.protocol !== 'self')
}
