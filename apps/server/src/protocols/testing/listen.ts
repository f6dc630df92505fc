/** Real listeners on a test door, and a bare gRPC client, for tests with real clients. */
import { Client, Metadata, type ServiceError, credentials } from '@grpc/grpc-js'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { registerInfluxRoutes } from '../influx/routes.ts'
import { registerJsonLinesRoutes } from '../json-lines/routes.ts'
import { registerLokiRoutes } from '../loki/routes.ts'
import { otlpLogs, otlpTraces, registerOtlpEventRoutes } from '../otlp/event-routes.ts'
import { startOtlpGrpcServer } from '../otlp/grpc.ts'
import { registerOtlpRoutes } from '../otlp/routes.ts'
import { registerRemoteWriteRoutes } from '../remote-write/routes.ts'
import type { ProtocolLimits } from '../limits.ts'
import { type TestDoor, createTestDoor } from './door.ts'
import { createTestEvents, type TestEvents } from './test-events.ts'

export interface Listening extends AsyncDisposable {
  readonly it: TestDoor
  /** What came in of logs and spans. */
  readonly events: TestEvents
  /** `http://127.0.0.1:<port>` with all HTTP routes. */
  readonly httpUrl: string
  readonly grpcPort: number
  /** Calls back when the next HTTP connection has ended on this side. */
  onceDisconnected(then: () => void): void
}

/** Listens on free ports of this machine; the door's clock stands at now. */
export async function listen(limits: Partial<ProtocolLimits> = {}): Promise<Listening> {
  const it = createTestDoor(limits)
  it.nowMs = Date.now()
  const app: FastifyInstance = Fastify({ forceCloseConnections: true })
  await registerOtlpRoutes(app, it.door)
  await registerRemoteWriteRoutes(app, it.door)
  await registerInfluxRoutes(app, it.door)
  const events = createTestEvents(it)
  for (const signal of [otlpLogs, otlpTraces]) await registerOtlpEventRoutes(app, events.door, signal)
  await registerLokiRoutes(app, events.door)
  await registerJsonLinesRoutes(app, events.door)
  const httpUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  const grpc = await startOtlpGrpcServer({ host: '127.0.0.1', port: 0, door: it.door, events: events.door })
  return {
    it,
    events,
    httpUrl,
    grpcPort: grpc.port,
    onceDisconnected: (then) => app.server.once('connection', (socket: Socket) => socket.once('close', then)),
    async [Symbol.asyncDispose]() {
      await grpc[Symbol.asyncDispose]()
      await app.close()
    },
  }
}

export function grpcMetadata(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

export interface ExportAnswer {
  readonly error: ServiceError | null
  readonly answer: Buffer
}

/** One call of `MetricsService/Export` with these bytes. */
export function callExport(port: number, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<ExportAnswer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.max_send_message_length': -1 })
  const same = (bytes: Buffer): Buffer => bytes
  const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, body, grpcMetadata(headers), (error, answer) => {
      client.close()
      resolve({ error, answer: answer ?? Buffer.alloc(0) })
    })
  })
}

export { status as grpcStatus } from '@grpc/grpc-js'
