import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'

import { openHttpDoor } from './http-door.ts'

test('answers 503 until something is attached, and again after it is detached', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT' })
  const url = `http://127.0.0.1:${door.port}`
  const before = await fetch(`${url}/health/ready`)
  expect([before.status, before.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  door.attach((_request, response) => response.end('hello'))
  expect(await (await fetch(url)).text()).toBe('hello')
  await door.detach()
  expect(await (await fetch(url)).json()).toMatchObject({ status: 'stopping', error: { code: 'server.stopping' } })
})

test('detaching waits for the request under way, and answers new ones 503 meanwhile', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT' })
  const url = `http://127.0.0.1:${door.port}`
  const started = new Promise<() => void>((resolve) => {
    door.attach((_request, response) => resolve(() => response.end('done')))
  })
  const slow = fetch(url)
  const finish = await started
  let isQuiet = false
  const quiet = door.detach().then(() => (isQuiet = true))
  expect((await fetch(url)).status).toBe(503)
  expect(isQuiet).toBe(false)
  finish()
  expect(await (await slow).text()).toBe('done')
  await quiet
})

test('requests sent one behind another are no longer under way once their connection is gone', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT' })
  // Nobody answers: the second request waits behind the first.
  door.attach((request) => void request.resume())
  const socket = connect(door.port, '127.0.0.1')
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => door.underWay).toBe(2)
  socket.destroy()
  await expect.poll(() => door.underWay).toBe(0)
})

test('a taken port is one clear error that names the setting', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT' })
  await expect(openHttpDoor({ host: '127.0.0.1', port: door.port, setting: 'BELLWETHER_PORT' })).rejects.toMatchObject({
    code: 'server.port_in_use',
    hint: expect.stringContaining('BELLWETHER_PORT') as string,
  })
})

const hurried = { headersMs: 500, bodyPauseMs: 1000, lookEveryMs: 50 }

test('a sender that stops in its headers or in its body loses the connection; one that goes on slowly and one that waits for us do not', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT', patience: hurried })
  door.attach((request, response) => {
    if (request.url === '/unread') return setTimeout(() => request.resume().once('end', () => response.end('read late')), 2000)
    return request.resume().once('end', () => response.end('read'))
  })
  const begun = (text: string): ReturnType<typeof connect> => {
    const socket = connect(door.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(text)
    return socket
  }
  const headers = (path: string, length: number): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`
  const inHeaders = begun('POST / HTTP/1.1\r\nHost: x\r\nContent-')
  const inBody = begun(`${headers('/', 100)}half`)
  const late = begun(`${headers('/unread', 200_000)}${'x'.repeat(100_000)}`)
  const slow = begun(headers('/', 8))
  const cut = Promise.all([inHeaders, inBody].map((socket) => once(socket.resume(), 'close')))
  const answers = [late, slow].map(async (socket) => (await socket.setEncoding('latin1').toArray()).join(''))
  for (let byte = 0; byte < 8; byte++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    slow.write('x')
  }
  late.write('x'.repeat(100_000))
  await cut
  expect(await Promise.all(answers)).toEqual([expect.stringContaining('read late'), expect.stringMatching(/^HTTP\/1.1 200/)])
})
