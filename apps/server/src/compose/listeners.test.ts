import { expect, test } from 'vitest'
import { openHttpDoor } from './http-door.ts'
import { buildApp } from './listeners.ts'

const anyone = { config: { bellwetherAccess: 'public' } } as const

test('an address that does not decode gets an answer like any other wrong request', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'BELLWETHER_PORT' })
  const { listener } = await buildApp(door, async (app) => void app.get('/said/:name', anyone, async () => 'x'))
  door.attach(listener)
  const base = `http://127.0.0.1:${door.port}`
  for (const path of ['/%', '/said/%ff']) {
    const answer = await fetch(base + path)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await answer.json()).toMatchObject({ error: { code: 'api.bad_request', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) } })
  }
})

test('a route without an access rule stops the start', async () => {
  await using door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'BELLWETHER_PORT' })
  await expect(buildApp(door, async (app) => void app.get('/forgotten', async () => 'x'))).rejects.toThrow(
    'routes without an access rule: GET /forgotten',
  )
})
