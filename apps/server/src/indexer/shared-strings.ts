/**
 * Strings that every organization and use case uses, with fixed ids below 65,536: they need neither cache nor database. An entry's number
 * never changes and is never used again; new ones are added at the end of their group, which has a hundred numbers.
 */

const groups: readonly (readonly [first: number, strings: readonly string[]])[] = [
  // Labels of any metric.
  [
    1,
    [
      '__name__',
      'job',
      'instance',
      'le',
      'quantile',
      'environment',
      'release',
      'service',
      'host',
      'method',
      'status',
      'path',
      'route',
      'code',
    ],
  ],
  // Tags of transactions and spans.
  [
    100,
    [
      'transaction',
      'transaction.status',
      'transaction.op',
      'satisfaction',
      'session.status',
      'span.op',
      'span.status',
      'span.category',
      'span.description',
      'span.domain',
      'span.group',
      'http.method',
      'http.status_code',
      'platform',
      'browser.name',
      'device.class',
      'os.name',
      'geo.country_code',
      'user',
      'abnormal_mechanism',
    ],
  ],
  // Resource attributes of OpenTelemetry as labels.
  [
    200,
    [
      'service_name',
      'service_namespace',
      'service_version',
      'service_instance_id',
      'deployment_environment',
      'deployment_environment_name',
      'host_name',
      'container_name',
      'namespace',
      'pod',
      'node',
      'container',
      'cluster',
      'region',
      'otel_scope_name',
      'otel_scope_version',
      'http_request_method',
      'http_response_status_code',
      'http_route',
      'server_address',
    ],
  ],
  // Values: environments, states, methods, answers.
  [
    1000,
    [
      'production',
      'staging',
      'development',
      'test',
      'true',
      'false',
      'ok',
      'error',
      'unknown',
      'init',
      'exited',
      'crashed',
      'errored',
      'abnormal',
      'healthy',
      'satisfied',
      'tolerated',
      'frustrated',
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
      '200',
      '201',
      '204',
      '301',
      '302',
      '304',
      '400',
      '401',
      '403',
      '404',
      '409',
      '429',
      '500',
      '502',
      '503',
      '504',
      '0.5',
      '0.9',
      '0.95',
      '0.99',
      '+Inf',
      '<< unparameterized >>',
    ],
  ],
]

/** The empty string: tags may have it. */
const emptyStringId = 65_535

const idByString = new Map<string, number>([['', emptyStringId]])
const stringById = new Map<number, string>([[emptyStringId, '']])
for (const [first, strings] of groups) {
  strings.forEach((string, i) => {
    idByString.set(string, first + i)
    stringById.set(first + i, string)
  })
}

/** Both directions, for those who write them out. */
export const sharedStrings: ReadonlyMap<string, number> = idByString

/** The fixed id, or null. */
export function sharedStringId(string: string): number | null {
  return idByString.get(string) ?? null
}

/** The string with this fixed id, or null. */
export function sharedStringOf(id: number): string | null {
  return stringById.get(id) ?? null
}
