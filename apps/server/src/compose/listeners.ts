/** Who listens: the main address, and the ports where OpenTelemetry senders send by default. */
import Fastify, { type FastifyInstance } from 'fastify'
import type { RequestListener } from 'node:http'

import { sendUnroutable } from '../api/index.ts'
import type { Config } from '../config/index.ts'
import { isAppError } from '../kernel/errors.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { startOtlpGrpcServer, type EventDoor, type MetricsDoor } from '../protocols/index.ts'
import { openHttpDoor, type HttpDoor } from './http-door.ts'
import { mountOtlp, requireAccessRules } from './routes.ts'

/** One extra listener, for the system page: `port` 0 means that it is off, `problem` why it does not listen. */
export interface ListenerState {
  readonly name: string
  readonly port: number
  readonly problem: string | null
}

/** Longest path segment, e.g. a label's name. */
const paramLengthMax = 2048

/**
 * A Fastify application behind a door that already listens. `configure` adds the routes; the door answers 503 until `attach`.
 */
export async function buildApp(
  door: HttpDoor,
  configure: (app: FastifyInstance) => Promise<void>,
): Promise<{ app: FastifyInstance; listener: RequestListener }> {
  let listener: RequestListener | null = null
  const app = Fastify({
    logger: false,
    routerOptions: { maxParamLength: paramLengthMax },
    genReqId: () => crypto.randomUUID(),
    frameworkErrors: sendUnroutable,
    // The door has waited for what was under way; what is still there waits for something that hangs.
    forceCloseConnections: true,
    serverFactory(handler) {
      listener = handler
      return door.server
    },
  })
  requireAccessRules(app)
  await configure(app)
  await app.ready()
  if (listener === null) throw new Error('the application has no request listener')
  return { app, listener }
}

/** Opens OTLP's own ports. A taken one is a warning: the main address takes the same data. */
export async function composeExtraListeners(
  deps: {
    config: Pick<Config, 'host' | 'otlpGrpcPort' | 'otlpHttpPort'>
    door: MetricsDoor
    events: EventDoor
    warn: (line: string) => void
  },
  resources: ResourceScope,
): Promise<ListenerState[]> {
  const elsewhere = 'the main address takes the same data'
  return [
    await attempt(
      deps,
      { name: 'otlp-grpc', port: deps.config.otlpGrpcPort, setting: 'BELLWETHER_OTLP_GRPC_PORT', elsewhere },
      async (port) => {
        resources.use(await startOtlpGrpcServer({ host: deps.config.host, port, door: deps.door, events: deps.events }))
      },
    ),
    await attempt(
      deps,
      { name: 'otlp-http', port: deps.config.otlpHttpPort, setting: 'BELLWETHER_OTLP_HTTP_PORT', elsewhere },
      async (port) => {
        const http = resources.use(await openHttpDoor({ host: deps.config.host, port, setting: 'BELLWETHER_OTLP_HTTP_PORT' }))
        const { listener } = await buildApp(http, (app) => mountOtlp(app, deps.door, deps.events))
        http.attach(listener)
      },
    ),
  ]
}

/** Opens a listener that the program can do without. `elsewhere`: where the same data can be sent. */
export async function attempt(
  deps: { warn: (line: string) => void },
  { name, port, setting, elsewhere }: { name: string; port: number; setting: string; elsewhere: string | null },
  open: (port: number) => Promise<void>,
): Promise<ListenerState> {
  if (port === 0) return { name, port, problem: null }
  try {
    await open(port)
    return { name, port, problem: null }
  } catch (error) {
    const text = isAppError(error) ? error.publicText : error instanceof Error ? error.message : String(error)
    const problem = text.includes('EADDRINUSE') ? `port ${port} is in use by another program.` : text
    deps.warn(`warning: ${name} does not listen: ${problem}`)
    const advice = `Data sent to that port goes there, not here. Set ${setting} to another port, or to 0 to do without`
    deps.warn(`  ${advice}${elsewhere === null ? '' : `; ${elsewhere}`}.`)
    return { name, port, problem }
  }
}
