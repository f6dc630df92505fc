import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { closeSignal, isDirectlyLocal, refuseForeignOrigin } from './request-facts.ts'

let app: FastifyInstance | null = null
afterEach(async () => {
  await app?.close()
  app = null
})

async function until(check: () => boolean): Promise<void> {
  for (let n = 0; n < 5000 && !check(); n++) await systemClock.sleep(10)
  expect(check()).toBe(true)
}

test('the signal aborts when the client goes away, not when it got its answer', async () => {
  const signals: AbortSignal[] = []
  app = fastify()
  app.get('/slow', async (request, reply) => {
    const signal = closeSignal(request, reply.raw)
    signals.push(signal)
    await systemClock.sleep(10_000, signal)
    return 'too late'
  })
  app.get('/quick', async (request, reply) => {
    signals.push(closeSignal(request, reply.raw))
    return 'done'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const client = httpRequest({ port, host: '127.0.0.1', path: '/slow' })
  client.on('error', () => undefined)
  client.end()
  await until(() => signals.length === 1)
  client.destroy()
  await until(() => signals[0]?.aborted === true)
  expect(await (await fetch(`http://127.0.0.1:${port}/quick`)).text()).toBe('done')
  await systemClock.sleep(20)
  expect(signals[1]?.aborted).toBe(false)
})

function requestWith(headers: Record<string, string>, remoteAddress = '127.0.0.1'): FastifyRequest {
  return { headers, socket: { remoteAddress } } as unknown as FastifyRequest
}

test.each([
  [{}, '127.0.0.1', true],
  [{}, '::1', true],
  [{}, '192.0.2.1', false],
  [{ 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1', false],
  [{ forwarded: 'for=127.0.0.1' }, '127.0.0.1', false],
  [{ 'x-real-ip': '127.0.0.1' }, '127.0.0.1', false],
])('%j from %s is local: %s', (headers, address, isLocal) => {
  expect(isDirectlyLocal(requestWith(headers as unknown as Record<string, string>, address))).toBe(isLocal)
})

test.each([
  [{}, true],
  [{ origin: 'https://observe.example' }, true],
  [{ origin: 'http://localhost:4400', host: 'localhost:4400' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ origin: 'https://evil.example', authorization: 'Bearer x' }, true],
  [{ origin: 'https://observe.example.evil.com' }, false],
  [{ origin: 'null' }, false],
  [{ origin: 'http://localhost:5173', host: 'localhost:4400' }, false],
  [{ 'sec-fetch-site': 'same-site' }, false],
])('a change with %j is allowed: %s', (headers, isAllowed) => {
  const check = (): void => refuseForeignOrigin(requestWith(headers as unknown as Record<string, string>), 'https://observe.example')
  if (isAllowed) expect(check).not.toThrow()
  else expect(check).toThrow('accounts.cross_origin')
})
