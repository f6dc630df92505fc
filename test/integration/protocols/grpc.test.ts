/** The gRPC server with a bare client: statuses, details and limits that the SDK does not show. */
import { Client, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { startOtlpGrpcServer } from '../../../apps/server/src/protocols/index.ts'
import { type TestDoor, createTestDoor } from '../../../apps/server/src/protocols/testing/door.ts'
import { otlpProtobuf } from '../../../apps/server/src/protocols/testing/otlp-bodies.ts'

interface Connection extends AsyncDisposable {
  readonly it: TestDoor
  call(body: Buffer, metadata?: Record<string, string>): Promise<{ error: ServiceError | null; answer: Buffer }>
}

async function connect(limits = {}): Promise<Connection> {
  const it = createTestDoor(limits)
  const server = await startOtlpGrpcServer({ host: '127.0.0.1', port: 0, door: it.door })
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), { 'grpc.max_send_message_length': -1 })
  const same = (bytes: Buffer): Buffer => bytes
  return {
    it,
    call: (body, headers = {}) =>
      new Promise((resolve) => {
        const metadata = new Metadata()
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
        const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
        client.makeUnaryRequest(path, same, same, body, metadata, (error, answer) => resolve({ error, answer: answer ?? Buffer.alloc(0) }))
      }),
    async [Symbol.asyncDispose]() {
      client.close()
      await server[Symbol.asyncDispose]()
    },
  }
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
    await connection.call(body(connection.it, 0), { 'x-forwarded-for': '203.0.113.9' })
    expect(connection.it.admissions.at(-1)).toMatchObject({ key: null, remoteAddress: '203.0.113.9' })
  })

  test('a message over the limit', async () => {
    await using connection = await connect({ grpcMessageBytesMax: 10_000 })
    expect((await connection.call(Buffer.alloc(10_001))).error?.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(connection.it.admissions).toEqual([])
  })

  test('a taken port is an error, not a crash', async () => {
    const { door } = createTestDoor()
    await using first = await startOtlpGrpcServer({ host: '127.0.0.1', port: 0, door })
    await expect(startOtlpGrpcServer({ host: '127.0.0.1', port: first.port, door })).rejects.toThrow(/EADDRINUSE|address already in use/)
  })
})
