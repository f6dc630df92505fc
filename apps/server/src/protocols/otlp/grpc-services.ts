/** The gRPC services of OTLP: which path takes what, and what its message becomes. */
import type { Admitted, Kind } from '../../ingest/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { ByteLease } from '../body/byte-budget.ts'
import type { ContentEncoding } from '../body/decompress.ts'
import type { EventDoor } from '../event-door.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { responseProtobuf } from './answers.ts'
import { eventResponseProtobuf, otlpLogs, type OtlpSignal, otlpTraces } from './event-routes.ts'

export const grpcProtocolName = 'otlp-grpc'

/** A message as the call brought it. */
export interface GrpcMessage {
  readonly tenant: Tenant
  readonly lane: Admitted['lane']
  readonly lease: ByteLease
  readonly encoding: ContentEncoding
  readonly bytes: Uint8Array
}

export interface GrpcService {
  readonly kind: Kind
  /** The answer. Errors: those of the doors. */
  take(message: GrpcMessage): Promise<Buffer>
}

const paths: Readonly<Record<Kind, string>> = {
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  spans: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
}

/** Services by path; `events` null: metrics alone. */
export function grpcServices(door: MetricsDoor, events: EventDoor | null): ReadonlyMap<string, GrpcService> {
  const protocolName = grpcProtocolName
  const metrics: GrpcService = {
    kind: 'metrics',
    take: async (message) => responseProtobuf(await door.ingest({ ...message, protocolName, format: 'otlpProtobuf' })),
  }
  const services = new Map([[paths.metrics, metrics]])
  if (events === null) return services
  for (const signal of [otlpLogs, otlpTraces]) services.set(paths[signal.kind], eventService(events, signal))
  return services
}

function eventService(events: EventDoor, signal: OtlpSignal): GrpcService {
  return {
    kind: signal.kind,
    async take(message) {
      const outcome = await events.ingest({ ...message, protocolName: grpcProtocolName, format: signal.protobuf })
      return eventResponseProtobuf(outcome, signal)
    },
  }
}
