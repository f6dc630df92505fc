/** The demo against a real HTTP server that records what it gets: what goes over the wire, waiting, refusal, stopping. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { uncompressSync } from 'snappy'
import { afterEach, expect, test } from 'vitest'
import type { Clock } from '../kernel/clock.ts'
import { systemClock } from '../kernel/clock.ts'
import { runDemo } from './run-demo.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function receiver(answer: (count: number, response: ServerResponse) => void): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
      answer(received.length, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, received }
}

/** Real time of day, but nobody waits. */
const hastyClock: Clock = { ...systemClock, sleep: () => new Promise((resolve) => setImmediate(resolve)) }

/** Walks the top level of a protobuf message: field number and payload of each length-delimited field. */
function fields(bytes: Uint8Array): [field: number, payload: Uint8Array][] {
  const found: [number, Uint8Array][] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    if (key % 8 === 2) {
      const length = varint()
      found.push([Math.floor(key / 8), bytes.subarray(at, at + length)])
      at += length
    } else if (key % 8 === 1) at += 8
    else varint()
  }
  return found
}

/** The most samples that a series of a remote write has. */
function minutesOf({ body }: Received): number {
  const series = fields(uncompressSync(body) as Buffer).filter(([field]) => field === 1)
  return Math.max(...series.map(([, one]) => fields(one).filter(([field]) => field === 2).length))
}

test('sends history through remote write, then the present through both protocols, until stopped', async () => {
  const stop = new AbortController()
  const { url, received } = await receiver((_count, response) => {
    if (received.some(({ path }) => path === '/v1/metrics')) stop.abort()
    response.writeHead(204).end()
  })
  const lines: string[] = []
  // Each request takes a minute.
  const clock: Clock = { ...hastyClock, nowMs: () => hastyClock.nowMs() + received.length * 60_000 }
  await runDemo({ url, ingestKey: 'k', signal: stop.signal, days: 0.25, clock, log: (line) => lines.push(line) })

  const history = received.filter(({ path }) => path === '/api/v1/write')
  expect(history.length).toBeGreaterThanOrEqual(7)
  expect(history[0]?.headers).toMatchObject({
    authorization: 'Bearer k',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  })
  const first = fields(uncompressSync(history[0]?.body ?? Buffer.alloc(0)) as Buffer)
  const seriesCount = first.filter(([field]) => field === 1).length
  expect(seriesCount).toBeGreaterThan(800)
  expect(first.filter(([field]) => field === 3).length).toBeGreaterThan(30)
  // Six hours, and the minutes that sending them took.
  const minutes = history.slice(0, -1).map(minutesOf)
  expect(minutes[0]).toBe(60)
  const passed = received.indexOf(history.at(-2) ?? { path: '', headers: {}, body: Buffer.alloc(0) })
  expect(passed).toBeGreaterThan(10)
  expect(minutes.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(360 + passed - 8)

  const present = received.find(({ path }) => path === '/v1/metrics')
  const message = JSON.parse(present?.body.toString() ?? '{}') as { resourceMetrics: unknown[] }
  expect(message.resourceMetrics).toHaveLength(8)
  expect(lines.some((line) => line.startsWith('Sent '))).toBe(true)
})

test('waits while Bellwether says "later", and loses nothing by it', async () => {
  const stop = new AbortController()
  const { url, received } = await receiver((count, response) => {
    if (count <= 2) response.writeHead(count === 1 ? 503 : 429, { 'retry-after': '1' }).end()
    else {
      if (count === 5) stop.abort()
      response.writeHead(200).end()
    }
  })
  await runDemo({ url, ingestKey: null, signal: stop.signal, days: 0.25, clock: hastyClock, log: () => {} })
  expect(received[0]?.body).toEqual(received[2]?.body)
  expect(received[0]?.headers.authorization).toBeUndefined()
})

test('a refusal ends it with what Bellwether said', async () => {
  const { url } = await receiver((_count, response) => response.writeHead(401).end('unknown key'))
  const running = runDemo({ url, ingestKey: 'wrong', signal: new AbortController().signal, days: 0.25, clock: hastyClock, log: () => {} })
  await expect(running).rejects.toThrow('401 unknown key')
})
