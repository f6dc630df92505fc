/** What can go wrong in metrics, each with a stable code. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const tooManySeries: ErrorSpec = {
  code: 'query.too_many_series',
  kind: 'limit',
  publicText: 'The query touches too many series.',
  hint: 'Add label matchers so that fewer series are selected.',
}

export const tooManySamples: ErrorSpec = {
  code: 'query.too_many_samples',
  kind: 'limit',
  publicText: 'The query would read too many samples.',
  hint: 'Shorten the time range or add label matchers.',
}

export const badPattern: ErrorSpec = {
  code: 'metrics.bad_regexp',
  kind: 'invalid',
  publicText: 'The regular expression is not valid.',
  hint: 'Matchers take RE2 syntax: no look-around, no back-references.',
}

export const foreignSeries: ErrorSpec = {
  code: 'metrics.foreign_series',
  kind: 'internal',
  publicText: 'The request could not be taken.',
  hint: 'Send it again.',
}

export const recordDamaged: ErrorSpec = {
  code: 'metrics.record_damaged',
  kind: 'internal',
  publicText: 'A stored record of metrics cannot be read.',
}
