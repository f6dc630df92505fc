/** What can go wrong at the door and in the log. Codes are a contract; see kernel/errors.ts for what a kind means. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const keyMissing: ErrorSpec = {
  code: 'ingest.key_missing',
  kind: 'unauthenticated',
  publicText: 'This request carries no ingest key.',
  hint: 'Send the project\'s key as "Authorization: Bearer <key>" or "X-Bellwether-Key: <key>". Data without a key is taken from this machine only.',
}

export const keyUnknown: ErrorSpec = {
  code: 'ingest.key_unknown',
  kind: 'unauthenticated',
  publicText: 'This ingest key is unknown or was revoked.',
  hint: 'Copy the key from the project settings.',
}

export const rateLimited: ErrorSpec = {
  code: 'ingest.rate_limited',
  kind: 'limit',
  publicText: 'This project sends faster than its limit allows.',
  hint: 'Send again after the time in Retry-After.',
}

export const bodyTooLarge: ErrorSpec = {
  code: 'ingest.body_too_large',
  kind: 'too_large',
  publicText: 'The request body is larger than this server takes.',
  hint: 'Send smaller batches.',
}

export const recordTooLarge: ErrorSpec = {
  code: 'ingest.record_too_large',
  kind: 'too_large',
  publicText: 'The request is larger than one log record may be.',
  hint: 'Send smaller batches.',
}

export const logFull: ErrorSpec = {
  code: 'ingest.log_full',
  kind: 'limit',
  publicText: 'The ingest log is full; nothing of this request was kept.',
  hint: 'Send again after the time in Retry-After. If it lasts, the engine does not keep up or the disk is nearly full.',
}

export const logUnavailable: ErrorSpec = {
  code: 'ingest.log_unavailable',
  kind: 'unavailable',
  publicText: 'The ingest log cannot be written; nothing of this request was kept.',
  hint: 'Send again later. The disk may be full, read-only or broken; the log of the server says which.',
}

export const stopping: ErrorSpec = {
  code: 'ingest.stopping',
  kind: 'unavailable',
  publicText: 'The server is shutting down.',
  hint: 'Send again in a few seconds.',
}

export const deadLetterNotFound: ErrorSpec = {
  code: 'ingest.dead_letter_not_found',
  kind: 'not_found',
  publicText: 'No such dead letter.',
}

/** Every error of this domain, for the table in the documentation and the test that codes are unique. */
export const ingestErrors: readonly ErrorSpec[] = [
  keyMissing,
  keyUnknown,
  rateLimited,
  bodyTooLarge,
  recordTooLarge,
  logFull,
  logUnavailable,
  stopping,
  deadLetterNotFound,
]
