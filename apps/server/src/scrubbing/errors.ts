/** What can go wrong with scrubbing. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const badPolicy: ErrorSpec = { code: 'scrubbing.bad_policy', kind: 'invalid', publicText: 'The rules of scrubbing are not valid.' }

export const scrubbingUnavailable: ErrorSpec = {
  code: 'scrubbing.unavailable',
  kind: 'unavailable',
  publicText: 'Scrubbing cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}
