/**
 * Wire protocols: bytes in, durable samples out, and the answer each protocol's clients expect. Public face of the domain.
 * One `MetricsDoor` a process; every listener registers its routes on it.
 */
export { registerCollectorRoutes, type BatchAnswer, type CollectorDoor } from './collector/routes.ts'
export { defaultProtocolLimits, type ProtocolLimits } from './limits.ts'
export { createEventDecoders } from './event-decoders.ts'
export {
  EventDoor,
  type EventBody,
  type EventDecode,
  type EventDecoder,
  type EventDecoders,
  type EventDoorDeps,
  type EventOutcome,
} from './event-door.ts'
export { EventSession, type EventBatches } from './event-session.ts'
export { MetricsDoor, type MetricsBody, type MetricsDoorDeps, type MetricsOutcome } from './metrics-door.ts'
export { otlpLogs, otlpTraces, registerOtlpEventRoutes, type OtlpSignal } from './otlp/event-routes.ts'
export { registerOtlpRoutes } from './otlp/routes.ts'
export { startOtlpGrpcServer, type OtlpGrpcOptions, type OtlpGrpcServer } from './otlp/grpc.ts'
export { registerRemoteWriteRoutes } from './remote-write/routes.ts'
export type { ScrapeAttempt, ScrapeOutcome } from './exposition/decode.ts'
export type { ExpositionSource, SourceRules } from './exposition/source.ts'
export { ImportDesk } from './import/imports.ts'
export { registerSentryRoutes, type SentryAside } from './sentry/routes.ts'
export { registerJsonLinesRoutes } from './json-lines/routes.ts'
export { takeApartLine } from './log-lines/take-apart.ts'
export { registerLokiRoutes } from './loki/routes.ts'
export { registerInfluxRoutes } from './influx/routes.ts'
export { startSyslog, type SyslogListener, type SyslogOptions } from './syslog/listen.ts'
export { startStatsd, type StatsdOptions } from './statsd/listen.ts'
