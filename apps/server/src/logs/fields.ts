/** What can be asked of logs: the catalogue of the search language, and a smaller one for what the counts by minute can answer. */
import type { NamedRange, SearchField, SearchFields } from '../search/index.ts'

/** OpenTelemetry's ranges; 0 where the sender said none. */
export const severityRanges: readonly NamedRange[] = [
  { name: 'unknown', low: 0, high: 0 },
  { name: 'trace', low: 1, high: 4 },
  { name: 'debug', low: 5, high: 8 },
  { name: 'info', low: 9, high: 12 },
  { name: 'warn', low: 13, high: 16 },
  { name: 'warning', low: 13, high: 16 },
  { name: 'error', low: 17, high: 20 },
  { name: 'fatal', low: 21, high: 24 },
  { name: 'critical', low: 21, high: 24 },
]

/** The names that answers use, by the number that SQL gives: `intDiv(severity + 3, 4)`. */
export const severityNames = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type SeverityName = (typeof severityNames)[number]

const severity: SearchField = {
  name: 'severity',
  aliases: ['level', 'severity_text', 'detected_level'],
  type: 'names',
  column: 'severity',
  description: 'trace, debug, info, warn, error, fatal; or a number from 1 to 24',
  values: severityRanges,
}

function word(name: string, description: string, aliases: readonly string[] = []): SearchField {
  return { name, aliases, type: 'word', column: name, description }
}

const service = word('service', 'the service that logged', ['service.name', 'service_name'])
const environment = word('environment', 'production, staging, ...', ['env', 'deployment.environment', 'deployment.environment.name'])

export const logFields: readonly SearchField[] = [
  severity,
  service,
  word('host', 'the host or container', ['host.name', 'hostname']),
  environment,
  word('release', 'the version of the service', ['version', 'service.version']),
  {
    name: 'body',
    aliases: ['message', 'msg'],
    type: 'text',
    column: 'body',
    description: 'the message; words without a field search it too',
  },
  {
    name: 'trace_id',
    aliases: ['trace', 'traceId'],
    type: 'id',
    column: 'trace_id',
    sizeBytes: 16,
    description: 'the trace it belongs to',
  },
  { name: 'span_id', aliases: ['span', 'spanId'], type: 'id', column: 'span_id', sizeBytes: 8, description: 'the span it belongs to' },
  { name: 'pattern', type: 'hash', column: 'pattern', description: 'the pattern of the message' },
  { name: 'problem', type: 'hash', column: 'problem', description: 'the problem that the error belongs to' },
  word('scope', 'the library or logger', ['logger', 'scope.name']),
  word('source', 'how it came: otlp, loki, json, syslog, sentry, file, span-event'),
  { name: 'time', aliases: ['timestamp', 'ts'], type: 'time', column: 'ts', description: 'when it happened' },
  { name: 'weight', type: 'number', column: 'weight', description: 'how many rows it stands for, where samples were taken' },
  { name: 'scrubbed', type: 'flag', column: 'scrubbed', description: 'something was taken out at the door' },
]

/** `inResources` makes a condition on the attributes of resources one on their fingerprints, within the reader's scope. */
export function searchFieldsOf(inResources: (condition: string) => string): SearchFields {
  return {
    fields: logFields,
    freeText: [{ column: 'body', isIndexed: true }],
    attributes: 'attributes',
    resources: { column: 'resource', attributes: 'attributes', sqlOf: inResources },
  }
}

/** Stands in SQL for what the counts by minute cannot answer. */
export const notCounted = '__not_counted__'

/** The columns of the counts by minute; everything else becomes `notCounted`, and keeps its type: "time:>=2026-11-22" compares times. */
export const countedFields: SearchFields = {
  fields: logFields.map((field) => ([severity, service, environment].includes(field) ? field : { ...field, column: notCounted })),
  freeText: [{ column: notCounted, isIndexed: false }],
  attributes: notCounted,
  resources: { column: notCounted, attributes: notCounted, sqlOf: () => notCounted },
}

/** The field of that name or alias. */
export function fieldNamed(name: string): SearchField | undefined {
  return logFields.find((field) => field.name === name || field.aliases?.includes(name) === true)
}
