/** Addresses outside the table: health, Bellwether's own metrics, the API's description. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { docsPage, docsPolicy } from './docs-page.ts'
import { failureOf, markAnswer, sendError } from './http/answer.ts'
import { credentialsOf, isDirectlyLocal } from './http/request-facts.ts'
import type { RouteDescription } from './http/route-table.ts'
import { buildOpenApi } from './openapi.ts'
import type { ApiDeps } from './ports.ts'

type PlainDeps = Pick<ApiDeps, 'readiness' | 'instruments' | 'accounts' | 'logger' | 'settings'>

export async function mountPlain(app: FastifyInstance, routes: readonly RouteDescription[], deps: PlainDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => markAnswer(request, reply))
    scope.setErrorHandler((error, request, reply) => sendError(failureOf(error, request, deps.logger), request, reply))
    mountHealth(scope, deps)
    mountDescription(scope, routes, deps.settings.version)
    scope.get('/metrics', { config: { bellwetherAccess: 'system' } }, async (request, reply) => {
      await admitScraper(request, deps)
      return await reply.type(deps.instruments.contentType).send(await deps.instruments.metrics())
    })
  })
}

/** A scraper on this machine needs no token; any other one must belong to the first organization. */
async function admitScraper(request: FastifyRequest, { accounts: { gatekeeper } }: PlainDeps): Promise<void> {
  if (isDirectlyLocal(request) && request.headers.authorization === undefined) return
  await gatekeeper.system(await gatekeeper.authenticate(credentialsOf(request)), 'read')
}

function mountHealth(scope: FastifyInstance, { readiness }: PlainDeps): void {
  scope.get('/health/live', { config: { bellwetherAccess: 'public' } }, async () => ({ status: 'live' }))
  scope.get('/health/ready', { config: { bellwetherAccess: 'public' } }, async (_request, reply) => {
    const { ready, waitingFor, degraded } = await readiness()
    return await reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', waitingFor, degraded })
  })
}

/** Both are made at the first request: they are the same for the whole run. */
function mountDescription(scope: FastifyInstance, routes: readonly RouteDescription[], version: string): void {
  let document: string | null = null
  let page: string | null = null
  scope.get('/api/0/openapi.json', { config: { bellwetherAccess: 'public' } }, async (_request, reply: FastifyReply) => {
    document ??= JSON.stringify(buildOpenApi(routes, version))
    return await reply.type('application/json; charset=utf-8').send(document)
  })
  scope.get('/docs', { config: { bellwetherAccess: 'public' } }, async (_request, reply: FastifyReply) => {
    page ??= docsPage(routes, version)
    return await reply.header('content-security-policy', docsPolicy).type('text/html; charset=utf-8').send(page)
  })
}

/** `/api/0/openapi.json` describes itself too. */
export const openApiDescription: RouteDescription = {
  method: 'GET',
  path: '/api/0/openapi.json',
  summary: 'This description, as OpenAPI 3.1.',
  tag: 'System',
  access: { kind: 'public' },
  query: null,
  body: null,
  answer: null,
  status: 200,
}
