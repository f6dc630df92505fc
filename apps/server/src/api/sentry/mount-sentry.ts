/** The part of Sentry's own API that its tools use: uploads of source maps, releases, deploys. Other addresses of it are not there. */
import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { discoveryRoutes } from './discovery-routes.ts'
import { releaseRoutes } from './release-routes.ts'
import { mountSentryRoutes, type SentryRoute } from './sentry-route.ts'
import { chunkRoute, chunkUpload, uploadRoutes } from './upload-routes.ts'

type SentryDeps = Pick<ApiDeps, 'accounts' | 'uploads' | 'releases' | 'performance' | 'clock' | 'logger'>

function tableOf(deps: SentryDeps): SentryRoute[] {
  return [...discoveryRoutes(deps), ...uploadRoutes(deps), ...releaseRoutes(deps)]
}

/** For OpenAPI. */
export function describeSentry(deps: SentryDeps): RouteDescription[] {
  return [...tableOf(deps), chunkRoute]
}

export async function mountSentry(app: FastifyInstance, deps: SentryDeps): Promise<void> {
  await mountSentryRoutes(app, { routes: tableOf(deps), others: chunkUpload(deps) }, deps)
}
