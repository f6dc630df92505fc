/** The gRPC server with a bare client: statuses, details and limits that the SDK does not show. */
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { startOtlpGrpcServer } from '../../../apps/server/src/protocols/index.ts'
import { type TestDoor, createTestDoor } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, callExport, grpcStatus as status, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { otlpProtobuf } from '../../../apps/server/src/protocols/testing/otlp-bodies.ts'
import { until } from '../../support/wait.ts'

const exportHeaders = {
  ':method': 'POST',
  ':path': '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  'content-type': 'application/grpc',
  te: 'trailers',
}

/**
 * Never at once: an awaited event of this session may have gone on within its parser, and destroying it there makes Node's client use
 * memory that it has freed (nodejs/node#39076).
 */
function hangUp(session: ClientHttp2Session): void {
  setImmediate(() => session.destroy())
}

interface Connection extends Listening {
  call(body: Buffer, headers?: Record<string, string>): ReturnType<typeof callExport>
}

async function connect(limits = {}): Promise<Connection> {
  const listening = await listen(limits)
  return { ...listening, call: (bytes, headers) => callExport(listening.grpcPort, bytes, headers) }
}

const body = (it: TestDoor, ...times: number[]): Buffer =>
  otlpProtobuf({ metrics: [{ kind: 'gauge', name: 'g', points: times.map((timeMs) => ({ timeMs: timeMs || it.nowMs, int: 1n })) }] })

describe('Export', () => {
  test('partial success', async () => {
    await using connection = await connect()
    const { error, answer } = await connection.call(body(connection.it, 0, 5))
    expect(error).toBeNull()
    expect(answer.toString('latin1')).toContain('1 of 2 data points were refused: timestamp_out_of_range')
  })

  const failures: [string, (it: TestDoor) => void, number, boolean][] = [
    [
      'log full',
      (it) => (it.metrics.failure = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'full' })),
      status.RESOURCE_EXHAUSTED,
      true,
    ],
    [
      'log broken',
      (it) => (it.metrics.failure = new AppError({ code: 'ingest.log_unavailable', kind: 'unavailable', publicText: 'broken' })),
      status.UNAVAILABLE,
      true,
    ],
    ['a bug', (it) => (it.metrics.failure = new TypeError('secret')), status.INTERNAL, false],
  ]
  test.each(failures)('%s', async (_name, arrange, code, retry) => {
    await using connection = await connect()
    arrange(connection.it)
    const { error } = await connection.call(body(connection.it, 0))
    expect(error?.code).toBe(code)
    const details = Buffer.from(error?.metadata.get('grpc-status-details-bin')[0] ?? '').toString('latin1')
    expect(details.includes('google.rpc.RetryInfo')).toBe(retry)
    expect(`${error?.details} ${details}`).not.toContain('secret')
  })

  test('malformed, wrong key, and a client that comes through a proxy', async () => {
    await using connection = await connect()
    expect((await connection.call(Buffer.from([0xff]))).error?.code).toBe(status.INVALID_ARGUMENT)
    expect((await connection.call(body(connection.it, 0), { authorization: 'Bearer wrong' })).error?.code).toBe(status.UNAUTHENTICATED)
    await connection.call(body(connection.it, 0), { 'x-forwarded-for': '127.0.0.1' })
    expect(connection.it.admissions.at(-1)).toMatchObject({ key: null, remoteAddress: 'forwarded' })
  })

  test('a message over the limit', async () => {
    await using connection = await connect({ grpcMessageBytesMax: 10_000 })
    expect((await connection.call(Buffer.alloc(10_001))).error?.code).toBe(status.INVALID_ARGUMENT)
    expect(connection.it.admissions.map(({ sizeBytes }) => sizeBytes)).toEqual([0])
  })

  test('a sender without a right to it is told so before its message is there', async () => {
    await using connection = await connect()
    const session = connectHttp2(`http://127.0.0.1:${connection.grpcPort}`)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: 'Bearer wrong',
    })
    // A message of 1,000,000 bytes, of which only the beginning comes.
    stream.write(Buffer.from([0, 0, 0x0f, 0x42, 0x40, 1, 2, 3]))
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
    expect(Number(headers['grpc-status'])).toBe(status.UNAUTHENTICATED)
    hangUp(session)
  })

  test('a message that stops ends its call, and a connection that gives no sign of life is closed; one that is only quiet stays', async () => {
    const { door } = createTestDoor()
    const patience = { messageMs: 300, pingEveryMs: 200, pingAnswerMs: 200 }
    await using server = await startOtlpGrpcServer({ host: '127.0.0.1', port: 0, door, patience })
    const dead = connectTcp(server.port, '127.0.0.1').resume()
    dead.on('error', () => {})
    const session = connectHttp2(`http://127.0.0.1:${server.port}`)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const closed = once(dead, 'close')
    const trailers = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
    stream.write(Buffer.from([0, 0, 0x0f, 0x42, 0x40, 1, 2, 3]))
    expect(Number((await trailers)['grpc-status'])).toBe(status.DEADLINE_EXCEEDED)
    await closed
    expect(session.destroyed).toBe(false)
    hangUp(session)
  })

  test.each(['gzip', 'deflate'])('a compressed message: %s', async (encoding) => {
    await using connection = await connect()
    const session = connectHttp2(`http://127.0.0.1:${connection.grpcPort}`)
    const stream = session.request({ ...exportHeaders, 'grpc-encoding': encoding })
    const bytes = encoding === 'gzip' ? gzipSync(body(connection.it, 0)) : deflateSync(body(connection.it, 0))
    const head = Buffer.from([1, 0, 0, 0, 0])
    head.writeUInt32BE(bytes.length, 1)
    stream.end(Buffer.concat([head, bytes]))
    const trailers = new Promise<IncomingHttpHeaders>((resolve) => stream.once('trailers', resolve))
    stream.resume()
    expect(Number((await trailers)['grpc-status'])).toBe(status.OK)
    expect(connection.it.metrics.rows).toHaveLength(1)
    hangUp(session)
  })

  test('messages under way stay within the common memory, and give it back', async () => {
    await using connection = await connect({ inFlightBytesMax: 3_000_000 })
    const { budget } = connection.it.door.intake
    const session = connectHttp2(`http://127.0.0.1:${connection.grpcPort}`)
    const answers = Array.from({ length: 30 }, () => {
      const stream = session.request(exportHeaders)
      stream.on('error', () => {})
      // Of 10,000,000 bytes only a part comes.
      stream.write(Buffer.concat([Buffer.from([0, 0, 0x98, 0x96, 0x80]), Buffer.alloc(200_000)]))
      return new Promise<number>((resolve) => stream.once('response', (headers) => resolve(Number(headers['grpc-status']))))
    })
    expect(await Promise.race(answers)).toBe(status.UNAVAILABLE)
    expect(budget.takenBytes).toBeLessThanOrEqual(2_000_000)
    hangUp(session)
    await until('everything to be given back', () => budget.takenBytes === 0)
    expect((await connection.call(body(connection.it, 0))).error).toBeNull()
  })

  test('another method is not there', async () => {
    await using connection = await connect()
    const session = connectHttp2(`http://127.0.0.1:${connection.grpcPort}`)
    const stream = session.request({
      ...exportHeaders,
      ':path': '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
    })
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
    expect(Number(headers['grpc-status'])).toBe(status.UNIMPLEMENTED)
    hangUp(session)
  })

  test('a client that does not speak HTTP/2 harms nobody', async () => {
    await using connection = await connect()
    await expect(fetch(`http://127.0.0.1:${connection.grpcPort}/`)).rejects.toThrow()
    expect((await connection.call(body(connection.it, 0))).error).toBeNull()
  })

  test('a taken port is an error, not a crash', async () => {
    const { door } = createTestDoor()
    await using first = await startOtlpGrpcServer({ host: '127.0.0.1', port: 0, door })
    await expect(startOtlpGrpcServer({ host: '127.0.0.1', port: first.port, door })).rejects.toMatchObject({
      code: 'protocols.cannot_listen',
    })
  })
})
