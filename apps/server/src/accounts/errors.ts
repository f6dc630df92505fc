/** What can go wrong around accounts. "Not found" also covers what exists and is not the caller's, so that nothing can be probed. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

export const unauthenticated: ErrorSpec = {
  code: 'accounts.unauthenticated',
  kind: 'unauthenticated',
  publicText: 'Nobody is signed in.',
  hint: 'Sign in, or send "Authorization: Bearer <API token>".',
}
export const tokenRefused: ErrorSpec = {
  code: 'accounts.token_refused',
  kind: 'unauthenticated',
  publicText: 'This API token is unknown, has expired or was revoked.',
  hint: 'Make one under Settings, API tokens, and send it as "Authorization: Bearer <token>". An ingest key only sends data.',
}
export const notFound: ErrorSpec = {
  code: 'accounts.not_found',
  kind: 'not_found',
  publicText: 'There is no such thing here, or it is not yours to see.',
}
export const forbidden: ErrorSpec = {
  code: 'accounts.forbidden',
  kind: 'forbidden',
  publicText: 'You may not do this.',
  hint: 'An owner or administrator of the organization can give you the right.',
}
export const unavailable: ErrorSpec = {
  code: 'accounts.unavailable',
  kind: 'unavailable',
  publicText: 'Accounts cannot be read right now: the relational database does not answer.',
  hint: 'Try again in a few seconds; GET /health/ready says when it is back.',
}
export const conflict: ErrorSpec = { code: 'accounts.conflict', kind: 'conflict', publicText: 'That exists already.' }
export const lastOwner: ErrorSpec = {
  code: 'accounts.last_owner',
  kind: 'conflict',
  publicText: 'An organization keeps at least one owner.',
  hint: 'Make someone else an owner first.',
}
export const unknownReference: ErrorSpec = {
  code: 'accounts.unknown_reference',
  kind: 'invalid',
  publicText: 'The request names a team, project or member that this organization does not have.',
}
export const limitReached: ErrorSpec = { code: 'accounts.limit_reached', kind: 'limit', publicText: 'There are too many of these already.' }
export const wrongPassword: ErrorSpec = {
  code: 'accounts.wrong_password',
  kind: 'unauthenticated',
  publicText: 'E-mail address or password is wrong.',
}
export const tooManyAttempts: ErrorSpec = {
  code: 'accounts.too_many_attempts',
  kind: 'limit',
  publicText: 'Too many attempts to sign in.',
  hint: 'Wait for the time in Retry-After, then try again.',
}
export const linkNotYours: ErrorSpec = {
  code: 'accounts.link_not_yours',
  kind: 'forbidden',
  publicText: 'This person belongs to another organization too, so no single one may open their account.',
  hint: 'Who runs the program can help them.',
}
export const linkInvalid: ErrorSpec = {
  code: 'accounts.link_invalid',
  kind: 'unauthenticated',
  publicText: 'This sign-in link was used already, has expired or is not complete.',
  hint: 'Sign in with your password, or ask an administrator for a new link.',
}
export const passwordRefused: ErrorSpec = {
  code: 'accounts.password_refused',
  kind: 'invalid',
  publicText: 'The password was not changed: the current one is wrong or missing.',
}
export const crossOrigin: ErrorSpec = {
  code: 'accounts.cross_origin',
  kind: 'forbidden',
  publicText: 'This change came from a page of another site.',
  hint: 'Open Bellwether at its own address; behind a proxy, set BELLWETHER_PUBLIC_URL to it.',
}

export const badText: ErrorSpec = {
  code: 'accounts.bad_text',
  kind: 'invalid',
  publicText: 'A text holds the character U+0000, which cannot be kept.',
}

/** SQLSTATE classes in which the server cannot serve now: 08 connection, 53 resources, 57P shutdown or start, 58 its disk or files. */
const unavailableState = /^(?:08|53|57P|58)/
const unavailableSyscall = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])
const unavailableText =
  /Connection terminated|timeout exceeded when trying to connect|pool after calling end|not queryable|client was closed/i
const uniqueViolation = '23505'
/** character_not_in_repertoire: PostgreSQL keeps every character but NUL. */
const notInRepertoire = '22021'

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Turns a driver's failure into an operational error; a bug stays what it is. */
export function translateDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error
  const code = codeOf(error)
  if (code === uniqueViolation) return new AppError(conflict, { cause: error, detail: error.message })
  if (code === notInRepertoire) return new AppError(badText, { cause: error })
  if (unavailableState.test(code) || unavailableSyscall.has(code) || unavailableText.test(error.message)) {
    return new AppError(unavailable, { cause: error, detail: error.message, retryAfterSec: 2 })
  }
  return error
}
