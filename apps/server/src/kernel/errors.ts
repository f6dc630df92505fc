/**
 * Operational errors: what can go wrong in a healthy program, each with a stable code.
 * Expected per-item outcomes (a bad sample) are result values, not errors; bugs are plain `Error`s and end the process.
 */

/** What sort of failure it is; decides the HTTP status and whose fault it is. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'limit'
  | 'timeout'
  | 'canceled'
  | 'unavailable'
  | 'internal'

/** One entry of a domain's error table. `code` is a contract: `<domain>.<what>`. */
export interface ErrorSpec {
  readonly code: string
  readonly kind: ErrorKind
  /** Sent to the caller; no secrets, no internals. */
  readonly publicText: string
  /** What the caller can do about it. */
  readonly hint?: string
}

/** HTTP status of each kind (RFC 9110). */
export const httpStatusByKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  limit: 429,
  timeout: 504,
  canceled: 499,
  unavailable: 503,
  internal: 500,
}

/** Facts about one occurrence of an error. */
export interface ErrorFacts {
  /** Replaces the spec's public text when this occurrence can say more. */
  readonly publicText?: string
  readonly hint?: string
  /** Logged, never sent. */
  readonly detail?: string
  readonly cause?: unknown
  /** Seconds after which the caller may try again (`Retry-After`). */
  readonly retryAfterSec?: number
}

/** An operational error. Test `error.code`, not `instanceof`. */
export class AppError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly publicText: string
  readonly hint: string | null
  readonly retryAfterSec: number | null

  constructor(spec: ErrorSpec, facts: ErrorFacts = {}) {
    super(`${spec.code}: ${facts.detail ?? facts.publicText ?? spec.publicText}`, { cause: facts.cause })
    this.name = 'AppError'
    this.code = spec.code
    this.kind = spec.kind
    this.publicText = facts.publicText ?? spec.publicText
    this.hint = facts.hint ?? spec.hint ?? null
    this.retryAfterSec = facts.retryAfterSec ?? null
  }

  get httpStatus(): number {
    return httpStatusByKind[this.kind]
  }
}

/** True for an operational error, optionally of one code. */
export function isAppError(error: unknown, code?: string): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code)
}
