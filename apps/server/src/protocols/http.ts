/**
 * What the HTTP ingest routes share: raw bodies within a limit (only on these routes), the key in its places, the sender's address,
 * `Retry-After`. Each protocol brings its own shape of errors.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admitted, type Kind, senderAddress } from '../ingest/index.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import { onceOver } from '../kernel/request-over.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { ByteLease } from './body/byte-budget.ts'
import { receiveBody } from './body/receive.ts'
import { bodyEncodingUnsupported, bodyMalformed, bodyTooLarge, bodyTypeUnsupported, protocolsInternal } from './errors.ts'
import type { MetricsDoor } from './metrics-door.ts'

/** Seconds in `Retry-After` when the error does not say. */
const retryAfterSecDefault = 5

const noBody = new Uint8Array(0)

/** Who may use an ingest route, where the program's start and its tests read it. */
export const ingestAccess = { config: { bellwetherAccess: 'ingest' } } as const

/** Answers an error in the protocol's shape; status and common headers are set already. */
export type SendError = (request: FastifyRequest, reply: FastifyReply, error: AppError, status: number) => unknown

/** What of a door the routes stand on. */
export type RouteDoor = Pick<MetricsDoor, 'limits' | 'intake' | 'logger' | 'admit' | 'noteRefusal'>

/** What a protocol brings to the routes. */
export interface IngestProtocol {
  /** What its bodies hold; metrics when it does not say. */
  readonly kind?: Kind
  /** As screens and counters name it. */
  readonly name: string
  readonly sendError: SendError
  /** The key, where the protocol has places of its own for it. */
  readonly keyOf?: (request: FastifyRequest) => string | null
  /** Adds the routes. Content types are their business. */
  readonly register: (scope: FastifyInstance) => void
}

/**
 * A scope of `app` with raw bodies and the protocol's errors. Who sends is settled from the headers, and whether there is room for it:
 * a sender without a right to it does not get to fill the memory with a body, and one too many is told before it has sent one.
 */
export async function ingestRoutes(app: FastifyInstance, door: RouteDoor, protocol: IngestProtocol): Promise<void> {
  app.server.on('connection', () => door.intake.connected())
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
      openRequest({ door, kind: protocol.kind ?? 'metrics', keyOf: protocol.keyOf ?? ingestKey }, request, reply)
    })
    scope.addContentTypeParser('*', async (request: FastifyRequest, body: IncomingMessage) => {
      return await receiveBody(body, door.limits.compressedBytesMax, arrivalOf(request).lease)
    })
    scope.setErrorHandler((error: FastifyError | AppError, request, reply) => {
      const known = asAppError(error)
      if (known.kind === 'internal')
        door.logger.error('an ingest request failed', { error, url: request.url.split('?', 1)[0], requestId: request.id })
      door.noteRefusal(protocol.name, tenants.get(request) ?? null, known)
      const status = statusOf(known)
      reply.code(status)
      if (status === 429 || status === 503) reply.header('retry-after', String(known.retryAfterSec ?? retryAfterSecDefault))
      if (status === 401) reply.header('www-authenticate', 'Bearer')
      return protocol.sendError(request, reply, known, status)
    })
    protocol.register(scope)
    done()
  })
}

/** A request that was let in. */
interface Arrival {
  readonly admitted: Admitted
  readonly kind: Kind
  readonly key: string | null
  readonly lease: ByteLease
  /** A handler has taken it over: it is at work with the body, whether the sender is there or not, and gives the lease back. */
  isHandled: boolean
}

const arrivals = new WeakMap<FastifyRequest, Arrival>()
/** Whose request it is, also when there was no room for it. */
const tenants = new WeakMap<FastifyRequest, Tenant>()

/** Whose request it is by another proof than an ingest key. */
const proven = new WeakMap<FastifyRequest, Tenant>()

/** For routes that take API tokens too; to be called before the request is let in. */
export function proveTenant(request: FastifyRequest, tenant: Tenant): void {
  proven.set(request, tenant)
}

interface Opening {
  readonly door: RouteDoor
  readonly kind: Kind
  readonly keyOf: (request: FastifyRequest) => string | null
}

/** Errors: those of `Admission`, and `protocols.busy`. */
function openRequest({ door, kind, keyOf }: Opening, request: FastifyRequest, reply: FastifyReply): void {
  const sizeBytes = declaredBytes(request) ?? 0
  const key = keyOf(request)
  const admitted = admit(door, request, { kind, key, sizeBytes })
  tenants.set(request, admitted.tenant)
  const isDecompressedElsewhere = /gzip|deflate/i.test(headerOf(request, 'content-encoding') ?? '')
  const lease = door.intake.open(admitted.tenant, { sizeBytes, isDecompressedElsewhere })
  const arrival: Arrival = { admitted, kind, key, lease, isHandled: false }
  arrivals.set(request, arrival)
  onceOver(request.raw, reply.raw, () => {
    if (!arrival.isHandled) lease[Symbol.dispose]()
  })
}

function arrivalOf(request: FastifyRequest): Arrival {
  const arrival = arrivals.get(request)
  if (arrival === undefined) throw new Error('the request was not admitted')
  return arrival
}

/** A request in the hands of its handler, which disposes of it when nothing is done with the body any more. */
export interface HandledRequest extends Admitted, Disposable {
  readonly lease: ByteLease
}

/**
 * Whose data it is, which way it goes, and the lease that holds it. A body whose length the headers did not say is admitted again.
 * Errors: those of `Admission`.
 */
export function admitRequest(door: RouteDoor, request: FastifyRequest): HandledRequest {
  const arrival = arrivalOf(request)
  const { admitted, kind, key, lease } = arrival
  const { tenant, lane } =
    declaredBytes(request) === null ? admit(door, request, { kind, key, sizeBytes: bodyOf(request).byteLength }) : admitted
  arrival.isHandled = true
  return { tenant, lane, lease, [Symbol.dispose]: () => lease[Symbol.dispose]() }
}

function admit(
  door: RouteDoor,
  request: FastifyRequest,
  { kind, key, sizeBytes }: { kind: Kind; key: string | null; sizeBytes: number },
): Admitted {
  const remoteAddress = senderAddress(request.socket.remoteAddress ?? '', (name) => headerOf(request, name))
  const tenant = proven.get(request)
  return door.admit({ kind, key, remoteAddress, sizeBytes, ...(tenant === undefined ? {} : { tenant }) })
}

/** `Content-Length`, which the body cannot exceed; null when the body comes in chunks. */
function declaredBytes(request: FastifyRequest): number | null {
  const length = headerOf(request, 'content-length')
  return length === undefined ? null : Number(length)
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
export function ingestKey(request: FastifyRequest): string | null {
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
