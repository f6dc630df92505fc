/**
 * Where Sentry's clients send: `POST /api/<project>/envelope/`, `/store/` (one event), `/security/` (reports of browsers). Any origin may; the
 * key is in Sentry's own places or in ours. Answers have the shapes those clients expect.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { ResolveChain, WantedMaps } from '../../problems/index.ts'
import { bodyMalformed, bodyTooLarge } from '../errors.ts'
import type { EventDoor } from '../event-door.ts'
import type { Steps } from '../../kernel/steps.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestKey, ingestRoutes, type HandledRequest } from '../http.ts'
import { parseDsn, readSentryAuth } from './auth.ts'
import { dsnOfBody } from './dsn-of-body.ts'
import { decodeEnvelope, decodeSecurityReports, decodeStoreEvent, type SentryOutcome } from './decode.ts'
import { EnvelopeError } from './envelope.ts'
import { sentryWrongProject } from './errors.ts'
import { sentryLimits } from './limits.ts'
import { PlainBody } from './plain-body.ts'
import { wantedMaps } from './wanted-maps.ts'
import type { Discarded, SentryRules, SentrySession, SessionObservation } from './session.ts'

const protocolName = 'sentry'

/** What is beside rows. */
export interface SentryAside {
  /** Resolves once they are durable. */
  observe(tenant: Tenant, observations: readonly SessionObservation[]): Promise<void>
  /** A client threw events away before it sent them. */
  discarded(tenant: Tenant, discarded: readonly Discarded[]): Promise<void>
  /** Stays the same for the same person, and says nothing about who it is. */
  pseudonymOf(person: string): string
  /** `wanted` is asked only where the project has source maps. Never rejects. */
  resolverOf(tenant: Tenant, wanted: () => WantedMaps | null): Promise<ResolveChain>
}

type Decode = (plain: Uint8Array, session: SentrySession, request: FastifyRequest, rules: SentryRules) => Steps<SentryOutcome>

/** Adds the routes, and what browsers ask before they use them. */
export async function registerSentryRoutes(app: FastifyInstance, door: EventDoor, aside: SentryAside): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      allowPages(reply)
      await findTunnelKey(request)
    })
    await ingestRoutes(scope, door.front, {
      name: protocolName,
      kind: 'logs',
      keyOf,
      sendError: sendFailure,
      register: (inner) => {
        const take = (decode: Decode, status: number) => async (request: FastifyRequest, reply: FastifyReply) => {
          using handled = admitRequest(door.front, request)
          const outcome = await taken({ door, aside }, { handled, request, decode })
          if (status === 201) return await reply.code(201).send()
          return await reply.send(outcome.eventId === null ? {} : { id: outcome.eventId })
        }
        for (const end of ['', '/']) {
          inner.post(
            `/api/:project/envelope${end}`,
            ingestAccess,
            take((plain, session, _request, rules) => decodeEnvelope(plain, session, rules), 200),
          )
          inner.post(
            `/api/:project/store${end}`,
            ingestAccess,
            take((plain, session, _request, rules) => inOneStep(() => decodeStoreEvent(plain, session, rules)), 200),
          )
          inner.post(
            `/api/:project/security${end}`,
            ingestAccess,
            take((plain, session, request) => inOneStep(() => readReports(plain, session, request)), 201),
          )
        }
      },
    })
    for (const end of ['', '/'])
      for (const name of ['envelope', 'store', 'security'])
        scope.options(`/api/:project/${name}${end}`, { config: { bellwetherAccess: 'public' } }, async (_request, reply) =>
          preflight(reply),
        )
  })
}

interface Parts {
  readonly door: EventDoor
  readonly aside: SentryAside
}

interface Arrived {
  readonly handled: HandledRequest
  readonly request: FastifyRequest
  readonly decode: Decode
}

async function taken({ door, aside }: Parts, { handled, request, decode }: Arrived): Promise<SentryOutcome> {
  const { tenant, lease } = handled
  if (projectOf(request) !== String(tenant.projectId)) throw new AppError(sentryWrongProject)
  const bytes = bodyOf(request)
  using plain = await PlainBody.open(door.front.intake, handled, {
    bytes,
    encoding: headerOf(request, 'content-encoding'),
    mayBeBase64: /\/store\/?$/.test(pathOf(request)),
    bytesMax: plainBytesMax(request, door),
  })
  const resolve = await aside.resolverOf(tenant, () => wantedMaps(plain.bytes))
  let outcome: SentryOutcome = { eventId: null, sessions: [], discarded: [] }
  let failure: EnvelopeError | null = null
  await door.record({ tenant, bytes, lease, protocolName }, function* (session) {
    try {
      outcome = yield* decode(plain.bytes, session, request, {
        pseudonymOf: (person) => aside.pseudonymOf(person),
        resolve,
        isOwnDsn: (dsn) => isDsnOf(request, dsn),
      })
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error
      failure = error
      // How much was in it nobody knows.
      session.logs.refuse(error.reason, error.message)
    } finally {
      plain[Symbol.dispose]()
    }
  })
  if (failure !== null) throw asAppError(failure)
  if (outcome.sessions.length > 0) await aside.observe(tenant, outcome.sessions)
  if (outcome.discarded.length > 0) await aside.discarded(tenant, outcome.discarded)
  return outcome
}

// oxlint-disable-next-line require-yield -- a piece of work as the others, without a pause
function* inOneStep<Result>(work: () => Result): Steps<Result> {
  return work()
}

function asAppError(error: EnvelopeError): AppError {
  return new AppError(error.reason === 'malformed' ? bodyMalformed : bodyTooLarge, {
    publicText: `invalid event envelope: ${error.message}`,
    cause: error,
  })
}

function isDsnOf(request: FastifyRequest, dsn: string): boolean {
  const named = parseDsn(dsn)
  const key = keyOf(request)
  return named === null || key === null || (named.key === key && named.project === projectOf(request))
}

function readReports(plain: Uint8Array, session: SentrySession, request: FastifyRequest): SentryOutcome {
  const query = new URLSearchParams(queryOf(request))
  return decodeSecurityReports(plain, session, {
    environment: query.get('sentry_environment') ?? '',
    release: query.get('sentry_release') ?? '',
    userAgent: headerOf(request, 'user-agent') ?? '',
  })
}

/** Of an event or a report that comes alone no more is decompressed than is read. */
function plainBytesMax(request: FastifyRequest, door: EventDoor): number {
  const path = pathOf(request)
  const { decompressedBytesMax } = door.front.limits
  if (/\/store\/?$/.test(path)) return Math.min(decompressedBytesMax, sentryLimits.eventBytesMax)
  return /\/security\/?$/.test(path) ? Math.min(decompressedBytesMax, sentryLimits.smallBytesMax) : decompressedBytesMax
}

/** Of envelopes that were passed on without a key: that of the DSN in their first line. */
const tunnelKeys = new WeakMap<FastifyRequest, string>()

/** Errors: those of `readSentryAuth`, and `body.malformed`. */
async function findTunnelKey(request: FastifyRequest): Promise<void> {
  const hasBody = headerOf(request, 'transfer-encoding') !== undefined || Number(headerOf(request, 'content-length') ?? 0) > 0
  if (request.method !== 'POST' || !hasBody || !/\/envelope\/?$/.test(pathOf(request)) || keyOf(request) !== null) return
  const dsn = await dsnOfBody(request.raw, headerOf(request, 'content-encoding'))
  const named = dsn === null ? null : parseDsn(dsn)
  if (named !== null) tunnelKeys.set(request, named.key)
}

/** Errors: those of `readSentryAuth`. */
function keyOf(request: FastifyRequest): string | null {
  const credentials = readSentryAuth({
    sentryAuth: headerOf(request, 'x-sentry-auth'),
    authorization: headerOf(request, 'authorization'),
    query: queryOf(request),
  })
  return credentials?.key ?? ingestKey(request) ?? tunnelKeys.get(request) ?? null
}

function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at + 1)
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? ''
}

function projectOf({ params }: FastifyRequest): string {
  if (typeof params !== 'object' || params === null) return ''
  const value: unknown = Reflect.get(params, 'project')
  return typeof value === 'string' ? value : ''
}

function allowPages(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*')
  reply.header('access-control-expose-headers', 'x-sentry-error, x-sentry-rate-limits, retry-after')
  reply.header('cross-origin-resource-policy', 'cross-origin')
}

const allowedHeaders =
  'x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication, authorization, content-encoding, transfer-encoding'

function preflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-methods', 'POST')
    .header('access-control-allow-headers', allowedHeaders)
    .header('access-control-max-age', '3600')
    .code(204)
    .send()
}

/** `{"detail", "causes"}`. A limit of ours holds for all that a project sends: no categories are named. */
// oxlint-disable-next-line max-params -- `SendError`'s signature
function sendFailure(_request: FastifyRequest, reply: FastifyReply, error: AppError, status: number): FastifyReply {
  const detail = error.publicText
  reply.header('x-sentry-error', detail.replace(/[^\x20-\x7e]/g, '?').slice(0, 300))
  if (status === 429) {
    const sec = Math.max(1, Math.ceil(error.retryAfterSec ?? 60))
    reply.header('x-sentry-rate-limits', `${sec}::project:${error.code.slice(error.code.indexOf('.') + 1)}`)
  }
  return reply.send({ detail, causes: error.hint === null ? [] : [error.hint] })
}
