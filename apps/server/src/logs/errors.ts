/** What can go wrong with logs. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const badRange: ErrorSpec = { code: 'logs.bad_range', kind: 'invalid', publicText: 'The time range is not valid.' }
export const badCursor: ErrorSpec = { code: 'logs.bad_cursor', kind: 'invalid', publicText: 'The cursor is not one of this list.' }
export const badMeasure: ErrorSpec = { code: 'logs.bad_measure', kind: 'invalid', publicText: 'The measure needs a field.' }
export const logNotFound: ErrorSpec = {
  code: 'logs.not_found',
  kind: 'not_found',
  publicText: 'There is no such row.',
  hint: 'It may be older than logs are kept.',
}
export const tooManyTails: ErrorSpec = {
  code: 'logs.too_many_tails',
  kind: 'limit',
  publicText: 'Too many live tails are open.',
  hint: 'Close one and try again.',
}
export const logRetentionUnavailable: ErrorSpec = {
  code: 'logs.retention_unavailable',
  kind: 'unavailable',
  publicText: 'How long logs are kept cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}
