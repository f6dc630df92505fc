/** Fields of the OTLP log messages that we read, for JSON (opentelemetry-proto 1.x: collector/logs, logs). */
import { anyValue, keyValue, message, resource, scope, type Message } from './json-schema.ts'

const logRecord = message(
  [1, 'time_unix_nano', 'fixed64'],
  [11, 'observed_time_unix_nano', 'fixed64'],
  [2, 'severity_number', 'severity'],
  [3, 'severity_text', 'string'],
  [5, 'body', () => anyValue],
  [6, 'attributes', () => keyValue, 'repeated'],
  [9, 'trace_id', 'hex'],
  [10, 'span_id', 'hex'],
  [12, 'event_name', 'string'],
)

const scopeLogs = message([1, 'scope', () => scope], [2, 'log_records', () => logRecord, 'repeated'])
const resourceLogs = message([1, 'resource', () => resource], [2, 'scope_logs', () => scopeLogs, 'repeated'])

export const exportLogsRequest: Message = message([1, 'resource_logs', () => resourceLogs, 'repeated'])
