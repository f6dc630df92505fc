/** What a scrape asks for and what it got: the `Accept` header by the protocols that are wanted, and the format by `Content-Type`. */
import type { ScrapeAttempt } from '../protocols/index.ts'
import type { ScrapeProtocol } from './config.ts'

type BodyFormat = NonNullable<ScrapeAttempt['body']>['format']

const mediaTypes: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}

const formats: Readonly<Record<ScrapeProtocol, BodyFormat>> = {
  PrometheusProto: 'protobuf',
  'OpenMetricsText1.0.0': 'openmetrics',
  'OpenMetricsText0.0.1': 'openmetrics',
  'PrometheusText1.0.0': 'text',
  'PrometheusText0.0.4': 'text',
}

/** Weights fall by a tenth from 0.6, as Prometheus writes them. */
export function acceptHeader(protocols: readonly ScrapeProtocol[]): string {
  const weighted = protocols.map((protocol, index) => `${mediaTypes[protocol]};q=${((protocols.length + 1 - index) / 10).toFixed(1)}`)
  return [...weighted, '*/*;q=0.1'].join(',')
}

/** The format of a body; null: it says that it is something else, and `fallback` is null. */
export function formatOf(contentType: string, fallback: ScrapeProtocol | null): BodyFormat | null {
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  if (type === 'application/openmetrics-text') return 'openmetrics'
  if (type === 'text/plain') return 'text'
  const isFamilies = parameters.includes('proto=io.prometheus.client.metricfamily') && parameters.includes('encoding=delimited')
  if (type === 'application/vnd.google.protobuf' && isFamilies) return 'protobuf'
  return fallback === null ? null : formats[fallback]
}
