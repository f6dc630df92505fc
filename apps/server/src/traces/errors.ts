/** What can go wrong with traces. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const badRange: ErrorSpec = { code: 'traces.bad_range', kind: 'invalid', publicText: 'The time range is not valid.' }
export const badCursor: ErrorSpec = { code: 'traces.bad_cursor', kind: 'invalid', publicText: 'The cursor is not one of this list.' }
export const badId: ErrorSpec = {
  code: 'traces.bad_id',
  kind: 'invalid',
  publicText: 'A trace id is 32 hexadecimal digits, a span id 16.',
}
export const traceNotFound: ErrorSpec = {
  code: 'traces.not_found',
  kind: 'not_found',
  publicText: 'There is no such trace.',
  hint: 'It may be older than traces are kept, or its spans have not arrived yet.',
}
export const spanNotFound: ErrorSpec = { code: 'traces.span_not_found', kind: 'not_found', publicText: 'There is no such span.' }
export const traceRetentionUnavailable: ErrorSpec = {
  code: 'traces.retention_unavailable',
  kind: 'unavailable',
  publicText: 'How long traces are kept cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}
