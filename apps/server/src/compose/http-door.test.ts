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

test('a taken port is one clear error that names the setting', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'PORT' })
  await expect(openHttpDoor({ host: '127.0.0.1', port: door.port, setting: 'BELLWETHER_PORT' })).rejects.toMatchObject({
    code: 'server.port_in_use',
    hint: expect.stringContaining('BELLWETHER_PORT') as string,
  })
})
