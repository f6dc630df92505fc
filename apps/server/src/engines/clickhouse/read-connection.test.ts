import { getEventListeners } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import { ReadConnection } from './read-connection.ts'

const closers: (() => void)[] = []
let nowMs = 0
const patience = { timeout: 60_000 }
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A connection to a server that answers as told; the second argument counts requests from 1. */
async function connected(answer: (asked: IncomingMessage, reply: ServerResponse, number: number) => void): Promise<ReadConnection> {
  let asked = 0
  const server = createServer((request, reply) => {
    request.resume().on('end', () => answer(request, reply, ++asked))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const endpoint = { url: `http://reader:s%40cret@127.0.0.1:${port}`, headers: { 'x-own': 'yes' } }
  const connection = ReadConnection.to({ endpoint, database: 'some base', nowMs: () => nowMs })
  if (connection === null) throw new Error('a plain address')
  closers.push(() => {
    connection.close()
    server.closeAllConnections()
    server.close()
  })
  return connection
}

function send(connection: ReadConnection, { signal } = new AbortController()): Promise<IncomingMessage> {
  return connection.send({ sql: 'SELECT 1', id: 'some-id', settings: { max_threads: 2 }, signal })
}

async function ask(connection: ReadConnection): Promise<string> {
  const answer = await send(connection)
  return Buffer.concat(await answer.toArray()).toString()
}

test('user, database, settings and headers go along', async () => {
  const connection = await connected((request, reply) => reply.end(JSON.stringify([request.url, request.headers])))
  const said = await ask(connection)
  expect(said).toContain('/?database=some%20base&query_id=some-id&max_threads=2')
  expect(said).toContain(`Basic ${Buffer.from('reader:s@cret').toString('base64')}`)
  expect(said).toContain('"x-own":"yes"')
})

test('what was idle and is closed just as it is used is asked again, what fails on a new connection is not', async () => {
  const connection = await connected((request, reply, number) => {
    if (number === 1) reply.end('first')
    else if (number === 3) reply.end('third')
    else request.socket.destroy()
  })
  expect(await ask(connection)).toBe('first')
  expect(await ask(connection)).toBe('third')
  const other = await connected((request) => request.socket.destroy())
  await expect(ask(other)).rejects.toThrow('socket hang up')
})

test('a statement that the engine ends with while at work is not asked again', async () => {
  let asked = 0
  const connection = await connected((request, reply, number) => {
    asked = number
    nowMs += 101
    if (number === 1) reply.end('first')
    else request.socket.destroy()
  })
  expect(await ask(connection)).toBe('first')
  await expect(ask(connection)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(asked).toBe(2)
})

test('who waits for a connection while all are in use can go, and the others get their answers', async () => {
  const held: ServerResponse[] = []
  const connection = await connected((_request, reply) => held.push(reply))
  const answers = Array.from({ length: 24 }, () => ask(connection))
  await vi.waitUntil(() => held.length === 24, patience)
  const asking = new AbortController()
  const given = send(connection, asking)
  const reason = new Error('gone')
  asking.abort(reason)
  await expect(given).rejects.toBe(reason)
  const next = ask(connection)
  for (const reply of held) reply.end('answer')
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['answer']))
  await vi.waitUntil(() => held.length === 25, patience)
  held[24]?.end('the next')
  expect(await next).toBe('the next')
})

test('who has gone before asks for nothing; who goes ends what is under way, before an answer, in one and in a refusal', async () => {
  const begun: ServerResponse[] = []
  let closed = 0
  const connection = await connected((_request, reply, number) => {
    reply.once('close', () => closed++)
    if (number > 1) reply.writeHead(number === 2 ? 200 : 500).write('begun')
    begun.push(reply)
  })
  const reason = new Error('gone')
  const early = new AbortController()
  early.abort(reason)
  await expect(send(connection, early)).rejects.toBe(reason)
  expect(begun).toEqual([])

  const waiting = new AbortController()
  const unanswered = send(connection, waiting)
  await vi.waitUntil(() => begun.length === 1, patience)
  waiting.abort(reason)
  await expect(unanswered).rejects.toBe(reason)
  await vi.waitUntil(() => closed === 1, patience)

  const reading = new AbortController()
  const answer = await send(connection, reading)
  reading.abort(reason)
  await expect(answer.toArray()).rejects.toBe(reason)
  await vi.waitUntil(() => closed === 2, patience)

  const refused = new AbortController()
  const refusal = send(connection, refused)
  await vi.waitUntil(() => begun.length === 3, patience)
  refused.abort(reason)
  await expect(refusal).rejects.toBe(reason)
  await vi.waitUntil(() => closed === 3, patience)
})

test('nobody listens to the signal of what is answered', async () => {
  const connection = await connected((_request, reply) => reply.end('answer'))
  const asking = new AbortController()
  const answer = await send(connection, asking)
  expect(getEventListeners(asking.signal, 'abort')).toHaveLength(1)
  await answer.toArray()
  await vi.waitUntil(() => getEventListeners(asking.signal, 'abort').length === 0, patience)
})

test('what the engine refuses is an error with its words, also below an answer that began well', async () => {
  const text = 'Code: 62. DB::Exception: Syntax error'
  const refused = await connected((_request, reply) => reply.writeHead(500).end(text))
  await expect(ask(refused)).rejects.toThrow(text)
  const begun = await connected((_request, reply) => reply.writeHead(200, { 'x-clickhouse-exception-code': '62' }).end(text))
  await expect(ask(begun)).rejects.toThrow(text)
})

function placed(url: string): ReadConnection | null {
  return ReadConnection.to({ endpoint: { url }, database: 'base', nowMs: () => nowMs })
}

test('an address that says more than a place is the client`s', () => {
  expect(placed('http://engine:8123/proxy')).toBeNull()
  expect(placed('http://engine:8123?keep_alive_enabled=0')).toBeNull()
})
