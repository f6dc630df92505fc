/** What can go wrong with retention and deletions. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const retentionUnavailable: ErrorSpec = {
  code: 'retention.unavailable',
  kind: 'unavailable',
  publicText: 'Retention cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}

export const badPolicy: ErrorSpec = {
  code: 'retention.bad_policy',
  kind: 'invalid',
  publicText: 'The retention is not valid.',
}

export const nothingToDelete: ErrorSpec = {
  code: 'retention.nothing_to_delete',
  kind: 'not_found',
  publicText: 'No series matches.',
}
