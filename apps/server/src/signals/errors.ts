/** What can go wrong with signals. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const recordDamaged: ErrorSpec = {
  code: 'signals.record_damaged',
  kind: 'internal',
  publicText: 'A record of the ingest log cannot be read.',
}
