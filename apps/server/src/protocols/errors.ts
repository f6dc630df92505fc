/** What can be wrong with a whole request. What is wrong with one point is a refusal by reason, not an error (see refusal.ts). */
import type { ErrorSpec } from '../kernel/errors.ts'
import { importErrors } from './import/errors.ts'
import { sentryErrors } from './sentry/errors.ts'

export const bodyTooLarge: ErrorSpec = {
  code: 'body.too_large',
  kind: 'too_large',
  publicText: 'The request body is too large.',
  hint: 'Send smaller batches.',
}

export const bodyTooManySamples: ErrorSpec = {
  code: 'body.too_many_samples',
  kind: 'too_large',
  publicText: 'The request has too many samples.',
  hint: 'Send smaller batches.',
}

export const bodyTooManyRows: ErrorSpec = {
  code: 'body.too_many_rows',
  kind: 'too_large',
  publicText: 'The request has too many log records.',
  hint: 'Send smaller batches.',
}

/** Answered with 415 (its kind alone would be 400). */
export const bodyEncodingUnsupported: ErrorSpec = {
  code: 'body.encoding_unsupported',
  kind: 'invalid',
  publicText: 'This content encoding is not supported.',
}

/** Answered with 415 (its kind alone would be 400). */
export const bodyTypeUnsupported: ErrorSpec = {
  code: 'body.type_unsupported',
  kind: 'invalid',
  publicText: 'This content type is not supported.',
}

export const bodyMalformed: ErrorSpec = {
  code: 'body.malformed',
  kind: 'invalid',
  publicText: 'The request body cannot be read.',
}

export const bodyTooSlow: ErrorSpec = {
  code: 'body.too_slow',
  kind: 'unavailable',
  publicText: 'The request body came too slowly while others waited for the memory it held.',
  hint: 'Send again after the time in Retry-After.',
}

export const bodyTimedOut: ErrorSpec = {
  code: 'body.timed_out',
  kind: 'timeout',
  publicText: 'The message did not come in time.',
}

export const protocolsBusy: ErrorSpec = {
  code: 'protocols.busy',
  kind: 'unavailable',
  publicText: 'Too much is being taken in at the same time.',
  hint: 'Send again after the time in Retry-After.',
}

export const cannotListen: ErrorSpec = { code: 'protocols.cannot_listen', kind: 'unavailable', publicText: 'Cannot listen.' }

export const protocolsInternal: ErrorSpec = {
  code: 'protocols.internal',
  kind: 'internal',
  publicText: 'Something went wrong here; the request was not stored.',
}

/** For the check that codes are unique and documented. */
export const protocolErrors: readonly ErrorSpec[] = [
  bodyTooLarge,
  bodyTooManySamples,
  bodyTooManyRows,
  bodyEncodingUnsupported,
  bodyTypeUnsupported,
  bodyMalformed,
  bodyTooSlow,
  bodyTimedOut,
  protocolsBusy,
  cannotListen,
  protocolsInternal,
  ...importErrors,
  ...sentryErrors,
]
