/**
 * The Prometheus query API at its own address (`/api/v1`, project in `X-Bellwether-Project`, else the caller's first) and below each
 * project. Reading only, so a form may be posted without an origin check.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { promQueryDataSchema, promSuccessSchema } from '@bellwether/protocol'
import type { Gatekeeper } from '../../accounts/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { markAnswer } from '../http/answer.ts'
import { refuseOtherMethods } from '../http/mount.ts'
import { closeSignal, credentialsOf } from '../http/request-facts.ts'
import type { Method, RouteDescription } from '../http/route-table.ts'
import { promqlBodySizeBytesMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { sendPromError } from './answers.ts'
import * as endpoints from './endpoints.ts'
import type { PromEndpoint } from './endpoints.ts'
import { queryExemplars } from './exemplars.ts'
import { targets } from './targets.ts'
import { PromParams } from './params.ts'

const projectHeader = 'x-bellwether-project'
const ownPrefix = '/api/v1'
const projectPrefix = '/api/0/projects/:project/prometheus/api/v1'

interface Endpoint {
  readonly path: string
  readonly methods: readonly Method[]
  readonly summary: string
  readonly query: z.ZodType
  readonly answer: z.ZodType
  readonly run: PromEndpoint
}

const text = z.string().optional()
const matching = { 'match[]': z.array(z.string()).optional(), start: text, end: text, limit: text }
const names = promSuccessSchema(z.array(z.string()))
const queryAnswer = promSuccessSchema(promQueryDataSchema)
const both: readonly Method[] = ['GET', 'POST']

function endpointTable(version: string): readonly Endpoint[] {
  const evaluation = { timeout: text, lookback_delta: text, rollups: text, limit: text, stats: text }
  return [
    {
      path: '/query',
      methods: both,
      summary: 'PromQL at one time.',
      query: z.object({ query: z.string(), time: text, ...evaluation }),
      answer: queryAnswer,
      run: endpoints.instantQuery,
    },
    {
      path: '/query_range',
      methods: both,
      summary: 'PromQL over a range of times, at most 11,000 steps.',
      query: z.object({ query: z.string(), start: z.string(), end: z.string(), step: z.string(), ...evaluation }),
      answer: queryAnswer,
      run: endpoints.rangeQuery,
    },
    {
      path: '/query_exemplars',
      methods: both,
      summary: 'Exemplars, with their traces, of the series that an expression selects.',
      query: z.object({ query: z.string(), start: text, end: text }),
      answer: promSuccessSchema(z.array(z.unknown())),
      run: queryExemplars,
    },
    {
      path: '/series',
      methods: both,
      summary: 'Label sets of series.',
      query: z.object(matching),
      answer: promSuccessSchema(z.array(z.record(z.string(), z.string()))),
      run: endpoints.series,
    },
    { path: '/labels', methods: both, summary: 'Label names.', query: z.object(matching), answer: names, run: endpoints.labelNames },
    {
      path: '/label/:name/values',
      methods: ['GET'],
      summary: 'Values of a label; `U__` marks an escaped UTF-8 name.',
      query: z.object(matching),
      answer: names,
      run: endpoints.labelValues,
    },
    {
      path: '/metadata',
      methods: ['GET'],
      summary: 'Type, description and unit of metrics.',
      query: z.object({ metric: text, limit: text }),
      answer: promSuccessSchema(z.record(z.string(), z.array(z.object({ type: z.string(), help: z.string(), unit: z.string() })))),
      run: endpoints.metadata,
    },
    ...endpointsBesideData(version),
  ]
}

/** Those that read no samples and no series. */
function endpointsBesideData(version: string): readonly Endpoint[] {
  return [
    {
      path: '/format_query',
      methods: both,
      summary: 'A PromQL expression, laid out.',
      query: z.object({ query: z.string() }),
      answer: promSuccessSchema(z.string()),
      run: endpoints.formattedQuery,
    },
    {
      path: '/parse_query',
      methods: both,
      summary: 'The syntax tree of a PromQL expression.',
      query: z.object({ query: z.string() }),
      answer: promSuccessSchema(z.unknown()),
      run: endpoints.parsedQuery,
    },
    {
      path: '/targets',
      methods: ['GET'],
      summary: 'What is scraped into the project; `state` is active, dropped or any, `scrapePool` a job.',
      query: z.object({ state: text, scrapePool: text }),
      answer: promSuccessSchema(z.unknown()),
      run: targets,
    },
    {
      path: '/status/buildinfo',
      methods: ['GET'],
      summary: 'Which version of the Prometheus API is spoken.',
      query: z.object({}),
      answer: promSuccessSchema(z.record(z.string(), z.string())),
      run: endpoints.buildInfo(version),
    },
  ]
}

/** For OpenAPI: the endpoints at both addresses. */
export function describePrometheus(version: string): RouteDescription[] {
  return [ownPrefix, projectPrefix].flatMap((prefix) =>
    endpointTable(version).flatMap(({ path, methods, summary, query, answer }) =>
      methods.map((method) => ({
        method,
        path: prefix + path,
        summary,
        tag: 'Prometheus API',
        access: { kind: 'project', needed: 'read' } as const,
        query,
        body: null,
        answer,
        status: 200,
      })),
    ),
  )
}

type PrometheusDeps = Pick<ApiDeps, 'query' | 'exemplars' | 'clock' | 'scrape' | 'logger' | 'accounts' | 'settings'>

export async function mountPrometheus(app: FastifyInstance, deps: PrometheusDeps): Promise<void> {
  const table = endpointTable(deps.settings.version)
  await app.register(async (scope) => {
    takeOnlyForms(scope)
    scope.addHook('onRequest', async (request, reply) => markAnswer(request, reply))
    scope.setErrorHandler((error, request, reply) => sendPromError(error, { request, reply, logger: deps.logger }))
    for (const prefix of [ownPrefix, projectPrefix]) {
      for (const endpoint of table) mountEndpoint(scope, { ...endpoint, path: prefix + endpoint.path }, deps)
      refuseOtherMethods(
        scope,
        table.flatMap(({ path, methods }) => methods.map((method) => ({ path: prefix + path, method }))),
      )
    }
  })
}

function takeOnlyForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(typeof body === 'string' ? body : body.toString('utf8'))),
  )
}

async function scopeOf(gatekeeper: Gatekeeper, request: FastifyRequest): Promise<Scope> {
  const caller = await gatekeeper.authenticate(credentialsOf(request))
  const header = request.headers[projectHeader]
  const project = pathParam(request, 'project') || (typeof header === 'string' ? header : '') || (await gatekeeper.defaultProject(caller))
  return (await gatekeeper.project(caller, project, 'read')).scope
}

function pathParam(request: FastifyRequest, name: string): string {
  const value: unknown = typeof request.params === 'object' && request.params !== null ? Reflect.get(request.params, name) : ''
  return typeof value === 'string' ? value : ''
}

/** `endpoint.path` is the whole address here. */
function mountEndpoint(scope: FastifyInstance, endpoint: Endpoint, deps: PrometheusDeps): void {
  const scopes = new WeakMap<FastifyRequest, Scope>()
  const { logger } = deps
  scope.route({
    method: [...endpoint.methods],
    url: endpoint.path,
    bodyLimit: promqlBodySizeBytesMax,
    config: { bellwetherAccess: 'project' },
    onRequest: async (request) => void scopes.set(request, await scopeOf(deps.accounts.gatekeeper, request)),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const granted = scopes.get(request)
      if (granted === undefined) throw new Error('the request was not admitted')
      const params = PromParams.of(request.query, request.body instanceof URLSearchParams ? request.body : null)
      const call = { scope: granted, params, name: pathParam(request, 'name'), signal: closeSignal(request, reply.raw), reply }
      logger.debug('query', { requestId: request.id, endpoint: endpoint.path })
      return await endpoint.run(deps, call)
    },
  })
}
