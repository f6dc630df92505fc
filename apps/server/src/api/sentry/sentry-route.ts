/**
 * Routes as Sentry's own tools call them, with a token of ours: what they may reach is settled before a body is read, and errors are
 * `{"detail": …}`, which is what those tools show. No cookies: a page of another site can do nothing here.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { tokenRefused, unauthenticated, type Access, type Caller, type Gatekeeper, type Permission } from '../../accounts/index.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import { badJson, badRequest } from '../errors.ts'
import { failureOf, markAnswer, prepareError } from '../http/answer.ts'
import { refuseOtherMethods } from '../http/mount.ts'
import type { Method, RouteDescription } from '../http/route-table.ts'
import { bodySizeBytesMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'

export interface SentryCall<Body> {
  readonly caller: Caller
  /** Projects that the path names, or all in which the caller has the right; one access each, at least one where the rule is of projects. */
  readonly accesses: readonly Access[]
  readonly body: Body
  param(name: string): string
  /** Projects that the body names, by slugs or ids. Errors: `accounts.*`. */
  named(projects: readonly string[]): Promise<Access[]>
}

interface SentryRouteSpec<Body, Answer> {
  readonly method: Method
  /** Ends in a slash, as all of Sentry's. */
  readonly path: string
  readonly summary: string
  readonly needed: Permission | 'caller'
  /** Null: none. */
  readonly body: z.ZodType<Body> | null
  readonly answer: z.ZodType<Answer> | null
  readonly status?: number
  readonly bodySizeBytesMax?: number
  run(call: SentryCall<Body>): Promise<Answer>
}

export interface SentryRoute extends RouteDescription {
  readonly needed: Permission | 'caller'
  run(call: SentryCall<unknown>): Promise<unknown>
}

const tag = "Sentry's tools"
const issuesShownMax = 3

/** Makes a mountable route of a typed one. */
export function defineSentryRoute<Body, Answer>(spec: SentryRouteSpec<Body, Answer>): SentryRoute {
  const { method, path, summary, needed, body, answer } = spec
  const kind = path.includes('/:project/') ? 'project' : 'organization'
  return {
    method,
    path,
    summary,
    tag,
    needed,
    access: needed === 'caller' ? { kind: 'caller' } : { kind, needed },
    query: null,
    body,
    answer,
    status: spec.status ?? (answer === null ? 204 : 200),
    bodySizeBytesMax: spec.bodySizeBytesMax ?? bodySizeBytesMax,
    run: (call) => spec.run({ ...call, body: parsed(body, call.body) }),
  }
}

/** Errors by code: `api.bad_request`. */
function parsed<Body>(schema: z.ZodType<Body> | null, value: unknown): Body {
  const outcome = (schema ?? z.custom<Body>(() => true)).safeParse(value ?? {})
  if (outcome.success) return outcome.data
  const shown = outcome.error.issues.slice(0, issuesShownMax).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`)
  throw new AppError(badRequest, { publicText: `${shown.join('; ')}.` })
}

type MountDeps = Pick<ApiDeps, 'accounts' | 'logger'>

interface Admitted {
  readonly caller: Caller
  readonly accesses: readonly Access[]
}

/** What is mounted beside the table on addresses of it. */
export interface SentryMount {
  readonly routes: readonly SentryRoute[]
  /** Adds routes that take other bodies than JSON; `admit` is for their `onRequest`. */
  readonly others: (
    scope: FastifyInstance,
    admit: (request: FastifyRequest, route: SentryRoute) => Promise<Admitted>,
  ) => readonly SentryRoute[]
}

export async function mountSentryRoutes(app: FastifyInstance, { routes, others }: SentryMount, deps: MountDeps): Promise<void> {
  const { gatekeeper } = deps.accounts
  await app.register(async (scope) => {
    takeOnlyJson(scope)
    scope.addHook('onRequest', async (request, reply) => markAnswer(request, reply))
    scope.setErrorHandler((error, request, reply) => sendDetail(failureOf(error, request, deps.logger), reply))
    for (const route of routes) mountRoute(scope, route, gatekeeper)
    const more = others(scope, (request, route) => admit(gatekeeper, request, route))
    refuseOtherMethods(scope, [...routes, ...more])
  })
}

function mountRoute(scope: FastifyInstance, route: SentryRoute, gatekeeper: Gatekeeper): void {
  const admissions = new WeakMap<FastifyRequest, Admitted>()
  scope.route({
    method: route.method,
    url: route.path,
    bodyLimit: route.bodySizeBytesMax ?? bodySizeBytesMax,
    config: { bellwetherAccess: route.access.kind },
    onRequest: async (request) => void admissions.set(request, await admit(gatekeeper, request, route)),
    handler: async (request, reply) => {
      const admitted = admissions.get(request)
      if (admitted === undefined) throw new Error('the request was not admitted')
      const { caller, accesses } = admitted
      const named = (projects: readonly string[]): Promise<Access[]> =>
        ofBody(gatekeeper.projects(caller, { organization: pathParam(request, 'organization'), projects }, neededOf(route)))
      const answer = await route.run({ caller, accesses, named, body: request.body, param: (name) => pathParam(request, name) })
      return route.answer === null ? reply.code(204).send() : reply.code(route.status).send(answer)
    },
  })
}

/** Settles who calls and what they may reach. Errors: `accounts.*`. */
async function admit(gatekeeper: Gatekeeper, request: FastifyRequest, route: SentryRoute): Promise<Admitted> {
  const authorization = request.headers.authorization ?? null
  const caller = await gatekeeper.authenticate({ authorization, cookie: null })
  if (caller === null) throw new AppError(authorization === null ? unauthenticated : tokenRefused)
  if (route.needed === 'caller') return { caller, accesses: [] }
  const project = pathParam(request, 'project')
  const named = { organization: pathParam(request, 'organization'), projects: project === '' ? null : [project] }
  const accesses = await gatekeeper.projects(caller, named, route.needed)
  if (accesses.length === 0)
    throw new AppError(badRequest, { publicText: 'There is no project in this organization that is yours to see.' })
  return { caller, accesses }
}

/** To these tools 404 means that the organization is not there; what is wrong with the body is 400. */
async function ofBody(named: Promise<Access[]>): Promise<Access[]> {
  try {
    return await named
  } catch (error) {
    throw isAppError(error, 'accounts.not_found') ? new AppError(badRequest, { publicText: error.publicText, cause: error }) : error
  }
}

function neededOf({ needed }: SentryRoute): Permission {
  return needed === 'caller' ? 'read' : needed
}

export function pathParam({ params }: FastifyRequest, name: string): string {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : ''
  return typeof value === 'string' ? value : ''
}

function takeOnlyJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = typeof body === 'string' ? body : body.toString('utf8')
    try {
      done(null, text.trim() === '' ? undefined : JSON.parse(text))
    } catch (cause) {
      done(new AppError(badJson, { cause }))
    }
  })
}

function sendDetail(error: AppError, reply: FastifyReply): FastifyReply {
  prepareError(error, reply)
  const detail = error.hint === null ? error.publicText : `${error.publicText} ${error.hint}`
  return reply.type('application/json; charset=utf-8').send({ detail })
}
