/** Fields of the OTLP trace messages that we read, for JSON (opentelemetry-proto 1.x: collector/trace, trace). */
import { keyValue, message, resource, scope, type Message } from './json-schema.ts'

const event = message([1, 'time_unix_nano', 'fixed64'], [2, 'name', 'string'], [3, 'attributes', () => keyValue, 'repeated'])

const link = message(
  [1, 'trace_id', 'hex'],
  [2, 'span_id', 'hex'],
  [3, 'trace_state', 'string'],
  [4, 'attributes', () => keyValue, 'repeated'],
)

const status = message([2, 'message', 'string'], [3, 'code', 'status_code'])

const span = message(
  [1, 'trace_id', 'hex'],
  [2, 'span_id', 'hex'],
  [3, 'trace_state', 'string'],
  [4, 'parent_span_id', 'hex'],
  [5, 'name', 'string'],
  [6, 'kind', 'span_kind'],
  [7, 'start_time_unix_nano', 'fixed64'],
  [8, 'end_time_unix_nano', 'fixed64'],
  [9, 'attributes', () => keyValue, 'repeated'],
  [11, 'events', () => event, 'repeated'],
  [13, 'links', () => link, 'repeated'],
  [15, 'status', () => status],
)

const scopeSpans = message([1, 'scope', () => scope], [2, 'spans', () => span, 'repeated'])
const resourceSpans = message([1, 'resource', () => resource], [2, 'scope_spans', () => scopeSpans, 'repeated'])

export const exportTraceRequest: Message = message([1, 'resource_spans', () => resourceSpans, 'repeated'])
