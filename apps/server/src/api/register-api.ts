/** Puts the whole HTTP API on a Fastify instance: own API, Prometheus API, health, description, web app. Maps and answers, nothing else. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { mountRoutes } from './http/mount.ts'
import type { Route, RouteDescription } from './http/route-table.ts'
import { mountPlain, openApiDescription } from './plain-routes.ts'
import { describePrometheus, mountPrometheus } from './prometheus/prometheus-routes.ts'
import { collectorDescription } from './collector-description.ts'
import { anatomyRoutes } from './routes/anatomy-routes.ts'
import { authRoutes } from './routes/auth-routes.ts'
import { cardinalityRoutes } from './routes/cardinality-routes.ts'
import { importDescriptions, importRoutes, mountImports } from './routes/import-routes.ts'
import { laneRoutes } from './routes/lane-routes.ts'
import { logAnalysisRoutes } from './routes/log-analysis-routes.ts'
import { logRoutes } from './routes/log-routes.ts'
import { logTailDescription, mountLogTail } from './routes/log-tail.ts'
import { metricRoutes } from './routes/metric-routes.ts'
import { operationRoutes } from './routes/operation-routes.ts'
import { organizationRoutes } from './routes/organization-routes.ts'
import { problemRoutes } from './routes/problem-routes.ts'
import { performanceRoutes } from './routes/performance-routes.ts'
import { projectRoutes } from './routes/project-routes.ts'
import { retentionRoutes } from './routes/retention-routes.ts'
import { scrubbingRoutes } from './routes/scrubbing-routes.ts'
import { serviceRoutes } from './routes/service-routes.ts'
import { systemRoutes } from './routes/system-routes.ts'
import { targetRoutes } from './routes/target-routes.ts'
import { traceRoutes } from './routes/trace-routes.ts'
import { describeSentry, mountSentry } from './sentry/mount-sentry.ts'
import { mountStatic } from './static.ts'
import type { ApiDeps } from './ports.ts'

/** The table of the own API. */
export function apiRoutes(deps: ApiDeps): Route[] {
  return [
    ...authRoutes(deps),
    ...organizationRoutes(deps),
    ...projectRoutes(deps),
    ...importRoutes(deps),
    ...metricRoutes(deps),
    ...operationRoutes(deps),
    ...anatomyRoutes(deps),
    ...systemRoutes(deps),
    ...targetRoutes(deps),
    ...laneRoutes(deps),
    ...cardinalityRoutes(deps),
    ...retentionRoutes(deps),
    ...performanceRoutes(deps),
    ...scrubbingRoutes(deps),
    ...logRoutes(deps),
    ...traceRoutes(deps),
    ...serviceRoutes(deps),
    ...logAnalysisRoutes(deps),
    ...problemRoutes(deps),
  ]
}

/**
 * Call once, before the instance is ready. Sets the instance's request ids and its not-found handler; everything else stays in scopes of
 * its own, so that protocols on the same instance keep their parsers and error shapes.
 */
export async function registerApi(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.setGenReqId(() => randomUUID())
  const routes = apiRoutes(deps)
  const described: RouteDescription[] = [
    ...routes,
    collectorDescription,
    ...importDescriptions,
    logTailDescription,
    ...describePrometheus(deps.settings.version),
    ...describeSentry(deps),
    openApiDescription,
  ]
  const publicOrigin = new URL(deps.settings.publicUrl).origin
  await mountRoutes(app, routes, {
    elsewhere: [collectorDescription],
    gatekeeper: deps.accounts.gatekeeper,
    logger: deps.logger,
    publicOrigin,
  })
  await mountImports(app, deps)
  await mountLogTail(app, deps)
  await mountPrometheus(app, deps)
  await mountSentry(app, deps)
  await mountPlain(app, described, deps)
  await mountStatic(app, deps.settings.webDir)
}
