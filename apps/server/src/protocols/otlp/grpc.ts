/**
 * OTLP over gRPC: `MetricsService/Export`. Messages pass as bytes; our own decoder reads them. Errors carry `google.rpc.Status` with
 * `RetryInfo` in `grpc-status-details-bin`, without which clients do not repeat a RESOURCE_EXHAUSTED.
 */
import {
  type Metadata,
  Metadata as GrpcMetadata,
  Server,
  ServerInterceptingCall,
  ServerCredentials,
  type ServiceDefinition,
  type ServerInterceptor,
  type ServerUnaryCall,
  type sendUnaryData,
  logVerbosity,
  setLogVerbosity,
  status as grpcStatus,
} from '@grpc/grpc-js'
import { type Admitted, senderAddress } from '../../ingest/index.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import { cannotListen, protocolsInternal } from '../errors.ts'
import { authorizationKey } from '../http.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { responseProtobuf, statusCode, statusMessage, statusProtobuf } from './answers.ts'

export interface OtlpGrpcOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly door: MetricsDoor
  readonly patience?: GrpcPatience
}

/** How long senders are waited for, ms: what is begun and does not go on must not hold connections and memory. */
export interface GrpcPatience {
  /** From the metadata of a call to the end of its message. Exporters give up after 10 s by themselves. */
  readonly messageMs: number
  /** A connection on which nothing comes for `pingEveryMs` is asked for a sign of life, which a client gives by itself. */
  readonly pingEveryMs: number
  readonly pingAnswerMs: number
}

const defaultPatience: GrpcPatience = { messageMs: 30_000, pingEveryMs: 30_000, pingAnswerMs: 15_000 }

export interface OtlpGrpcServer extends AsyncDisposable {
  readonly port: number
}

/** How long calls under way may take once the server stops, ms. */
const drainMsMax = 5_000

const identity = (bytes: Buffer): Buffer => bytes

const metricsService: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
}

/** Listens. Disposing lets calls under way finish. Errors: `protocols.cannot_listen`. */
export async function startOtlpGrpcServer(options: OtlpGrpcOptions): Promise<OtlpGrpcServer> {
  const { door, host } = options
  const patience = options.patience ?? defaultPatience
  // The library's own lines on standard error; what matters is an error or a status anyway.
  setLogVerbosity(logVerbosity.NONE)
  const server = new Server({
    'grpc.max_receive_message_length': door.limits.grpcMessageBytesMax,
    'grpc.max_send_message_length': door.limits.grpcMessageBytesMax,
    'grpc.max_concurrent_streams': door.limits.grpcCallsPerConnectionMax,
    'grpc.keepalive_time_ms': patience.pingEveryMs,
    'grpc.keepalive_timeout_ms': patience.pingAnswerMs,
    interceptors: [admitByMetadata(door), endStalledCalls(patience.messageMs)],
  })
  server.addService(metricsService, {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      exportMetrics(door, call).then(
        (response) => answer(null, response),
        (error: unknown) => answer(callError(door, error)),
      )
    },
  })
  const address = host.includes(':') ? `[${host}]` : host
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else
        reject(new AppError(cannotListen, { publicText: `Cannot listen on ${address}:${options.port}: ${error.message}.`, cause: error }))
    })
  })
  return { port, [Symbol.asyncDispose]: () => stop(server) }
}

/** Refuses by the metadata alone: a call that is not passed on is never read, so a sender without a right to it fills no memory. */
function admitByMetadata(door: MetricsDoor): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            try {
              admitCall(door, { metadata, peer: call.getPeer() }, 0)
            } catch (error) {
              call.sendStatus(callError(door, error))
              return
            }
            pass(metadata)
          },
        })
      },
    })
}

/** Ends a call whose message does not come to its end. */
function endStalledCalls(messageMs: number): ServerInterceptor {
  return (_method, call) => {
    const late = globalThis.setTimeout(() => {
      call.sendStatus({ code: grpcStatus.DEADLINE_EXCEEDED, details: 'The message did not come in time.', metadata: null })
    }, messageMs)
    const inTime = (): void => globalThis.clearTimeout(late)
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveHalfClose(pass) {
            inTime()
            pass()
          },
          onCancel: inTime,
        })
      },
    })
  }
}

function admitCall(door: MetricsDoor, { metadata, peer }: { metadata: Metadata; peer: string }, sizeBytes: number): Admitted {
  return door.admit({
    kind: 'metrics',
    key: metadataText(metadata, 'x-bellwether-key') ?? authorizationKey(metadataText(metadata, 'authorization')),
    remoteAddress: senderAddress(peerAddress(peer), (name) => metadataText(metadata, name)),
    sizeBytes,
  })
}

async function exportMetrics(door: MetricsDoor, call: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> {
  const bytes = call.request
  const { tenant, lane } = admitCall(door, { metadata: call.metadata, peer: call.getPeer() }, bytes.byteLength)
  // gRPC's own compression is undone by the library, within the message limit.
  using lease = door.intake.open(tenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: false })
  lease.hold(bytes.byteLength)
  const outcome = await door.ingest({ tenant, lane, lease, protocolName: 'otlp-grpc', format: 'otlpProtobuf', encoding: 'identity', bytes })
  return responseProtobuf(outcome)
}

function metadataText(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0]
  return value === undefined ? undefined : value.toString()
}

/** `127.0.0.1:41234`, `[::1]:41234` or `ipv6:...` without the port. */
export function peerAddress(peer: string): string {
  const match = /^\[?(.*?)\]?:\d+$/.exec(peer.replace(/^ipv[46]:/, ''))
  return match?.[1] ?? peer
}

function callError(door: MetricsDoor, error: unknown): { code: number; details: string; metadata: GrpcMetadata } {
  const known = isAppError(error) ? error : new AppError(protocolsInternal, { cause: error })
  if (known.kind === 'internal') door.logger.error('an OTLP/gRPC call failed', { error })
  const metadata = new GrpcMetadata()
  metadata.set('grpc-status-details-bin', statusProtobuf(known))
  return { code: statusCode(known), details: statusMessage(known), metadata }
}

/** Stops taking calls, waits for those under way, then cuts what is left. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = globalThis.setTimeout(() => server.forceShutdown(), drainMsMax)
    server.tryShutdown(() => {
      globalThis.clearTimeout(timer)
      resolve()
    })
  })
}
