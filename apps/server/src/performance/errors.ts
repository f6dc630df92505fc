/** What can go wrong with performance. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const performanceUnavailable: ErrorSpec = {
  code: 'performance.unavailable',
  kind: 'unavailable',
  publicText: 'Findings and deploys cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}
export const findingNotFound: ErrorSpec = {
  code: 'performance.finding_not_found',
  kind: 'not_found',
  publicText: 'This project has no such finding.',
}
export const badRange: ErrorSpec = {
  code: 'performance.bad_range',
  kind: 'invalid',
  publicText: 'The time range is not valid.',
  hint: 'A time is RFC 3339 with a zone (2026-01-31T12:00:00Z), or relative: now, now-1h, now-7d; it ends after it begins.',
}
export const badCursor: ErrorSpec = {
  code: 'performance.bad_cursor',
  kind: 'invalid',
  publicText: 'This is no cursor of the findings.',
  hint: 'Give back what `next` of the page before said.',
}
