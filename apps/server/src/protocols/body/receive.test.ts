import { PassThrough } from 'node:stream'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { registerOtlpRoutes } from '../otlp/routes.ts'
import { createTestDoor, testKey, testTenant, type TestDoor } from '../testing/door.ts'
import { ByteBudget } from './byte-budget.ts'
import { receiveBody } from './receive.ts'

const clock = { monotonicMs: () => performance.now() }

describe('a body', () => {
  test('that comes in pieces is put together; what it took is given back once', async () => {
    const budget = new ByteBudget(16, clock)
    const lease = budget.lease(testTenant)
    const stream = new PassThrough()
    const body = receiveBody(stream, 10, lease)
    stream.write('abc')
    stream.end('def')
    expect((await body).toString()).toBe('abcdef')
    expect(budget.takenBytes).toBe(6)
    lease[Symbol.dispose]()
    lease[Symbol.dispose]()
    expect(budget.takenBytes).toBe(0)
  })

  test('over its own bound, over the common one, or cut off is refused', async () => {
    const budget = new ByteBudget(16, clock)
    const received = async (bytesMax: number, act: (stream: PassThrough) => unknown): Promise<unknown> => {
      const stream = new PassThrough()
      const lease = budget.lease(testTenant)
      const outcome = receiveBody(stream, bytesMax, lease).catch((error: unknown) => error)
      act(stream)
      const result = await outcome
      lease[Symbol.dispose]()
      return result
    }
    expect(await received(4, (stream) => stream.end('abcde'))).toMatchObject({ code: 'body.too_large' })
    expect(await received(100, (stream) => stream.end('a'.repeat(12)))).toMatchObject({ code: 'protocols.busy', retryAfterSec: 1 })
    expect(await received(100, (stream) => stream.write('a') && stream.destroy())).toMatchObject({ code: 'body.malformed' })
    expect(await received(100, (stream) => stream.destroy(new Error('reset')))).toMatchObject({ code: 'body.malformed' })
    expect(budget.takenBytes).toBe(0)
  })
})

describe('slow senders', () => {
  let it: TestDoor
  let app: FastifyInstance
  beforeEach(async () => {
    it = createTestDoor({ inFlightBytesMax: 150_000 })
    app = Fastify({ forceCloseConnections: true })
    await registerOtlpRoutes(app, it.door)
    await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterEach(() => app.close())

  /** Sends `sent` bytes of a body said to be longer, and waits for an answer meanwhile. */
  function half(headers: Record<string, string>, sent: number): { status: Promise<number>; stop: () => void } {
    const { port } = app.server.address() as AddressInfo
    const sender = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/v1/metrics',
      headers: { 'content-type': 'application/x-protobuf', 'content-length': 1_000_000, ...headers },
    })
    const status = new Promise<number>((resolve) => {
      sender.on('response', (answer: IncomingMessage) => resolve(answer.statusCode ?? 0)).on('error', () => resolve(0))
    })
    sender.write(Buffer.alloc(sent))
    return { status, stop: () => sender.destroy() }
  }

  test('without a right to it are told so before they have sent their body', async () => {
    const sender = half({ authorization: 'Bearer wrong' }, 1000)
    expect(await sender.status).toBe(401)
    sender.stop()
    expect(it.door.intake.budget.takenBytes).toBe(0)
  })

  test('together hold no more than the bound, and give it back when they go', async () => {
    const authorization = `Bearer ${testKey}`
    const first = half({ authorization }, 60_000)
    await expect.poll(() => it.door.intake.budget.takenBytes).toBe(60_000)
    const second = half({ authorization }, 60_000)
    expect(await second.status).toBe(503)
    second.stop()
    first.stop()
    await expect.poll(() => it.door.intake.budget.takenBytes).toBe(0)
  })
})
