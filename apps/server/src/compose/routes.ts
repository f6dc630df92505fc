/** Every route of the main address, and the rule that none of them forgets to say who may use it. */
import type { FastifyInstance, RouteOptions } from 'fastify'
import { registerApi, type ApiDeps } from '../api/index.ts'
import {
  otlpLogs,
  otlpTraces,
  registerCollectorRoutes,
  registerInfluxRoutes,
  registerJsonLinesRoutes,
  registerLokiRoutes,
  registerOtlpEventRoutes,
  registerOtlpRoutes,
  registerRemoteWriteRoutes,
  registerSentryRoutes,
  type CollectorDoor,
  type EventDoor,
  type MetricsDoor,
} from '../protocols/index.ts'
import type { SourceMapStore } from '../problems/index.ts'
import { createSentryAside } from './problems.ts'

export interface MountedParts extends ApiDeps {
  readonly collectors: CollectorDoor
  readonly events: EventDoor
  readonly sourceMaps: SourceMapStore
  /** Of this installation: what people are called who are counted and not named. */
  readonly pseudonymSecret: string
}

/** All that the main address answers. */
export async function mountAll(app: FastifyInstance, door: MetricsDoor, api: MountedParts): Promise<void> {
  await mountOtlp(app, door, api.events)
  await registerRemoteWriteRoutes(app, door)
  await registerInfluxRoutes(app, door)
  await registerCollectorRoutes(app, door, api.collectors)
  await registerLokiRoutes(app, api.events)
  await registerJsonLinesRoutes(app, api.events)
  await registerSentryRoutes(app, api.events, createSentryAside({ ...api, secret: api.pseudonymSecret }))
  await registerApi(app, api)
}

/** OTLP over HTTP, on the main address and on its own port. */
export async function mountOtlp(app: FastifyInstance, door: MetricsDoor, events: EventDoor): Promise<void> {
  await registerOtlpRoutes(app, door)
  await registerOtlpEventRoutes(app, events, otlpLogs)
  await registerOtlpEventRoutes(app, events, otlpTraces)
}

/** Call before the first route: from then on `app` does not become ready with a route that has no access rule. */
export function requireAccessRules(app: FastifyInstance): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', async () => {
    const open = routes.filter(({ config }) => config?.bellwetherAccess === undefined)
    if (open.length > 0)
      throw new Error(`routes without an access rule: ${open.map(({ method, url }) => `${String(method)} ${url}`).join(', ')}`)
  })
}
