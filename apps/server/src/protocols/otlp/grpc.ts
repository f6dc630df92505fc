/**
 * OTLP over gRPC: `Export` of the services for metrics, logs and traces, unary calls, on HTTP/2 as the protocol lays it down
 * (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Its bodies take the way of every other: let in by their headers, held by a
 * lease from their first byte on, decompressed and decoded in turn. Errors carry `google.rpc.Status` with `RetryInfo` in
 * `grpc-status-details-bin`, without which clients do not repeat a RESOURCE_EXHAUSTED.
 */
import {
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  constants,
  createServer,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { senderAddress } from '../../ingest/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { ByteLease } from '../body/byte-budget.ts'
import { receiveBody } from '../body/receive.ts'
import { bodyTimedOut, cannotListen, protocolsInternal } from '../errors.ts'
import { authorizationKey } from '../http.ts'
import type { EventDoor } from '../event-door.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { statusCode, statusMessage, statusProtobuf } from './answers.ts'
import { frameBytes, frameMessage, messageEncoding, percentEncode, unframe } from './grpc-frames.ts'
import { grpcProtocolName, type GrpcService, grpcServices } from './grpc-services.ts'
import { type GuardedSession, afterParsing, guardSession } from './grpc-session.ts'

export interface OtlpGrpcOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly door: MetricsDoor
  /** Takes logs and traces; without it there are metrics alone. */
  readonly events?: EventDoor
  readonly patience?: GrpcPatience
}

/** How long senders are waited for, ms: what is begun and does not go on must not hold connections and memory. */
export interface GrpcPatience {
  /** From the headers of a call to the end of its message. Exporters give up after 10 s by themselves. */
  readonly messageMs: number
  /** A connection on which nothing comes for `pingEveryMs` is asked for a sign of life, which a client gives by itself. */
  readonly pingEveryMs: number
  readonly pingAnswerMs: number
}

const defaultPatience: GrpcPatience = { messageMs: 30_000, pingEveryMs: 30_000, pingAnswerMs: 15_000 }

export interface OtlpGrpcServer extends AsyncDisposable {
  readonly port: number
}

/** google.rpc.Code: there is no such method. */
const unimplemented = 12

/** How long calls under way may take once the server stops, ms. */
const drainMsMax = 5_000
/** What one call and one connection may send before we have read it. We read at once, so little of it is ever used. */
const callWindowBytes = 256 * 1024
const connectionWindowBytes = 1024 * 1024

/** Listens. Disposing lets calls under way finish. Errors: `protocols.cannot_listen`. */
export async function startOtlpGrpcServer(options: OtlpGrpcOptions): Promise<OtlpGrpcServer> {
  const { host, port, door, events = null, patience = defaultPatience } = options
  const services = grpcServices(door, events)
  const settings = { maxConcurrentStreams: door.limits.grpcCallsPerConnectionMax, initialWindowSize: callWindowBytes }
  const server = createServer({ settings })
  const sessions = new Map<ServerHttp2Session, GuardedSession>()
  server.on('session', (session) => {
    door.intake.connected()
    sessions.set(session, guardSession(session))
    session.once('close', () => sessions.delete(session))
    session.setLocalWindowSize(connectionWindowBytes)
    watchForLife(session, patience)
  })
  // Connections that break, and clients that do not speak HTTP/2: nobody is there who could be told.
  server.on('sessionError', () => undefined)
  server.on(
    'stream',
    (stream, headers) => void answerCall({ door, services, stream, headers, messageMs: patience.messageMs, tenant: null }),
  )
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  return { port: bound, [Symbol.asyncDispose]: () => stop(server, sessions) }
}

async function listen(server: Http2Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error) =>
      reject(new AppError(cannotListen, { publicText: `Cannot listen on ${host}:${port}: ${cause.message}.`, cause })),
    )
    server.listen(port, host, resolve)
  })
}

/** A connection whose other end has gone without a word is found out, and ended. */
function watchForLife(session: ServerHttp2Session, { pingEveryMs, pingAnswerMs }: GrpcPatience): void {
  let bytesRead = 0
  let answer: Disposable | null = null
  const noMore = (): void => {
    answer?.[Symbol.dispose]()
    answer = null
  }
  const looking = systemClock.every(pingEveryMs, () => {
    // Its socket is gone before it says so itself.
    if (session.destroyed) return
    const before = bytesRead
    bytesRead = session.socket.bytesRead
    if (bytesRead !== before) return
    answer ??= systemClock.after(pingAnswerMs, () => session.destroy())
    session.ping(noMore)
  })
  session.once('close', () => {
    looking[Symbol.dispose]()
    noMore()
  })
}

interface Call {
  readonly door: MetricsDoor
  readonly services: ReadonlyMap<string, GrpcService>
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly messageMs: number
  /** Whose call it is, once that is known. */
  tenant: Tenant | null
}

/** Never rejects: what goes wrong is the call's status. */
async function answerCall(call: Call): Promise<void> {
  const { stream, headers, services } = call
  // Without a listener a call that breaks would end the process; whoever waits for the body learns of it by its end.
  stream.on('error', () => undefined)
  const service = services.get(textOf(headers, constants.HTTP2_HEADER_PATH) ?? '')
  if (service === undefined || headers[constants.HTTP2_HEADER_METHOD] !== 'POST')
    return await sendStatus(stream, { 'grpc-status': unimplemented, 'grpc-message': 'There is no such method.' })
  try {
    await sendMessage(stream, await exportMessage(call, service))
  } catch (error) {
    await refuse(call, error)
  }
}

async function exportMessage(call: Call, service: GrpcService): Promise<Buffer> {
  const { door, stream, headers } = call
  const request = {
    kind: service.kind,
    key: textOf(headers, 'x-bellwether-key') ?? authorizationKey(textOf(headers, 'authorization')),
    remoteAddress: senderAddress(stream.session?.socket.remoteAddress ?? '', (name) => textOf(headers, name)),
  }
  // From the headers alone: a call without a right to it, or one too many, is never read.
  const { tenant } = door.admit({ ...request, sizeBytes: 0 })
  call.tenant = tenant
  const encoding = messageEncoding(textOf(headers, 'grpc-encoding'))
  using lease = door.intake.open(tenant, { sizeBytes: 0, isDecompressedElsewhere: encoding !== 'identity' })
  const { bytes, isCompressed } = unframe(await receiveInTime(call, lease))
  const { lane } = door.admit({ ...request, sizeBytes: bytes.byteLength })
  return await service.take({ tenant, lane, lease, encoding: isCompressed ? encoding : 'identity', bytes })
}

/** Errors: those of `receiveBody`, and `body.timed_out`. */
async function receiveInTime({ door, stream, messageMs }: Call, lease: ByteLease): Promise<Buffer> {
  let isLate = (): void => undefined
  const late = new Promise<never>((_resolve, reject) => (isLate = () => reject(new AppError(bodyTimedOut))))
  using _timer = systemClock.after(messageMs, () => isLate())
  return await Promise.race([receiveBody(stream, frameBytes + door.limits.grpcMessageBytesMax, lease), late])
}

/** The first value of a header. */
function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

const answerHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,gzip,deflate',
}

async function sendMessage(stream: ServerHttp2Stream, message: Uint8Array): Promise<void> {
  await afterParsing()
  if (stream.destroyed || stream.closed) return
  stream.respond(answerHeaders, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
  stream.end(frameMessage(message))
}

async function refuse({ door, stream, tenant }: Call, error: unknown): Promise<void> {
  const known = isAppError(error) ? error : new AppError(protocolsInternal, { cause: error })
  if (known.kind === 'internal') door.logger.error('an OTLP/gRPC call failed', { error })
  door.noteRefusal(grpcProtocolName, tenant, known)
  await sendStatus(stream, {
    'grpc-status': statusCode(known),
    'grpc-message': percentEncode(statusMessage(known)),
    'grpc-status-details-bin': statusProtobuf(known).toString('base64'),
  })
}

/** A status without a message. A caller that is still sending is told to stop: nobody reads it. */
async function sendStatus(stream: ServerHttp2Stream, status: OutgoingHttpHeaders): Promise<void> {
  await afterParsing()
  if (stream.destroyed || stream.closed) return
  stream.respond({ ...answerHeaders, ...status }, { endStream: true })
  stream.resume()
  stream.close(constants.NGHTTP2_NO_ERROR)
}

/** Takes no more connections and calls, waits for those under way, then cuts what is left. */
async function stop(server: Http2Server, sessions: ReadonlyMap<ServerHttp2Session, GuardedSession>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const guarded of sessions.values()) guarded.drain()
  using _cut = systemClock.after(drainMsMax, () => {
    for (const session of sessions.keys()) session.destroy()
  })
  await closed
}
