/** What can go wrong in the indexer. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const indexerUnavailable: ErrorSpec = {
  code: 'indexer.unavailable',
  kind: 'unavailable',
  publicText: 'The database of strings does not answer.',
}
