/** Which fields of a structured line mean more than an attribute, by the names that loggers, agents and conventions give them. */

export const roleAttribute = 1
export const roleBody = 2
export const roleTime = 3
export const roleSeverity = 4
export const roleTraceId = 5
export const roleSpanId = 6
export const roleService = 7
export const roleHost = 8
export const roleEnvironment = 9
export const roleRelease = 10
export const roleScope = 11

/** Names that come earlier count more where a line has several. */
const bodyNames = ['message', 'msg', '@message', '_msg', 'short_message', 'MESSAGE', 'Message', '@m', 'body', 'log', 'event', 'text', '@mt']

const namesOf: Readonly<Record<number, readonly string[]>> = {
  [roleBody]: bodyNames,
  [roleTime]: [
    'time',
    'timestamp',
    '@timestamp',
    'ts',
    'datetime',
    'date',
    '_time',
    'Timestamp',
    'timeMillis',
    'asctime',
    'event_time',
    'eventTime',
    '@t',
    '__REALTIME_TIMESTAMP',
  ],
  [roleSeverity]: [
    'level',
    'severity',
    'lvl',
    'loglevel',
    'log_level',
    'log.level',
    'logLevel',
    'levelname',
    'Level',
    'severity_text',
    'severityText',
    'SeverityText',
    '@level',
    '@l',
    'PRIORITY',
    'detected_level',
  ],
  [roleTraceId]: ['trace_id', 'traceId', 'traceid', 'trace.id', 'TraceId', 'otelTraceID', 'traceID', '@tr'],
  [roleSpanId]: ['span_id', 'spanId', 'spanid', 'span.id', 'SpanId', 'otelSpanID', 'spanID', '@sp'],
  [roleService]: ['service', 'service.name', 'service_name'],
  [roleHost]: ['host', 'hostname', 'host.name', '_HOSTNAME'],
  [roleEnvironment]: ['environment', 'env', 'deployment.environment', 'deployment.environment.name'],
  [roleRelease]: ['release', 'service.version'],
  [roleScope]: ['logger', 'logger_name', 'logger.name', 'log.logger', 'loggerName'],
}

const roles = new Map<string, number>()
for (const [role, names] of Object.entries(namesOf)) for (const name of names) roles.set(name, Number(role))

/** The low four bits of `meaningOf`. */
export const roleMask = 15

/** The role of a name, `roleAttribute` for one without a meaning of its own; of a body, its place among them in the bits above. */
export function meaningOf(name: string): number {
  const role = roles.get(name) ?? roleAttribute
  return role === roleBody ? role | (bodyNames.indexOf(name) << 4) : role
}
