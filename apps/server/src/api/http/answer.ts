/** Headers that every answer of ours carries, and the one way an error becomes an answer. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { asAppError, badRequest, errorBody, internal, statusOf } from '../errors.ts'

export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/** For answers that are data: nothing in them may run or be shown as a page. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

export function markAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(securityHeaders)
  reply.header('content-security-policy', dataPolicy)
  reply.header('cache-control', 'no-store')
  reply.header('x-request-id', request.id)
}

/** The operational error of what was thrown; a bug is logged here with the request's id and becomes `api.internal`. */
export function failureOf(error: unknown, request: FastifyRequest, logger: Logger): AppError {
  const known = asAppError(error)
  if (known !== null && known.kind !== 'internal') {
    if (known.kind === 'unavailable')
      logger.debug('request refused: unavailable', { requestId: request.id, route: routeOf(request), error: known })
    return known
  }
  logger.error('request failed', { requestId: request.id, method: request.method, route: routeOf(request), err: error })
  return known ?? new AppError(internal, { cause: error })
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown'
}

/** Status and headers of an error; the body is the caller's. */
export function prepareError(error: AppError, reply: FastifyReply): void {
  reply.code(statusOf(error))
  if (error.retryAfterSec !== null) reply.header('retry-after', String(error.retryAfterSec))
  if (error.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="bellwether"')
}

/** For what Fastify refuses before any route is found: an address that does not decode. */
export function sendUnroutable(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  markAnswer(request, reply)
  void sendError(asAppError(error) ?? new AppError(badRequest, { cause: error }), request, reply)
}

export function sendError(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  prepareError(error, reply)
  return reply.type('application/json; charset=utf-8').send(errorBody(error, request.id))
}
