/** What goes wrong in the demo, seen by a real HTTP server: ever new label values, a flood with another key, a project made for it. */
import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { explode, flood, floodKey } from './mishaps.ts'
import type { Target } from './post.ts'

interface Received {
  readonly line: string
  readonly authorization: string
  readonly body: string
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function receiver(answer: (line: string) => unknown): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const line = `${request.method} ${request.url}`
      received.push({ line, authorization: request.headers.authorization ?? '', body: Buffer.concat(chunks).toString() })
      const body = answer(line)
      response.writeHead(body === null ? 403 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { error: 'no' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, received }
}

/** Nobody waits, and after so many waits it is over. */
function target(url: string, ingestKey: string | null, waits: number): Target {
  const stop = new AbortController()
  let left = waits
  const clock: Clock = {
    ...systemClock,
    sleep: () => {
      if (--left <= 0) stop.abort()
      return Promise.resolve()
    },
  }
  return { url, ingestKey, signal: stop.signal, clock, log: () => {} }
}

test('every step of the bad deploy brings series that were never there', async () => {
  const { url, received } = await receiver(() => ({}))
  await explode(target(url, null, 3))
  const ids = received.flatMap(({ body }) => [...body.matchAll(/"stringValue":"(req-[^"]+)"/g)].map(([, id]) => id))
  expect(received.map(({ line }) => line)).toEqual(['POST /v1/metrics', 'POST /v1/metrics', 'POST /v1/metrics'])
  expect([ids.length, new Set(ids).size]).toEqual([600, 600])
})

test('the flood is the same series over and over, with the key of its own project', async () => {
  const { url, received } = await receiver(() => ({}))
  await flood(target(url, 'flooding', 4))
  expect(received.length).toBeGreaterThanOrEqual(4)
  expect(new Set(received.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer flooding']))
  const workers = received.map(({ body }) => [...body.matchAll(/"stringValue":"(\d+)"/g)].length)
  expect(new Set(workers)).toEqual(new Set([2000]))
  const times = received.map(({ body }) => /"timeUnixNano":"(\d+)"/.exec(body)?.[1])
  expect(new Set(times).size).toBe(received.length)
})

test('project and key are made where there are none, and found where there are', async () => {
  const session = { session: { organizations: [{ id: '3' }] } }
  const empty = await receiver((line) => {
    if (line === 'GET /api/0/auth/session') return session
    if (line === 'POST /api/0/organizations/3/projects') return { id: '9' }
    if (line === 'POST /api/0/projects/9/keys') return { key: 'new' }
    return { items: [] }
  })
  expect(await floodKey(empty.url, 'secret', AbortSignal.timeout(60_000))).toBe('new')
  expect(empty.received.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true)
  const full = await receiver((line) => {
    if (line === 'GET /api/0/auth/session') return session
    return {
      items: line.endsWith('/keys')
        ? [{ key: 'old' }]
        : [
            { id: '4', slug: 'shop' },
            { id: '7', slug: 'flood' },
          ],
    }
  })
  expect(await floodKey(full.url, 'secret', AbortSignal.timeout(60_000))).toBe('old')
  expect(full.received.map(({ line }) => line)).toEqual([
    'GET /api/0/auth/session',
    'GET /api/0/organizations/3/projects',
    'GET /api/0/projects/7/keys',
  ])
  const closed = await receiver(() => null)
  await expect(floodKey(closed.url, 'wrong', AbortSignal.timeout(60_000))).rejects.toThrow('/api/0/auth/session answers 403')
})
