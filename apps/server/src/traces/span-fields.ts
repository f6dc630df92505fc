/** What can be asked of spans: the catalogue of the search language. */
import type { SearchField, SearchFields } from '../search/index.ts'

export const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export const statusNames = ['unset', 'ok', 'error'] as const

function word(name: string, description: string, aliases: readonly string[] = []): SearchField {
  return { name, aliases, type: 'word', column: name, description }
}

function names(name: string, description: string, values: readonly string[]): SearchField {
  return {
    name,
    type: 'names',
    column: name,
    description,
    values: values.map((each, number) => ({ name: each, low: number, high: number })),
  }
}

export const spanFields: readonly SearchField[] = [
  word('service', 'the service that did the work', ['service.name', 'service_name']),
  word('name', 'the operation', ['operation', 'span.name']),
  { name: 'duration', type: 'duration', column: 'duration', description: 'how long it took: duration > 250ms' },
  names('status', 'unset, ok, error', statusNames),
  names('kind', 'server, client, producer, consumer, internal', kindNames),
  { name: 'status_message', type: 'text', column: 'status_message', description: 'what the error says' },
  word('http_route', 'the route of a request', ['http.route', 'route']),
  word('http_method', 'the method of a request', ['http.request.method', 'http.method', 'method']),
  {
    name: 'http_status',
    aliases: ['http.response.status_code', 'http.status_code', 'status_code'],
    type: 'number',
    column: 'http_status',
    zeroIsNone: true,
    description: 'the status of the answer: http_status >= 500',
  },
  word('db_system', 'the kind of database', ['db.system', 'db.system.name']),
  word('db_operation', 'SELECT, INSERT, ...', ['db.operation', 'db.operation.name']),
  word('peer', 'who is at the other end: a service, a database, a queue', ['peer.service']),
  word('environment', 'production, staging, ...', ['env', 'deployment.environment', 'deployment.environment.name']),
  word('release', 'the version of the service', ['version', 'service.version']),
  word('host', 'the host or container', ['host.name', 'hostname']),
  {
    name: 'trace_id',
    aliases: ['trace', 'traceId'],
    type: 'id',
    column: 'trace_id',
    sizeBytes: 16,
    description: 'the trace it belongs to',
  },
  { name: 'span_id', aliases: ['span', 'spanId'], type: 'id', column: 'span_id', sizeBytes: 8, description: 'the span itself' },
  {
    name: 'parent_id',
    aliases: ['parent', 'parentSpanId'],
    type: 'id',
    column: 'parent_id',
    sizeBytes: 8,
    description: 'the span that it is part of; roots have none: -has:parent_id',
  },
  word('scope', 'the instrumentation that made it', ['scope.name']),
  word('source', 'how it came: otlp, sentry'),
  { name: 'events', type: 'text', column: 'events', description: 'names and attributes of its events, exceptions among them' },
  { name: 'time', aliases: ['timestamp', 'ts', 'start'], type: 'time', column: 'ts', description: 'when it began' },
  { name: 'weight', type: 'number', column: 'weight', description: 'how many spans it stands for, where samples were taken' },
]

/** `inResources` makes a condition on the attributes of resources one on their fingerprints, within the reader's scope. */
export function spanFieldsOf(inResources: (condition: string) => string): SearchFields {
  return {
    fields: spanFields,
    freeText: [
      { column: 'name', isIndexed: false },
      { column: 'status_message', isIndexed: false },
    ],
    attributes: 'attributes',
    resources: { column: 'resource', attributes: 'attributes', sqlOf: inResources },
  }
}
