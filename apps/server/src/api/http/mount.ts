/** Puts a table of routes onto Fastify: who is calling and what they may reach is settled before the body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access, Caller, Gatekeeper } from '../../accounts/index.ts'
import { tokenRefused, unauthenticated } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { methodNotAllowed } from '../errors.ts'
import { bodySizeBytesMax, publicBodySizeBytesMax } from '../limits.ts'
import { failureOf, markAnswer, sendError } from './answer.ts'
import { closeSignal, credentialsOf, peerOf, refuseForeignOrigin } from './request-facts.ts'
import type { AccessRule, CallParts, Route, RouteDescription } from './route-table.ts'

export interface MountDeps {
  readonly gatekeeper: Gatekeeper
  readonly logger: Logger
  /** Scheme, host and port of the public address. */
  readonly publicOrigin: string
  /** Routes on addresses of these that others mount: they are no wrong methods. */
  readonly elsewhere?: readonly RouteDescription[]
}

export interface Standing {
  readonly caller: Caller | null
  readonly access: Access | null
}

function pathParam(request: FastifyRequest, name: string): string {
  const { params } = request
  if (typeof params !== 'object' || params === null) return ''
  const value: unknown = Reflect.get(params, name)
  return typeof value === 'string' ? value : ''
}

/** Settles who calls and what they may reach. Errors: `accounts.*`. */
export async function standingOf(gatekeeper: Gatekeeper, rule: AccessRule, request: FastifyRequest): Promise<Standing> {
  const credentials = credentialsOf(request)
  const caller = await gatekeeper.authenticate(credentials)
  // A sender of a token wants to know about the token, not about signing in.
  if (caller === null && rule.kind !== 'public' && credentials.authorization !== null) throw new AppError(tokenRefused)
  switch (rule.kind) {
    case 'public':
      return { caller, access: null }
    case 'caller':
      if (caller === null) throw new AppError(unauthenticated)
      return { caller, access: null }
    case 'project':
      return { caller, access: await gatekeeper.project(caller, pathParam(request, 'project'), rule.needed) }
    case 'organization':
      return { caller, access: await gatekeeper.organization(caller, pathParam(request, 'organization'), rule.needed) }
    case 'system':
      return { caller, access: await gatekeeper.system(caller, rule.needed) }
  }
}

function partsOf(request: FastifyRequest, reply: FastifyReply, standing: Standing): CallParts {
  return {
    param: (name) => pathParam(request, name),
    access() {
      if (standing.access === null) throw new Error('this route has no access rule for tenant data')
      return standing.access
    },
    caller() {
      if (standing.caller === null) throw new Error('this route is public')
      return standing.caller
    },
    callerOrNull: standing.caller,
    cookie: request.headers.cookie ?? null,
    peer: peerOf(request),
    signal: closeSignal(request, reply.raw),
    setCookies: (lines) => void reply.header('set-cookie', [...lines]),
  }
}

/** Mounts the routes in a scope of their own, so that error shapes and parsers of other protocols stay theirs. */
export async function mountRoutes(app: FastifyInstance, routes: readonly Route[], deps: MountDeps): Promise<void> {
  await app.register(async (scope) => {
    takeOnlyJson(scope)
    scope.addHook('onRequest', async (request, reply) => markAnswer(request, reply))
    scope.setErrorHandler((error, request, reply) => sendError(failureOf(error, request, deps.logger), request, reply))
    for (const route of routes) mountRoute(scope, route, deps)
    refuseOtherMethods(scope, routes, deps.elsewhere)
  })
}

function mountRoute(scope: FastifyInstance, route: Route, deps: MountDeps): void {
  const standings = new WeakMap<FastifyRequest, Standing>()
  scope.route({
    method: route.method,
    url: route.path,
    bodyLimit: route.bodySizeBytesMax ?? (route.access.kind === 'public' ? publicBodySizeBytesMax : bodySizeBytesMax),
    config: { bellwetherAccess: route.access.kind },
    onRequest: async (request) => {
      if (route.method !== 'GET') refuseForeignOrigin(request, deps.publicOrigin)
      standings.set(request, await standingOf(deps.gatekeeper, route.access, request))
    },
    handler: async (request, reply) => {
      const standing = standings.get(request)
      if (standing === undefined) throw new Error('the request was not admitted')
      const answer = await route.run(partsOf(request, reply, standing), request.query, request.body)
      return route.answer === null ? reply.code(204).send() : reply.code(route.status).send(answer)
    },
  })
}

/** An empty body counts as none, whatever its declared type: `DELETE` from many clients has one. */
function takeOnlyJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (typeof body === 'string' && body.trim() === '') done(null, undefined)
    else void parse(request, typeof body === 'string' ? body : body.toString('utf8'), done)
  })
}

const allMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** 405 with `Allow` for the other methods of known addresses. */
export function refuseOtherMethods(
  scope: FastifyInstance,
  routes: readonly { readonly path: string; readonly method: string }[],
  elsewhere: readonly { readonly path: string; readonly method: string }[] = [],
): void {
  const allowed = new Map<string, Set<string>>()
  for (const { path, method } of [...routes, ...elsewhere]) {
    const methods = allowed.get(path) ?? new Set<string>()
    allowed.set(path, methods.add(method))
  }
  for (const [url, methods] of allowed) {
    const others = allMethods.filter((method) => !methods.has(method))
    if (others.length === 0) continue
    const allow = [...methods].sort().join(', ')
    scope.route({
      method: others,
      url,
      bodyLimit: bodySizeBytesMax,
      config: { bellwetherAccess: 'none' },
      // Answered before the body is read.
      onRequest: async (_request, reply) => {
        reply.header('allow', allow)
        throw new AppError(methodNotAllowed, { publicText: `This address takes ${allow}.` })
      },
      handler: async () => undefined,
    })
  }
}
