/**
 * What the HTTP ingest routes share: raw bodies within a limit (only on these routes), the key in its places, the sender's address,
 * `Retry-After`. Each protocol brings its own shape of errors.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Admitted } from '../ingest/index.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import { bodyEncodingUnsupported, bodyMalformed, bodyTooLarge, bodyTypeUnsupported, protocolsInternal } from './errors.ts'
import type { MetricsDoor } from './metrics-door.ts'

/** Seconds in `Retry-After` when the error does not say. */
const retryAfterSecDefault = 5

const noBody = new Uint8Array(0)

/** Answers an error in the protocol's shape; status and common headers are set already. */
export type SendError = (request: FastifyRequest, reply: FastifyReply, error: AppError, status: number) => unknown

/** A scope of `app` with raw bodies and `sendError`; `register` adds the routes. Content types are the routes' business. */
export async function ingestRoutes(
  app: FastifyInstance,
  door: MetricsDoor,
  sendError: SendError,
  register: (scope: FastifyInstance) => void,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: door.limits.compressedBytesMax }, (_request, body, parsed) =>
      parsed(null, body),
    )
    scope.addHook('onRequest', (request, reply, next) => {
      reply.header('x-request-id', request.id)
      next()
    })
    scope.setErrorHandler((error: FastifyError | AppError, request, reply) => {
      const known = asAppError(error)
      if (known.kind === 'internal') door.logger.error('an ingest request failed', { error, url: request.url, requestId: request.id })
      const status = statusOf(known)
      reply.code(status)
      if (status === 429 || status === 503) reply.header('retry-after', String(known.retryAfterSec ?? retryAfterSecDefault))
      if (status === 401) reply.header('www-authenticate', 'Bearer')
      return sendError(request, reply, known, status)
    })
    register(scope)
    done()
  })
}

/** Admission before anything is decompressed. Errors: those of `Admission`. */
export function admitRequest(door: MetricsDoor, request: FastifyRequest): Admitted {
  return door.admit({
    kind: 'metrics',
    key: ingestKey(request),
    remoteAddress: remoteAddress(request),
    sizeBytes: bodyOf(request).byteLength,
  })
}

/** The body as received; empty when there is none. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : noBody
}

/** The first value of a header. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The key in `X-Bellwether-Key`, as Bearer token, or as Basic user name (or password when the name is empty). */
function ingestKey(request: FastifyRequest): string | null {
  return headerOf(request, 'x-bellwether-key')?.trim() ?? authorizationKey(headerOf(request, 'authorization'))
}

/** The key of an `Authorization` header, null when there is none in it. */
export function authorizationKey(header: string | undefined): string | null {
  const match = /^(bearer|basic)\s+(\S+)\s*$/i.exec(header ?? '')
  const [, scheme, text] = match ?? []
  if (scheme === undefined || text === undefined) return null
  if (scheme.toLowerCase() === 'bearer') return text
  const [user = '', password = ''] = Buffer.from(text, 'base64').toString('utf8').split(':', 2)
  return user === '' ? password : user
}

/**
 * The peer's address. A request that a proxy on this machine passes on is not from this machine: then it is the address the
 * proxy saw, so that anonymous ingest does not open to the world.
 */
function remoteAddress(request: FastifyRequest): string {
  const forwarded = headerOf(request, 'x-forwarded-for')
  if (forwarded !== undefined) return forwarded.split(',').at(-1)?.trim() ?? ''
  return headerOf(request, 'forwarded') === undefined ? (request.socket.remoteAddress ?? '') : 'forwarded'
}

function statusOf(error: AppError): number {
  return error.code === bodyTypeUnsupported.code || error.code === bodyEncodingUnsupported.code ? 415 : error.httpStatus
}

/** Fastify's own errors about bodies in our words; anything else is a bug of ours. */
function asAppError(error: FastifyError | AppError): AppError {
  if (isAppError(error)) return error
  const status = error.statusCode ?? 500
  if (status === 413) return new AppError(bodyTooLarge, { cause: error })
  if (status === 415) return new AppError(bodyTypeUnsupported, { cause: error })
  if (status >= 400 && status < 500) return new AppError(bodyMalformed, { cause: error })
  return new AppError(protocolsInternal, { cause: error })
}
